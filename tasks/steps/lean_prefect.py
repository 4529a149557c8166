"""Prefect's flow and task, imported without pandas.

Prefect loads pandas wherever it is installed, half a second of every command, to hash data frames for a cache policy that is not ours.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


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

__all__ = ["CachePolicy", "Flow", "Task"]
