"""Shows how far a long step is: a bar in the terminal, or a line a minute in the log where there is none; a progress artifact in the
Prefect UI; a file for `difficulty-prior status`."""

import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tasks.base.files import written_aside
from tasks.lake.layout import PROGRESS
from tasks.steps.how_far import HowFar, read_how_far
from tasks.steps.naming import RECIPE, artifact_key, without_rounds

SECONDS_BETWEEN_UPDATES = 5.0
SECONDS_BETWEEN_WRITES = 1.0
SECONDS_BETWEEN_LINES = 60.0
LOG = logging.getLogger(__name__)


@contextmanager
def progress_shown(title: str, folder: Path) -> Iterator[Callable[[int, int, str], None]]:
    """Yields `on_progress(done, total, what)`; the UI is told at most every five seconds and at the end, and so is, every second, the file
    in `folder`, the one that the step is made in. It stays there, hidden, and tells how long such a step takes."""
    has_terminal = sys.stderr.isatty()
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not has_terminal)
    line, artifact, last = bar.add_task(title, total=None, what=""), start_artifact(title), 0.0
    keep = keeper(title, path := folder / PROGRESS)

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

    with bar, nullcontext() if has_terminal else a_line_a_minute(lambda: standing_in(path)):
        yield on_progress


def still_at(title: str) -> AbstractContextManager[None]:
    """Says every minute, where output is no terminal, for how long something has been done that cannot be counted."""
    began = time.time()
    return nullcontext() if sys.stderr.isatty() else a_line_a_minute(lambda: f"{title}: for {duration(time.time() - began)}")


def standing_in(path: Path) -> str:
    """A line of how far the step is that keeps that in a file; "" where the file has just been put elsewhere."""
    return standing(far, time.time()) if (far := read_how_far(path)) else ""


@contextmanager
def a_line_a_minute(say: Callable[[], str]) -> Iterator[None]:
    """Log every minute what `say` says, also while nothing new is heard of the work."""
    log, ended = get_run_logger().info if TaskRunContext.get() else LOG.info, Event()

    def tell() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            if line := say():
                log(line)

    thread = Thread(target=tell, name="tells how far", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def standing(far: HowFar, now: float) -> str:
    """A line for the log: what is done of how much, how fast, and how long the rest should take."""
    if not far.total:
        return f"{far.title}: for {duration(now - far.began)}, and nothing that can be counted is done yet"
    pace, left = far.pace, far.seconds_left
    rate = "no pace yet" if pace is None else f"{pace:.3g} a second"
    rest = "the time left is not known yet" if left is None else f"about {duration(left)} left"
    silent = f"; nothing new for {duration(now - far.told)}" if now - far.told > SECONDS_BETWEEN_LINES else ""
    return f"{far.title}: {far.done:,} of {far.total:,} {far.what}, {rate}, {rest}{silent}"


def duration(seconds: float) -> str:
    """A time in words, as in 2 h 05 min."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


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
    with written_aside(path, durable=False) as aside:
        aside.write_text(far.model_dump_json(), encoding="utf-8")


def start_artifact(title: str) -> UUID | None:
    """A progress artifact of the task run in hand, of the same key as that of the same step in earlier runs; None outside of one."""
    if TaskRunContext.get() is None:
        return None
    with suppress(httpx.HTTPError):
        key = artifact_key(step_in_hand(), "progress")
        return create_progress_artifact(progress=0.0, key=key, description=title)  # type: ignore[return-value]
    return None
