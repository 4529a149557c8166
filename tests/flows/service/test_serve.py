"""`serve`, whole: what it brings up and refuses, that it re-curates by itself, outlives its server, and ends cleanly."""

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from flows.commands.service import DEPLOYMENTS
from flows.events import STAGE_FINISHED
from flows.service.automations import make_automations
from tasks.lake.lake import Lake
from tests.flows.runs import artifacts, command, environment
from tests.flows.service.panel import PROBLEMS, add_round, panel_recipe
from tests.flows.service.serving import Served, serving
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.process

NAMES = {"pipeline", "profile", "curate", "train", "evaluate", "recurate", "study"}
EVERY_S = 10


@dataclass(frozen=True)
class Live:
    """A running `serve`, and the folder of the recipe `panel`, re-curated every EVERY_S seconds once `resumed`; in `told`, one re-curated
    when told to."""

    served: Served
    folder: Path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Live]:
    """One `serve` for the tests of this file, its deployments the shipped ones and two more."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(migrated, folder / "prefect")
    shipped = yaml.safe_load(DEPLOYMENTS.read_text())
    [ours] = [item for item in shipped["deployments"] if item["name"] == "recurate"]
    often = {
        "name": "recurate-panel",
        "parameters": {"recipe": str(panel_recipe(folder))},
        "schedules": [{"interval": EVERY_S}],
        "triggers": [],
    }
    (folder / "told").mkdir()
    told = {"name": "recurate-told", "parameters": {"recipe": str(panel_recipe(folder / "told", name="told"))}, "schedules": []}
    match = {"prefect.resource.id": "difficulty-prior.recipe.told"}
    told["triggers"] = [{**trigger, "match": match, "parameters": told["parameters"]} for trigger in ours["triggers"]]
    shipped["deployments"] += [{**ours, **often}, {**ours, **told}]
    (folder / "prefect.yaml").write_text(yaml.safe_dump(shipped))
    with serving(folder, "--file", str(folder / "prefect.yaml")) as served:
        pause(served, "recurate-panel", True)
        yield Live(served, folder)


def pause(served: Served, name: str, paused: bool) -> None:
    """Let the schedule of a deployment rest, or go on; a run of it every few seconds would take from every other test."""
    place = f"{served.api}/deployments/{served.ids[name]}"
    served.client.patch(place, json={"paused": paused}).raise_for_status()


def tasks_of(served: Served, run: dict[str, Any]) -> list[str]:
    """The tasks that a run has begun."""
    return [task["name"] for task in served.post("/task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}}).json()]


def submit(live: Live, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`difficulty-prior submit …` against the server."""
    variables = environment(live.served.prefect) | {"PREFECT_API_URL": live.served.api}
    return subprocess.run(command("submit", *arguments), env=variables, cwd=live.folder, capture_output=True, text=True, check=False)


def test_every_deployment_has_a_form_that_explains_itself(live: Live) -> None:
    found = {item["name"]: item for item in live.served.post("/deployments/filter").json()}
    assert found.keys() == NAMES | {"recurate-panel", "recurate-told"}
    for item in found.values():
        assert item["enforce_parameter_schema"] and item["tags"][0] == "difficulty-prior" and item["description"]
        for name, field in item["parameter_openapi_schema"]["properties"].items():
            assert field["description"], name
    assert {item["work_pool_name"] for item in found.values()} == {"cpu", "gpu"}
    card = live.served.card()
    assert (card["limit"], card["active"], card["active_slots"]) == (1, True, 0)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"rounds": 0}, "less than the minimum"),
        ({"rounds": "many"}, "not valid under any"),
        ({"engine": "abacus"}, "is not one of ['transformers', 'vllm', 'server']"),
    ],
)
def test_the_form_refuses_what_does_not_fit(live: Live, parameters: dict[str, Any], reason: str) -> None:
    profile = live.served.deployment("profile")
    answer = live.served.post(f"/deployments/{profile['id']}/create_flow_run", parameters={"recipe": "starter", **parameters})
    assert answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY)
    assert reason in answer.text


def test_what_the_form_cannot_know_fails_at_once_with_the_reason(live: Live) -> None:
    run = live.served.ended(live.served.start("profile", recipe="starter", changes=["sampling.roundz=3"]))
    assert run["state_type"] == "FAILED"
    assert "unknown key `sampling.roundz`" in run["state"]["message"]
    assert tasks_of(live.served, run) == []


def test_submit_says_the_reason_and_the_parameters(live: Live) -> None:
    done = submit(live, "profile", "recipe=starter", "rounds=0")
    assert done.returncode == 2
    assert "minimum" in done.stderr and "rounds" in done.stderr and "engine" in done.stderr
    done = submit(live, "profil")
    assert done.returncode == 2 and "it has curate, evaluate, pipeline" in done.stderr


def test_recuration_runs_by_itself_and_changes_sets_only_after_new_rollouts(live: Live) -> None:
    """The scheduled runs: nothing in use, nothing new, and new rollouts, of which a webhook hears; then one by hand: nothing new again."""
    served = live.served
    pause(served, "recurate-panel", False)
    served.until(lambda: said(served, "has no sets in use yet"))
    pause(served, "recurate-panel", True)
    done = submit(live, "curate", f"recipe={live.folder / 'panel.yaml'}", "--wait")
    assert done.returncode == 0, done.stdout + served.said()
    pause(served, "recurate-panel", False)
    served.until(lambda: said(served, "those that would be chosen now"))
    [first] = artifacts(served.home)["curated"]
    with heard(served) as messages:
        add_round(live.folder, "c", right=range(4, 20))
        run = served.until(lambda: said(served, "new sets"))
        served.until(lambda: messages)
    assert "above the bound of 10.0%" in run["state"]["message"]
    [second] = artifacts(served.home)["curated"] - {first}
    assert [message["subject"] for message in messages] == ["Difficulty Prior: new sets for panel"]
    assert first[:8] in messages[0]["body"] and second[:8] in messages[0]["body"]
    pause(served, "recurate-panel", True)
    last = served.ended(served.start("recurate-panel"))
    assert "those that would be chosen now" in last["state"]["message"]
    assert artifacts(served.home)["curated"] == {first, second}
    [table] = served.post("/artifacts/latest/filter", artifacts={"key": {"any_": ["panel-recuration"]}}).json()
    [row] = json.loads(table["data"])
    assert (row["sets before"], row["sets after"], row["bound"]) == (first[:8], second[:8], "10.0%")
    assert row["join"] > 0 or row["leave"] > 0


def test_recuration_runs_when_a_dataset_changes_and_when_a_stage_is_finished(live: Live) -> None:
    """The shipped trigger, for a recipe of its own: `serve` watches its files, and a training tells of its stage."""
    served, folder = live.served, live.folder / "told"
    add_round(folder, "c", right=range(PROBLEMS // 2))
    [first] = served.until(lambda: served.runs("recurate-told"))
    steps = [
        "stages.only.train.warmup_steps=0",
        "stages.only.train.batch=4",
        "stages.only.train.group_size=2",
        "stages.only.train.max_tokens=8",
        "stages.only.choose.size=4",
    ]
    done = submit(live, "train", f"recipe={folder / 'told.yaml'}", "steps=only=1", f"changes={steps}", "--wait")
    assert done.returncode == 0, done.stdout + served.said()
    runs = served.until(lambda: found if len(found := served.runs("recurate-told")) > 1 else None)
    assert len(runs) == 2 and runs[0]["id"] == first["id"]
    assert [(run["state_type"], run["created_by"]["type"]) for run in runs] == [("COMPLETED", "AUTOMATION")] * 2
    assert "has no sets in use yet" in first["state"]["message"]
    [stage] = artifacts(served.home)["stages"]
    [event] = served.post("/events/filter", filter={"event": {"name": [STAGE_FINISHED]}}).json()["events"]
    assert event["payload"] == {"recipe": "told", "stage": "only", "key": stage}


def said(served: Served, words: str) -> dict[str, Any] | None:
    """The last scheduled re-curation that ended with these words."""
    return next((run for run in reversed(served.runs("recurate-panel")) if words in (run["state"]["message"] or "")), None)


class heard:
    """The notifications that a webhook gets, through a block and the automation that `--notify` makes."""

    def __init__(self, served: Served) -> None:
        messages: list[dict[str, str]] = []

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        self.served, self.messages, self.hook = served, messages, HTTPServer(("127.0.0.1", 0), Hook)

    def __enter__(self) -> list[dict[str, str]]:
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()
        ours = {PREFECT_API_URL: self.served.api, PREFECT_API_AUTH_STRING: self.served.password}
        with temporary_settings(ours), get_client(sync_client=True) as client:
            from prefect.blocks.notifications import CustomWebhookNotificationBlock

            url = f"http://127.0.0.1:{self.hook.server_port}/"
            CustomWebhookNotificationBlock(name="hook", url=url, json_data={"subject": "{{subject}}", "body": "{{body}}"}).save("hook")
            make_automations(client, "custom-webhook/hook")
        return self.messages

    def __exit__(self, *_: object) -> None:
        self.hook.shutdown()


def test_a_card_is_had_by_one_run_at_a_time(live: Live) -> None:
    card = live.served.card()["name"]
    holders = [live.served.holder(card, times=3, seconds=0.3) for _ in range(2)]
    lines = [line for process in holders for line in process.communicate(timeout=PATIENCE_S)[0].splitlines()]
    spans = sorted(tuple(map(float, line.split())) for line in lines)
    assert len(spans) == 6
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
    assert live.served.card()["active_slots"] == 0


def test_a_card_that_the_server_does_not_know_is_said(live: Live) -> None:
    process = live.served.holder("abacus", times=1, seconds=0)
    assert process.communicate(timeout=PATIENCE_S)[0] == ""
    assert process.returncode == 1


def test_a_run_goes_on_when_the_server_is_killed(live: Live) -> None:
    served = live.served
    changes = ["problems.starter={n_train: 60, n_heldout: 2}", "sampling.shard_size=64", "sampling.batch_size=64", "name=killed"]
    run = served.start("profile", recipe="starter", rounds=8, changes=changes)
    until(lambda: list(served.home.glob("rollouts/[!_]*/*.parquet")), served.said)
    served.children("prefect_server start")[0].send_signal(signal.SIGKILL)
    until(lambda: "the Prefect server was killed by SIGKILL; it is started again" in served.log.read_text(), served.said)
    served.until(lambda: answers(served))
    assert served.ended(run)["state_type"] == "COMPLETED", served.said()
    rollouts = Lake(served.home).scan("rollouts").select("problem_id", "policy_id", "sampling_id", "round", "sample").collect()
    assert rollouts.is_unique().all()
    assert rollouts.group_by("problem_id", "policy_id").len().filter(len=8).height == 120


def answers(served: Served) -> bool:
    """Whether the server is up."""
    try:
        return httpx.get(f"{served.api}/health", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def test_a_port_in_use_is_named_with_its_owner_and_the_way_out(live: Live, tmp_path: Path) -> None:
    port = live.served.api.split(":")[2].removesuffix("/api")
    done = subprocess.run(
        command("serve", "--port", port, "--home", str(tmp_path)), env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    for words in (f"port {port} of 127.0.0.1 is in use", "prefect_server start", "--port", f"--server {live.served.api}"):
        assert words in done.stderr
