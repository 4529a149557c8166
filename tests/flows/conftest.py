"""One undisturbed run of the tiny recipe, shared by all tests that need one, and a real Prefect server."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl
import pytest

from tests.flows.runs import environment, run, tables, tiny_recipe


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


@pytest.fixture(scope="module")
def server(prefect_home: Path) -> Iterator[str]:
    """The API address of a real `prefect server start`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    process = subprocess.Popen(arguments, env=environment(prefect_home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    api = f"http://127.0.0.1:{port}/api"
    try:
        wait_until_healthy(api, process)
        yield api
    finally:
        process.terminate()
        process.wait()


def wait_until_healthy(api: str, process: subprocess.Popen) -> None:
    """Wait until a server answers."""
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(f"{api}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"no server at {api}")
