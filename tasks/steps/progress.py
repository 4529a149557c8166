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
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tasks.lake.layout import PROGRESS
from tasks.steps.how_far import HowFar
from tasks.steps.naming import RECIPE, artifact_key, without_rounds

SECONDS_BETWEEN_UPDATES = 5.0
SECONDS_BETWEEN_WRITES = 1.0


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
    now, place = time.time(), {"pid": os.getpid(), "host": socket.gethostname(), "recipe": RECIPE.get(), "step": step_in_hand()}
    return HowFar(title=title, done=0, total=0, what="", before=0, began=now, told=now, **place)


def step_in_hand() -> str:
    """What the task run in hand is called, whatever its settings; "" outside of one."""
    context = TaskRunContext.get()
    return without_rounds(context.task_run.name) if context else ""


def write(far: HowFar, path: Path) -> None:
    """Put the file in the place of the last one, whole."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(far.model_dump_json(), encoding="utf-8")
    os.replace(aside, path)


def start_artifact(title: str) -> UUID | None:
    """A progress artifact of the task run in hand, of the same key as that of the same step in earlier runs; None outside of one."""
    if TaskRunContext.get() is None:
        return None
    with suppress(httpx.HTTPError):
        key = artifact_key(step_in_hand(), "progress")
        return create_progress_artifact(progress=0.0, key=key, description=title)  # type: ignore[return-value]
    return None
