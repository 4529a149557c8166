"""A lake that is made once and lies there as it was made before each test. It stays in its place, which what is published knows: a copy
elsewhere would be another lake."""

import shutil
from collections.abc import Callable

from tasks.lake.lake import Lake


def restored(lake: Lake) -> Callable[[], Lake]:
    """Keep a copy of a lake beside it. What is given puts that into the lake's place again, whatever befell it there."""
    copy = lake.home.parent / "kept"
    shutil.copytree(lake.home, copy)

    def again() -> Lake:
        shutil.rmtree(lake.home, ignore_errors=True)
        shutil.copytree(copy, lake.home)
        return Lake(lake.home)

    return again
