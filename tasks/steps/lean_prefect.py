"""Prefect's flow and task, imported without pandas, and without a note of who has imported them.

Prefect loads pandas wherever it is installed, half a second of every command, to hash data frames for a cache policy that is not ours. In a
terminal it also writes into PREFECT_HOME that a first flow was defined, be it for a dry run, which promises to write nothing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def left_out(package: str) -> Iterator[None]:
    """Within this, a package that is not loaded yet counts as not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


with left_out("pandas"):
    from prefect import Flow, Task
    from prefect.cache_policies import CachePolicy

with suppress(ImportError):  # of versions that keep no such note
    from prefect._internal import analytics

    analytics.try_mark_milestone = lambda milestone: False

__all__ = ["CachePolicy", "Flow", "Task"]
