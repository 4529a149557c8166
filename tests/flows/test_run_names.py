"""What the Prefect UI shows of runs: names that read as sentences, log lines with their levels, and failures that say what to do."""

import logging
import os
import re
import signal
import subprocess
from importlib import import_module
from pathlib import Path

import httpx
import pytest
import yaml
from prefect import Flow, Task
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.service.automations import put, zombies
from tasks.base.process import PROJECT
from tests.flows.runs import TINY, command, environment
from tests.patience import ASK_S, until

pytestmark = pytest.mark.process


def declared(kind: type) -> dict[str, object]:
    """Every flow, or every task, that our modules declare."""
    modules = [*PROJECT.glob("flows/*.py"), *PROJECT.glob("tasks/*/*task.py")]
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
    data.write_text('{"asked": "1+1?", "answer": "2"}\n')
    bad.write_text(yaml.safe_dump({**SMALL, "name": "bad", "problems": {"train": [{"name": "ours", "path": str(data)}]}}))
    done = run(server, folder / "home", good, prefect_home)
    assert done.returncode == 0, done.stderr
    assert run(server, folder / "home", bad, prefect_home).returncode == 2
    return server


def test_runs_are_named_in_sentences(runs: str) -> None:
    assert {"profile small", "profile bad"} <= {flow["name"] for flow in asked(runs, "flow_runs")}
    wanted = {
        "small: ingest starter-charts train",
        "small: sample starter-figures and starter-charts (train) with base, rounds 1–4",
        "small: grade the answers of base to starter-figures and starter-charts (train)",
        "small: measure the difficulty of starter-figures and starter-charts (train) for base",
        "small: publish the warehouse",
    }
    names = {task["name"] for task in asked(runs, "task_runs")}
    assert wanted <= names and all(name.startswith(("small: ", "bad: ")) for name in names)


def test_a_worker_s_lines_are_in_the_run_s_log_with_their_level(runs: str) -> None:
    lines = asked(runs, "logs")
    drew = [line for line in lines if re.fullmatch(r"sample: drew 48 responses in .* a second", line["message"])]
    assert [(line["level"], bool(line["task_run_id"])) for line in drew] == [(logging.INFO, True)]
    assert all(line["level"] >= logging.INFO for line in lines)


def test_every_line_of_a_task_s_log_says_whose_it_is(runs: str) -> None:
    """Those of our modules, too: each line of a task begins with that task's name, those of flows do not."""
    named = {task["id"]: task["name"] for task in asked(runs, "task_runs")}
    lines = asked(runs, "logs")
    of_tasks = [line for line in lines if line["task_run_id"] in named]
    verbs = {"ingest", "admit", "sample", "grade", "measure", "publish", "find", "draw"}
    assert of_tasks and {line["message"].split(" ")[0].rstrip(":") for line in of_tasks} <= verbs
    assert all(": " in line["message"] for line in of_tasks)
    assert not [line for line in lines if not line["task_run_id"] and line["message"].startswith("sample: ")]


def test_progress_has_a_key_that_stays_and_a_description(runs: str) -> None:
    found = [artifact for artifact in asked(runs, "artifacts") if artifact["type"] == "progress"]
    assert len(found) >= 2 and all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", artifact["key"]) for artifact in found)
    assert all(artifact["key"].endswith("-progress") and artifact["description"] for artifact in found)
    assert len({artifact["key"] for artifact in found}) == len(found)


def test_a_failed_run_says_what_to_do(runs: str) -> None:
    [flow] = [flow for flow in asked(runs, "flow_runs") if flow["name"] == "profile bad"]
    [task] = [task for task in asked(runs, "task_runs") if task["name"] == "bad: ingest ours train"]
    for failed in (flow, task):
        assert failed["state"]["type"] == "FAILED"
        assert "bad.jsonl" in failed["state"]["message"] and "problem" in failed["state"]["message"]


def test_a_run_that_falls_silent_is_shown_as_crashed(runs: str, prefect_home: Path, tmp_path: Path) -> None:
    """The process is killed, with nobody there to say so: what `serve` keeps on its server does."""
    recipe, silent_s = tmp_path / "silent.yaml", 10
    recipe.write_text(yaml.safe_dump({**SMALL, "name": "silent", "sampling": {**SMALL["sampling"], "rounds": 64}}))
    with temporary_settings({PREFECT_API_URL: runs}), get_client(sync_client=True) as client:
        put(client, zombies(silent_s))
    variables = environment(prefect_home) | {"PREFECT_API_URL": runs, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    arguments = command("profile", str(recipe), "--home", str(tmp_path / "home"))
    process = subprocess.Popen(arguments, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        flow = until(lambda: next((flow for flow in asked(runs, "flow_runs") if flow["name"] == "profile silent"), None), every=ASK_S)
        until(lambda: beats(runs, flow), every=ASK_S)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    crashed = until(lambda: now if (now := state(runs, flow))["type"] != "RUNNING" else None, every=ASK_S)
    assert (crashed["type"], crashed["message"]) == ("CRASHED", f"No sign of life for {silent_s} s. Retry it: what it has done is cached.")


def beats(api: str, flow: dict) -> list[dict]:
    """The signs of life of a flow run that the server has had."""
    wanted = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": [f"prefect.flow-run.{flow['id']}"]}}
    return httpx.post(f"{api}/events/filter", json={"filter": wanted}).raise_for_status().json()["events"]


def state(api: str, flow: dict) -> dict:
    """The state of a flow run."""
    return httpx.get(f"{api}/flow_runs/{flow['id']}").raise_for_status().json()["state"]
