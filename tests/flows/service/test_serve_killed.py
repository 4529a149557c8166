"""What becomes of runs when `serve`, or a worker of it, is killed: none stays "Running", and one whose process lives goes on."""

import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
import yaml

from tests.flows.runs import TINY, command, environment
from tests.flows.service.serving import Served, serving
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

LONG = 400


def test_a_killed_serve_a_killed_worker_and_an_ended_serve_leave_nothing_running(tmp_path: Path) -> None:
    recipe = tmp_path / "small.yaml"
    recipe.write_text(yaml.safe_dump({**TINY, "name": "small", "problems": {"starter": {"n_train": 8, "n_heldout": 2}}}))
    with serving(tmp_path) as served:
        killed = served.start("profile", recipe=str(recipe), rounds=LONG)
        served.until(lambda: served.children("sampling.worker"))
        for process in [*psutil.Process(served.process.pid).children(recursive=True), psutil.Process(served.process.pid)]:
            process.kill()
        served.process.wait()
    with serving(tmp_path) as served:
        state = served.run(killed["id"])["state"]
        assert state["type"] == "CRASHED" and "is gone and has not said why" in state["message"] and "start it again" in state["message"]
        assert open_tasks(served, killed) == [] and served.card()["active_slots"] == 0
        waiting = submit(served, "profile", f"recipe={recipe}", "rounds=64", "--wait")
        served.until(lambda: served.children("sampling.worker"))
        [worker] = served.children("worker start --pool gpu")
        worker.send_signal(signal.SIGKILL)
        said = waiting.communicate(timeout=PATIENCE_S)[0]
        assert waiting.returncode == 0 and "profile small: Completed" in said, said + served.said()
        assert re.search(r"^  small: sample starter-figures .* \(\d+%, \d+/\d+ rollouts\)$", said, re.MULTILINE), said
        served.start("profile", recipe=str(recipe), rounds=LONG)
        served.until(lambda: served.children("sampling.worker"))
        family = psutil.Process(served.process.pid).children(recursive=True)
        assert len(family) >= 5
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=PATIENCE_S) == 0, served.said()
        assert [member for member in family if member.is_running() and member.status() != psutil.STATUS_ZOMBIE] == []


def submit(served: Served, *arguments: str) -> subprocess.Popen[str]:
    """`difficulty-prior submit …`, whose output is text."""
    variables = environment(served.prefect) | {"PREFECT_API_URL": served.api}
    return subprocess.Popen(command("submit", *arguments), env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def open_tasks(served: Served, run: dict) -> list[str]:
    """The tasks of a run that have not ended."""
    found = served.post("/task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}}).json()
    assert found
    return [task["name"] for task in found if task["state_type"] in ("RUNNING", "PENDING")]
