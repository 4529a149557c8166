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


def run_tiny(folder: Path) -> None:
    """Run the tiny recipe, told to a server: the recipe, `runs` and, as `prefect`, what the server knows then lie in the folder."""
    recipe = tiny_recipe(folder)
    with prefect_server(folder) as server:
        server.up()
        done = run(folder / "runs", recipe, server.home, api=server.api)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A copy of the lake."""
    made, folder = made_once(tmp_path_factory, "tiny-run", run_tiny), tmp_path_factory.mktemp("finished")
    shutil.copytree(made, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("prefect"))
    return Finished(folder / "tiny.yaml", folder / "runs")


@pytest.fixture(scope="module")
def its_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A server that knows what the run's server knew."""
    made, folder = made_once(tmp_path_factory, "tiny-run", run_tiny), tmp_path_factory.mktemp("server")
    shutil.copytree(made / "prefect", folder / "prefect")
    with prefect_server(folder) as server:
        server.up()
        server.be_the_profiles()
        yield server
