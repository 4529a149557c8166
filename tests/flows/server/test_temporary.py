"""A run without PREFECT_API_URL, beside a server over the same database that is written to all the time, gets on with it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from tests.flows.runs import command, environment
from tests.flows.service.panel import panel_recipe
from tests.patience import PATIENCE_S
from tests.prefect_server import PrefectServer, prefect_server

pytestmark = pytest.mark.process

WRITERS, FEWEST = 2, 30


@contextmanager
def written_to(api: str) -> Iterator[list[int]]:
    """Write to a server from several threads as long as this lasts; the yielded list gets a status for every write."""
    done, statuses = Event(), []

    def write() -> None:
        with httpx.Client(timeout=PATIENCE_S) as client:
            flow = client.post(f"{api}/flows/", json={"name": "load"}).json()["id"]
            while not done.is_set():
                run = client.post(f"{api}/flow_runs/", json={"flow_id": flow, "state": {"type": "PENDING"}})
                statuses.append(run.status_code)
                for state in ("RUNNING", "COMPLETED") if run.is_success else ():
                    client.post(f"{api}/flow_runs/{run.json()['id']}/set_state", json={"state": {"type": state}})

    writers = [Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield statuses
    finally:
        done.set()
        for writer in writers:
            writer.join()


def test_no_run_beside_a_server_meets_a_locked_database(tmp_path: Path, migrated: Path) -> None:
    with prefect_server(tmp_path, migrated) as server:
        server.up()
        with written_to(server.api) as statuses:
            runs = [curate(tmp_path / name, server) for name in ("one", "two")]
            said = [run.communicate(timeout=PATIENCE_S)[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], "\n".join(said)
        assert len(statuses) > FEWEST
        for text in said:
            assert "Starting temporary server" in text and "locked" not in text and "Traceback" not in text, text
        found = httpx.post(f"{server.api}/flow_runs/filter", json={"flows": {"name": {"any_": ["curate"]}}}).json()
        assert [run["state_type"] for run in found] == ["COMPLETED"] * 2  # one history


def curate(folder: Path, server: PrefectServer) -> subprocess.Popen[str]:
    """A run of a small recipe with a temporary server over the database of that one."""
    folder.mkdir()
    arguments = command("curate", str(panel_recipe(folder)), "--home", str(folder / "runs"))
    return subprocess.Popen(arguments, env=environment(server.home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
