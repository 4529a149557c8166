"""One undisturbed run of the tiny recipe, made once for all tests; each file of this folder works on a copy of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.runs import run, tiny_recipe
from tests.once import made_once
from tests.prefect_server import PrefectServer, prefect_server


@dataclass(frozen=True)
class Finished:
    """A lake in which the tiny recipe has run to its end."""

    recipe: Path
    home: Path


def run_tiny(folder: Path, migrated: Path) -> None:
    """Run the tiny recipe, told to a server: the recipe, `runs` and, as `prefect`, what the server knows then lie in the folder. They have
    moved there, so that no copy reads what lay where the run was."""
    before = folder / "before"
    before.mkdir()
    with prefect_server(before, migrated) as server:
        server.up()
        done = run(before / "runs", tiny_recipe(before), server.home, api=server.api)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in before.iterdir():
        path.rename(folder / path.name)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """What that run leaves, the same for all test processes."""
    return made_once(tmp_path_factory, "tiny-run", lambda folder: run_tiny(folder, migrated))


@pytest.fixture(scope="module")
def finished(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A copy of the lake."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(tiny_run, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("prefect"))
    return Finished(folder / "tiny.yaml", folder / "runs")


@pytest.fixture(scope="module")
def its_server(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A server that knows what the run's server knew."""
    with prefect_server(tmp_path_factory.mktemp("server"), tiny_run / "prefect") as server:
        server.up()
        server.be_the_profiles()
        yield server
