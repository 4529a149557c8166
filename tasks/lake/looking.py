"""Looking at a lake without touching it, as plans and reading commands do."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOOKING: ContextVar[bool] = ContextVar("whether a lake is only looked at", default=False)


@contextmanager
def looking() -> Iterator[None]:
    """Within this, opening a lake makes nothing, brings nothing up to date, and moves nothing that is broken out of the way."""
    token = LOOKING.set(True)
    try:
        yield
    finally:
        LOOKING.reset(token)
