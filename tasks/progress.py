"""Shows how far a long step is: a bar in the terminal, a progress artifact in the Prefect UI, a file for `difficulty-prior status`."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_UPDATES = 5.0
SECONDS_BETWEEN_WRITES = 1.0
PROGRESS = ".progress.json"


class HowFar(BaseModel):
    """How far a step is, as its folder says while it is being made: `done` of `total` units of `what` (0 of 0 while it loads what it
    needs), of which `before` were done when it began, at the times `began` and `told` (seconds since 1970), in the process `pid` of the
    machine `host`."""

    model_config = ConfigDict(frozen=True)

    title: str
    done: int
    total: int
    what: str
    before: int
    began: float
    told: float
    pid: int
    host: str

    @property
    def pace(self) -> float | None:
        """Units a second; None before there are any."""
        made, took = self.done - self.before, self.told - self.began
        return made / took if made > 0 and took > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """The time that is left at the pace so far; None before there is one."""
        return (self.total - self.done) / self.pace if self.pace else None


@contextmanager
def progress_shown(title: str, folder: Path) -> Iterator[Callable[[int, int, str], None]]:
    """Yields `on_progress(done, total, what)`; the UI is told at most every five seconds and at the end, and so is, every second, the file
    in `folder`, the one that the step is made in. It stays there, hidden, and tells how long such a step takes."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    line, artifact, last = bar.add_task(title, total=None, what=""), start_artifact(title), 0.0
    keep = keeper(title, folder / PROGRESS)

    def on_progress(done: int, total: int, what: str) -> None:
        nonlocal last
        bar.update(line, completed=done, total=total, what=what)
        keep(done, total, what)
        if artifact and (done == total or time.monotonic() - last > SECONDS_BETWEEN_UPDATES):
            last = time.monotonic()
            with suppress(httpx.HTTPError):  # a server that is away does not stop the work
                update_progress_artifact(
                    artifact_id=artifact, progress=100.0 * done / max(total, 1), description=f"{title}: {done}/{total} {what}"
                )

    with bar:
        yield on_progress


def keeper(title: str, path: Path) -> Callable[[int, int, str], None]:
    """`keep(done, total, what)` writes how far it is, at most once a second; that it has begun is written at once. Several threads may
    call it."""
    turn, begun = Lock(), begins(title)
    first, written = None, 0.0
    write(begun, path)

    def keep(done: int, total: int, what: str) -> None:
        nonlocal first, written
        now = time.time()
        with turn:
            first = first or begun.model_copy(update={"before": done, "began": now})
            if done == total or now - written >= SECONDS_BETWEEN_WRITES:
                written = now
                write(first.model_copy(update={"done": done, "total": total, "what": what, "told": now}), path)

    return keep


def begins(title: str) -> HowFar:
    """A step of this process that has begun, and has done nothing yet that can be counted."""
    now, place = time.time(), {"pid": os.getpid(), "host": socket.gethostname()}
    return HowFar(title=title, done=0, total=0, what="", before=0, began=now, told=now, **place)


def write(far: HowFar, path: Path) -> None:
    """Put the file in the place of the last one, whole."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(far.model_dump_json(), encoding="utf-8")
    os.replace(aside, path)


def start_artifact(title: str) -> UUID | None:
    """A progress artifact of the task run in hand; None outside of one."""
    if TaskRunContext.get() is None:
        return None
    with suppress(httpx.HTTPError):
        return create_progress_artifact(progress=0.0, description=title)  # type: ignore[return-value]
    return None
