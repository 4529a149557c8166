"""Waiting in tests: for a state, however long it takes. A machine may be busy, so no number of seconds says that something is wrong."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S, LOOK_S = 600.0, 0.1  # after so long it hangs; pytest's own limit is longer (pyproject.toml), so that what was said is told
ASK_S = 0.5  # between questions to a server, or to all processes: each takes from what is waited for


def until(look: Callable[[], T | None], said: Callable[[], str] = str, every: float = LOOK_S) -> T:
    """What `look` gives once it gives something; it is asked `every` so many seconds. Raises AssertionError, with what was `said`, where it
    never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s\n{said()}"
        time.sleep(every)
    return found
