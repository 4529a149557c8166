"""Child processes for GPU and engine work: their memory is gone when they end, and they end when their parent does.

A worker is a module run as `python -m tasks.<room>.worker SPEC.json`. On its standard output a line that starts with EVENT is an event
for the parent: progress, a line of its log with its level, an error meant for people. Every other line is what some library prints, and
is logged at DEBUG; so is what libraries log below WARNING. All of it is in the worker's log file.
"""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Event
from typing import Any

import psutil
from pydantic import BaseModel

from tasks.base.errors import InputError, WorkerError
from tasks.base.files import write_text

EVENT = "::event::"
PROJECT = Path(__file__).resolve().parents[2]
OURS = ("tasks", "flows")
LAST_LINES = 12
OWNER = "DIFFICULTY_PRIOR_OWNER"
PARENT = "DIFFICULTY_PRIOR_PARENT"
SHARED_VARIABLES: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("variables of all workers started in this context", default=())
RUNNING: set[subprocess.Popen] = set()
STOPPED = Event()


def run_worker(
    module: str,
    spec: BaseModel,
    folder: Path,
    *,
    log: Callable[[int, str], None],
    on_progress: Callable[[int, int, str], None] = lambda done, total, what: None,
    name: str = "",
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run `module` on `spec` (written to `folder`) and wait for it.

    `log` takes a level and a text, as loggers do. `name` tells several workers of one room apart; `variables` are added to the worker's
    environment. Raises InputError when the worker says the input is at fault, WorkerError when it dies of anything else, naming its log.
    """
    name = f"{module.split('.')[-2]}{name}"
    spec_path, log_path = folder / f".{name}.spec.json", folder / f".{name}.log"
    write_text(spec_path, spec.model_dump_json(indent=1))
    last: deque[str] = deque(maxlen=LAST_LINES)
    fault = ""
    with log_path.open("a", encoding="utf-8") as log_file, start_worker(module, spec_path, variables or {}) as process:
        try:
            for line in process.stdout or ():
                event = read_event(line)
                fault = event.get("fault", fault)
                if "total" in event:
                    on_progress(event["done"], event["total"], event["what"])
                if text := event.get("log", "").rstrip():
                    log_file.write(f"{logging.getLevelName(event['level']):<8}{text}\n")
                    last.extend(text.splitlines())
                    log(event["level"], text)
        except BaseException:
            process.kill()
            raise
        finally:
            RUNNING.discard(process)
    if fault:
        raise InputError(fault)
    if process.returncode:
        raise WorkerError(died(module, process.returncode, list(last), log_path))


def read_event(line: str) -> dict[str, Any]:
    """What a line of a worker's output says. One that is no event is a line of its log that some library has printed."""
    if line.startswith(EVENT):
        return json.loads(line.removeprefix(EVENT))
    return {"log": line, "level": logging.DEBUG}


def start_worker(module: str, spec_path: Path, variables: Mapping[str, str]) -> subprocess.Popen:
    """Start a worker whose standard output and error come back as one stream of text lines."""
    if STOPPED.is_set():
        raise WorkerError(f"worker {module} is not started: the run is being stopped; run again to go on from what is already written")
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    environment = {
        **os.environ,
        "PYTHONPATH": search,
        "PYTHONUNBUFFERED": "1",
        PARENT: str(os.getpid()),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        # threads that spin while they wait, OpenMP's default, made a step up to fifteen times as slow on two cores that others use too
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        **dict(SHARED_VARIABLES.get()),
        **variables,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(spec_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    RUNNING.add(process)
    return process


@contextmanager
def workers_ended() -> Iterator[None]:
    """End the workers of all threads, and let none start, when what is inside is interrupted: threads do not hear of a Ctrl-C."""
    STOPPED.clear()
    try:
        yield
    except BaseException:
        STOPPED.set()
        for process in list(RUNNING):
            process.kill()
        raise


@contextmanager
def worker_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Give these variables to every worker that is started inside, by this thread or by tasks that it runs."""
    token = SHARED_VARIABLES.set((*SHARED_VARIABLES.get(), *variables.items()))
    try:
        yield
    finally:
        SHARED_VARIABLES.reset(token)


def died(module: str, code: int, last: list[str], log_path: Path) -> str:
    """The message for a worker that died: by which signal or code, its last lines, its log, and what to do."""
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    hint = " (SIGKILL often means that memory ran out: try a smaller batch)" if code == -signal.SIGKILL else ""
    words = "\n".join(f"  {line}" for line in last)
    return f"worker {module} {how}{hint}; run again to go on from what is already written. Its log: {log_path}\n{words}"


def emit(event: dict[str, Any]) -> None:
    """Worker's side: send an event to the parent, in one write: the processes of a launch share the pipe, and print() may write twice."""
    sys.stdout.write(f"{EVENT}{json.dumps(event)}\n")
    sys.stdout.flush()


def emit_progress(done: int, total: int, what: str) -> None:
    """Worker's side: `done` of `total` units of `what` are done."""
    emit({"done": done, "total": total, "what": what})


class EventHandler(logging.Handler):
    """Worker's side: sends log records to the parent, each with its level; what libraries say below WARNING, and what they warn of in
    Python's own way, as DEBUG."""

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.split(".")[0] in (*OURS, "__main__")  # the worker's own module is that
        chatter = record.name == "py.warnings" or (record.levelno < logging.WARNING and not ours)
        try:
            emit({"log": self.format(record), "level": logging.DEBUG if chatter else record.levelno})
        except Exception:  # noqa: BLE001 - as every handler does: a line that cannot be logged ends nothing
            self.handleError(record)


def log_by_events() -> None:
    """Worker's side: whatever is logged in this process goes to the parent."""
    logging.basicConfig(level=logging.INFO, handlers=[EventHandler()], format="%(message)s", force=True)
    logging.captureWarnings(True)


def worker_main(run: Callable[[str], None]) -> None:
    """Worker's side: run `run(spec_text)`, tied to the parent's life, with what is logged and errors sent as events."""
    die_with_parent()
    log_by_events()
    try:
        run(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except InputError as error:
        emit({"fault": str(error)})
        sys.exit(2)
    except Exception as error:
        logging.getLogger(__name__).exception(f"{type(error).__name__}: {error}")
        sys.exit(1)


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, so that a killed run leaves no orphan that still writes."""
    if sys.platform != "linux":
        return
    parent = int(os.environ.pop(PARENT, os.getppid()))  # it may have been killed while this process was still importing
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def own_children() -> None:
    """Mark what this process starts as its own, and end what an earlier owner that was killed has left running.

    Workers die with their parent by themselves; Prefect's temporary server does not, and would stay for good.
    """
    for process in psutil.process_iter():
        try:
            owner = process.environ().get(OWNER)
            if owner and process.ppid() != int(owner) and not psutil.pid_exists(int(owner)):
                process.terminate()
        except (psutil.Error, OSError):
            continue
    os.environ[OWNER] = str(os.getpid())
