"""One undisturbed run of the tiny recipe, shared by the tests of this folder, which run in one process (tests/conftest.py)."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tests.flows.runs import run, tables, tiny_recipe


@dataclass(frozen=True)
class Finished:
    """A lake in which the tiny recipe has run to its end, and its tables right after that."""

    recipe: Path
    home: Path
    tables: dict[str, pl.DataFrame]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Finished:
    """Run the tiny recipe once."""
    folder = tmp_path_factory.mktemp("finished")
    recipe, home = tiny_recipe(folder), folder / "runs"
    done = run(home, recipe, prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    return Finished(recipe, home, tables(home))
