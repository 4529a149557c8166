"""Runs what DuckDB computes so that a Ctrl-C or a time limit ends it within a second, whatever it computes.

The work goes on in a thread of its own while the caller waits, and DuckDB is asked to stop. Most work obeys at once; one call of a function
over one long value (`levenshtein`, `md5(repeat(…))`) does not hear of it. Such a thread is left behind: it only reads, and its memory is
bounded. The command line then ends its process without waiting (`left_behind`); a notebook has its cell back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
GRACE_S = 0.4  # for DuckDB to stop, of the second that a person waits
LEFT: list[tuple[Any, Any]] = []  # jobs that did not stop, with their connections: these must live as long


class OutOfTime(Exception):
    """What was to be computed took longer than it may."""


class Job(Thread, Generic[T]):
    """A computation in a thread that keeps no process alive."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="query", daemon=True)
        self.work, self.ended = work, Event()
        self.gave: list[T] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            self.gave.append(self.work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller is to have it
            self.fault = error
        finally:
            self.ended.set()

    def outcome(self) -> T:
        """What the work gave. Raises what it raised."""
        if self.fault:
            raise self.fault
        return self.gave[0]


def compute(connection: duckdb.DuckDBPyConnection, seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, which uses this connection alone.

    Raises OutOfTime after so many seconds, and KeyboardInterrupt (in the main thread) at a Ctrl-C, within half a second; else what the
    work raises.
    """
    job = Job(work)
    job.start()
    try:
        in_time = job.ended.wait(seconds)
    except BaseException:
        stop(connection, job)
        raise
    if not in_time:
        stop(connection, job)
        raise OutOfTime
    return job.outcome()


def stop(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Ask DuckDB to stop, and wait for that a moment; what goes on is left behind."""
    connection.interrupt()
    if not job.ended.wait(GRACE_S):
        LEFT.append((job, connection))


def left_behind() -> bool:
    """Whether something is still being computed that nobody waits for: the interpreter would wait for it at its end, or crash with it."""
    return any(not job.ended.is_set() for job, _ in LEFT)


@contextmanager
def closing_unless_busy(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Close a connection in the end, but for one that still computes what was left behind: closing would wait for that."""
    try:
        yield connection
    finally:
        if all(busy is not connection for _, busy in LEFT):
            connection.close()
