"""Holds tests to the mark `process`: one without it starts no process, so that `make check` runs every such test and none that takes long.

A mark that is missing is an error of that test, whoever forgot it: Python's audit tells of every process that is started, and what comes
round the audit (multiprocessing's spawn) is found among this process's children.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
LOOKS_UP = "ldconfig"
"""What libraries ask for the place of another as they are loaded: whichever test loads torch first would be to blame."""
RUNNING: list[pytest.Item] = []
"""The test that runs, while it runs."""
SEEN: list[str] = []
"""What it has started without the mark."""


def is_marked(item: pytest.Item) -> bool:
    """Whether a test says that it starts processes."""
    return item.get_closest_marker("process") is not None


def hear(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook. Raises in the test, and tells the test even where that is caught or in another thread."""
    if event in STARTS and RUNNING and not is_marked(RUNNING[0]) and not looks_up(arguments):
        SEEN.append(f"{event} {arguments[:2]}")
        pytest.fail(f"this starts a process and is not marked: {SEEN[-1]}")


def looks_up(arguments: tuple[object, ...]) -> bool:
    """Whether what is started is the look-up of a library: `subprocess.Popen` tells its command second."""
    command = arguments[1] if len(arguments) > 1 else None
    return isinstance(command, list | tuple) and bool(command) and Path(os.fsdecode(command[0])).name == LOOKS_UP


sys.addaudithook(hear)


def has_children() -> bool:
    """Whether this process has any, in microseconds: its threads, of which libraries start dozens, need not be gone through for that."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def children() -> set[str]:
    """The ids of this process's children, on Linux."""
    found = set[str]()
    if sys.platform != "linux" or not has_children():
        return found
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since; its children are another thread's
            found.update(task.read_text().split())
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Say which test runs."""
    RUNNING[:] = [item]
    try:
        return (yield)
    finally:
        RUNNING.clear()


@pytest.fixture(autouse=True)
def no_process_without_the_mark(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that has started a process and does not say so."""
    SEEN.clear()
    before = children()
    yield
    if not is_marked(request.node) and (started := [*SEEN, *sorted(children() - before)]):
        pytest.fail(f"mark {request.node.nodeid} with pytest.mark.process, as it starts a process: {started[0]}")
