"""What is dear to make is made once for all test processes: the first that asks makes it, under a lock in the folder that they share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, filled by `make`. Whoever changes what is in it works on a copy."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            aside = folder.with_suffix(".aside")
            shutil.rmtree(aside, ignore_errors=True)  # of one that failed
            aside.mkdir()
            make(aside)
            aside.rename(folder)
    return folder
