"""What the Prefect UI shows of runs: names that read as sentences, log lines with their levels, and failures that say what to do."""

import logging
import re
import subprocess
from importlib import import_module
from pathlib import Path

import httpx
import pytest
import yaml
from prefect import Flow, Task

from tasks.process import PROJECT
from tests.flows.runs import TINY, command, environment


def declared(kind: type) -> dict[str, object]:
    """Every flow, or every task, that our modules declare."""
    modules = [*PROJECT.glob("flows/*.py"), *PROJECT.glob("tasks/*/*task.py"), PROJECT / "tasks" / "publish.py"]
    found = {}
    for path in modules:
        module = import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
        found |= {part.name: part for part in vars(module).values() if isinstance(part, kind)}
    return found


def test_every_flow_and_task_names_its_runs() -> None:
    flows, tasks = declared(Flow), declared(Task)
    assert {"difficulty-prior", "profile", "regrade", "study"} <= flows.keys() and {"sample", "grade", "publish warehouse"} <= tasks.keys()
    assert [name for name, flow in flows.items() if not flow.flow_run_name] == []
    assert [name for name, task in tasks.items() if not task.task_run_name] == []


SMALL = {**TINY, "name": "small", "problems": {"starter": {"n_train": 6, "n_heldout": 2}}}


def run(api: str, home: Path, recipe: Path, prefect_home: Path) -> subprocess.CompletedProcess[str]:
    variables = environment(prefect_home) | {"PREFECT_API_URL": api}
    arguments = command("profile", str(recipe), "--home", str(home))
    return subprocess.run(arguments, capture_output=True, text=True, env=variables, check=False)


def asked(api: str, what: str, **filters: object) -> list[dict]:
    return httpx.post(f"{api}/{what}/filter", json={"limit": 200, **filters}).raise_for_status().json()


@pytest.fixture(scope="module")
def runs(server: str, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server that has seen a profile of the small recipe, and one whose problems cannot be read."""
    folder = tmp_path_factory.mktemp("runs")
    good, bad, data = folder / "small.yaml", folder / "bad.yaml", folder / "bad.jsonl"
    good.write_text(yaml.safe_dump(SMALL))
    data.write_text('{"question": "1+1?", "answer": "2"}\n')
    bad.write_text(yaml.safe_dump({**SMALL, "name": "bad", "problems": {"train": [{"name": "ours", "path": str(data)}]}}))
    done = run(server, folder / "home", good, prefect_home)
    assert done.returncode == 0, done.stderr
    assert run(server, folder / "home", bad, prefect_home).returncode == 2
    return server


def test_runs_are_named_in_sentences(runs: str) -> None:
    assert {"profile small", "profile bad"} <= {flow["name"] for flow in asked(runs, "flow_runs")}
    wanted = {
        "ingest starter-charts train",
        "sample starter-figures and starter-charts (train) with base, rounds 1–4",
        "grade the answers of base to starter-figures and starter-charts (train)",
        "measure the difficulty of starter-figures and starter-charts (train) for base",
        "publish the warehouse",
    }
    assert wanted <= {task["name"] for task in asked(runs, "task_runs")}


def test_a_worker_s_lines_are_in_the_run_s_log_with_their_level(runs: str) -> None:
    lines = asked(runs, "logs")
    drew = [line for line in lines if re.fullmatch(r"drew 48 responses in .* a second", line["message"])]
    assert [(line["level"], bool(line["task_run_id"])) for line in drew] == [(logging.INFO, True)]
    assert all(line["level"] >= logging.INFO for line in lines)


def test_a_failed_run_says_what_to_do(runs: str) -> None:
    [flow] = [flow for flow in asked(runs, "flow_runs") if flow["name"] == "profile bad"]
    [task] = [task for task in asked(runs, "task_runs") if task["name"] == "ingest ours train"]
    for failed in (flow, task):
        assert failed["state"]["type"] == "FAILED"
        assert "bad.jsonl" in failed["state"]["message"] and "problem" in failed["state"]["message"]
