"""The worker's side of a child process: what it tells its parent, as lines of its standard output that start with EVENT.

An event is progress, a line of the log with its level, or an error meant for people. Every other line is what some library prints, and is
logged at DEBUG; so is what libraries log below WARNING.
"""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.base.process import be_named, die_with_parent

EVENT = "::event::"
OURS = ("tasks", "flows")


def read_event(line: str) -> dict[str, Any]:
    """What a line of a worker's output says. One that is no event is a line of its log that some library has printed."""
    if line.startswith(EVENT):
        return json.loads(line.removeprefix(EVENT))
    return {"log": line, "level": logging.DEBUG}


def emit(event: dict[str, Any]) -> None:
    """Send an event to the parent, in one write: the processes of a launch share the pipe, and print() may write twice."""
    sys.stdout.write(f"{EVENT}{json.dumps(event)}\n")
    sys.stdout.flush()


def emit_progress(done: int, total: int, what: str) -> None:
    """Tell the parent that `done` of `total` units of `what` are done."""
    emit({"done": done, "total": total, "what": what})


class EventHandler(logging.Handler):
    """Sends log records to the parent, each with its level; what libraries say below WARNING, and what they warn of in Python's own way,
    as DEBUG."""

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.split(".")[0] in (*OURS, "__main__")  # the worker's own module is that
        chatter = record.name == "py.warnings" or (record.levelno < logging.WARNING and not ours)
        try:
            emit({"log": self.format(record), "level": logging.DEBUG if chatter else record.levelno})
        except Exception:  # noqa: BLE001 - as every handler does: a line that cannot be logged ends nothing
            self.handleError(record)


def log_by_events() -> None:
    """Send whatever is logged in this process to the parent."""
    logging.basicConfig(level=logging.INFO, handlers=[EventHandler()], format="%(message)s", force=True)
    logging.captureWarnings(True)


def worker_main(run: Callable[[str], None]) -> None:
    """Run `run(spec_text)`, tied to the parent's life, with what is logged and errors sent as events."""
    die_with_parent()
    if own := sys.modules["__main__"].__spec__:
        be_named(".".join(own.name.split(".")[-2:]))
    log_by_events()
    try:
        run(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except InputError as error:
        emit({"fault": str(error)})
        sys.exit(2)
    except Exception as error:
        logging.getLogger(__name__).exception(f"{type(error).__name__}: {error}")
        sys.exit(1)
