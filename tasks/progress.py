"""Shows how far a long step is: a bar in the terminal, a progress artifact in the Prefect UI."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_UPDATES = 5.0


@contextmanager
def progress_shown(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """Yields `on_progress(done, total, what)`; the UI is told at most every five seconds and at the end."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    line, artifact, last = bar.add_task(title, total=None, what=""), start_artifact(title), 0.0

    def on_progress(done: int, total: int, what: str) -> None:
        nonlocal last
        bar.update(line, completed=done, total=total, what=what)
        if artifact and (done == total or time.monotonic() - last > SECONDS_BETWEEN_UPDATES):
            last = time.monotonic()
            with suppress(httpx.HTTPError):  # a server that is away does not stop the work
                update_progress_artifact(
                    artifact_id=artifact, progress=100.0 * done / max(total, 1), description=f"{title}: {done}/{total} {what}"
                )

    with bar:
        yield on_progress


def start_artifact(title: str) -> UUID | None:
    """A progress artifact of the task run in hand; None outside of one."""
    if TaskRunContext.get() is None:
        return None
    with suppress(httpx.HTTPError):
        return create_progress_artifact(progress=0.0, description=title)  # type: ignore[return-value]
    return None
