"""Status: what is being made and how long it takes yet, how far a recipe is, and what the server has waiting for whom."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from shutil import rmtree

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from rich.console import Console

from flows.commands import doctor
from flows.commands.printing.status import print_status, span
from flows.commands.status import Status, look
from flows.recipe import load_recipe
from tasks.lake.layout import PROGRESS
from tasks.steps.how_far import HowFar, forget_attempts, forget_recipe
from tasks.steps.progress import progress_shown
from tests.flows.finished.conftest import Finished
from tests.flows.runs import run


def put_aside(home: Path, kind: str, key: str, **told: object) -> None:
    """A step that says of itself what `told` adds to 30 of 120 units after a second from 20."""
    folder = home / "aside" / f"{kind}-{key}"
    folder.mkdir(parents=True)
    now = time.time()
    usual = {"title": "sampling with base", "done": 30, "total": 120, "what": "rollouts", "before": 20, "began": now - 1, "told": now}
    far = HowFar.model_validate({**usual, "pid": os.getpid(), "host": socket.gethostname(), **told})
    (folder / PROGRESS).write_text(far.model_dump_json())


def printed(status: Status) -> str:
    console = Console(width=200, record=True, file=Path(os.devnull).open("w"))  # noqa: SIM115 closed with the process
    print_status(console, status)
    return console.export_text()


def test_a_running_step_tells_how_far_and_how_long_yet(tmp_path: Path) -> None:
    put_aside(tmp_path, "starter-policies", "ab", began=time.time() - 1_000_000_000)
    put_aside(tmp_path, "profiles", "cd")
    steps = {step.kind: step for step in look(tmp_path).under_way}
    assert steps["starter-policies"].running is False  # this process is younger than that
    running = steps["profiles"]
    assert (running.running, running.key, running.done, running.total) == (True, "cd", 30, 120)
    assert running.seconds_left == pytest.approx(9, abs=1)  # ten in a second, ninety to go


def test_a_step_tells_of_itself_from_its_first_moment(tmp_path: Path) -> None:
    folder = tmp_path / "aside" / "stages-ab"
    folder.mkdir(parents=True)
    with progress_shown("training stage1 from base", folder) as on_progress:
        assert "running  training stage1 from base: loading what it needs, time remaining unknown" in printed(look(tmp_path))
        on_progress(40, 80, "steps")  # one that goes on from a checkpoint
        time.sleep(1.1)
        on_progress(42, 80, "steps")
        [step] = look(tmp_path).under_way
    assert (step.running, step.done, step.total, step.what) == (True, 42, 80, "steps")
    assert step.seconds_left == pytest.approx(38 * 1.1 / 2, rel=0.3)


def test_what_could_not_be_had_is_told_with_its_reasons(tmp_path: Path) -> None:
    for key, missing in (("ab", {"missing": {"completions": 8, "problems": 2, "reasons": {"problem p: too long": 8}}}), ("cd", {})):
        (tmp_path / "profiles" / key).mkdir(parents=True)
        (tmp_path / "profiles" / key / "manifest.json").write_text(json.dumps({"policy_name": "base", **missing}))
    said = printed(look(tmp_path)).replace("\n", " ")
    assert "missing  base: 8 completions of 2 problems could not be had: problem p: too long. All reasons: " in said


@pytest.fixture
def young() -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.process
def test_what_was_cut_off_is_told_from_what_runs(tmp_path: Path, young: subprocess.Popen) -> None:
    began = time.time() + 1
    put_aside(tmp_path, "stages", "alive", title="training stage1 from base", pid=young.pid, began=began, told=began + 10)
    put_aside(tmp_path, "graded", "elsewhere", host="another", title="grading the answers of base")
    put_aside(tmp_path, "profiles", "silent", host="another", told=time.time() - 3600, began=time.time() - 7200)
    young_steps = {step.key: step.running for step in look(tmp_path).under_way}
    assert young_steps == {"alive": True, "elsewhere": True, "silent": False}
    young.kill()
    young.wait()
    status = look(tmp_path)
    assert {step.key: step.running for step in status.under_way} == {"alive": False, "elsewhere": True, "silent": False}
    said = printed(status)
    assert "running  grading the answers of base: 30/120 rollouts, about 9 s remaining" in said
    assert "cut off  sampling with base: 30/120 rollouts, 60 min ago; the next run of its recipe goes on" in said
    assert "PREFECT_API_URL is not set" in said


def test_attempts_at_what_is_done_are_told_of_no_more(tmp_path: Path) -> None:
    """A step that was made since, with the same settings or others, or that its recipe no longer has; not one of another recipe or step."""
    gone = {"began": 1.0, "told": 2.0}
    sampled = {"title": "sampling with base", "recipe": "mine"}
    put_aside(tmp_path, "profiles", "rounds", **gone, **sampled, step="mine: sample a (train) with base")
    put_aside(tmp_path, "profiles", "heldout", **gone, **sampled, step="mine: sample a (heldout) with base")
    put_aside(tmp_path, "profiles", "another", **gone, **sampled | {"recipe": "other"}, step="other: sample a (train) with base")
    put_aside(tmp_path, "profiles", "running", **sampled, step="mine: sample a (train) with base")
    put_aside(tmp_path, "stages", "dropped", **gone, title="training stage2", recipe="mine", step="mine: train stage2 from stage1")
    put_aside(tmp_path, "stages", "made", **gone, title="training stage1", recipe="mine", step="mine: train stage1 from base")
    (tmp_path / "stages" / "made").mkdir(parents=True)
    (tmp_path / "stages" / "made" / "manifest.json").write_text("{}")
    assert keys(tmp_path) == {"rounds", "heldout", "another", "running", "dropped"}
    forget_attempts(tmp_path, "mine: sample a (train) with base, rounds 1–4")
    assert keys(tmp_path) == {"heldout", "another", "running", "dropped"}
    forget_recipe(tmp_path, "mine")
    assert keys(tmp_path) == {"another", "running"}
    assert (tmp_path / "aside" / "stages-dropped").is_dir()  # what it has written stays, for whoever asks for it again


def keys(home: Path) -> set[str]:
    """The steps that status tells of."""
    return {step.key for step in look(home).under_way}


@pytest.mark.process
def test_a_cut_off_step_is_forgotten_when_its_recipe_is_done_with_other_settings(finished: Finished, prefect_home: Path) -> None:
    """Even where everything is cached: the run asks for every step again."""
    [step] = [s.name for s in look(finished.home, load_recipe(str(finished.recipe))).recipe.steps if "(train) with base, rounds" in s.name]
    name = step.rpartition(", rounds")[0]
    put_aside(finished.home, "profiles", "cutoff", began=1.0, told=2.0, recipe="tiny", step=f"tiny: {name}")
    put_aside(finished.home, "profiles", "elsewhere", began=1.0, told=2.0, recipe="other", step=f"other: {name}")
    assert keys(finished.home) == {"cutoff", "elsewhere"}
    assert run(finished.home, finished.recipe, prefect_home).returncode == 0
    assert keys(finished.home) == {"elsewhere"}
    rmtree(finished.home / "aside" / "profiles-elsewhere")


@pytest.mark.process
@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_lines_fit_a_terminal_and_are_whole_in_a_pipe(finished: Finished, width: int) -> None:
    title = "sampling " + "with a name that is long " * 4
    put_aside(finished.home, "profiles", "long", title=title, began=1.0, told=2.0)
    status = look(finished.home, load_recipe(str(finished.recipe), ["sampling.rounds=90"]))
    rmtree(finished.home / "aside" / "profiles-long")
    in_terminal = text_of(status, width, terminal=True).splitlines()
    assert max(map(len, in_terminal)) <= width
    words = {word for line in in_terminal for word in line.split()}
    assert {"starter-figures", "7,200", "sampling"} & words and not [line for line in in_terminal if line.startswith("long ")]
    piped = text_of(status, width, terminal=False).splitlines()
    assert [line for line in piped if line.startswith("cut off") and line.rstrip().endswith("goes on from what is written")]
    assert [line for line in piped if "(train) with base, rounds 1–90" in line and "/7,200" in line]


def text_of(status: Status, width: int, *, terminal: bool) -> str:
    """What is printed at a width, in a terminal or into a pipe."""
    out = StringIO()
    print_status(Console(width=width, file=out, force_terminal=terminal, no_color=True, color_system=None), status)
    return out.getvalue()


@pytest.mark.process
def test_a_finished_recipe_is_done_and_a_larger_one_knows_its_pace(finished: Finished) -> None:
    done = look(finished.home, load_recipe(str(finished.recipe)))
    assert done.under_way == [] and done.finished["stages"] >= 2
    assert done.recipe and (done.recipe.done, done.recipe.seconds_left) == (len(done.recipe.steps), 0)
    more = look(finished.home, load_recipe(str(finished.recipe), ["sampling.rounds=90", "stages.stage1.train.steps=500"]))
    assert more.recipe
    sampling = next(step for step in more.recipe.steps if "rounds 1–90" in step.name)
    training = next(step for step in more.recipe.steps if step.name.startswith("train stage1"))
    assert sampling.state == "to do" and sampling.total == 7200 and 0 < sampling.done < sampling.total
    assert 0 < sampling.seconds_left < more.recipe.seconds_left and training.seconds_left > 0 and training.total == 500
    said = printed(more)
    assert f"{sampling.done:,}/7,200" in said and f"tiny: {more.recipe.done} of {len(more.recipe.steps)} steps done; at most about" in said


@pytest.mark.process
def test_a_step_that_runs_is_told_in_its_recipe(finished: Finished, tmp_path: Path) -> None:
    recipe = load_recipe(str(finished.recipe))
    [key] = [path.name for path in finished.home.glob("starter-datasets/*")][:1]
    put_aside(tmp_path, "starter-datasets", key, title="drawing")
    standing = look(tmp_path, recipe).recipe
    assert standing and (standing.steps[0].state, standing.steps[0].done) == ("running", 30)


def post(api: str, path: str, **body: object) -> dict:
    answer = httpx.post(f"{api}/{path}", json=body).raise_for_status()
    return answer.json() if answer.content else {}


@pytest.mark.process
def test_a_pool_without_workers_is_said_and_late_runs_are_told(server: str, tmp_path: Path) -> None:
    flow = post(server, "flows/", name="profile")["id"]
    due = datetime.now(UTC) - timedelta(minutes=5)
    waiting = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": due.isoformat()}}
    post(server, "flow_runs/", flow_id=flow, name="profile mine", state=waiting)
    post(server, "flow_runs/", flow_id=flow, name="run mine", state={"type": "RUNNING", "name": "Running"})
    post(server, "flow_runs/", flow_id=flow, name="ended", state={"type": "COMPLETED", "name": "Completed"})
    for name in ("idle", "manned"):
        post(server, "work_pools/", name=name, type="process")
    post(server, "work_pools/manned/workers/heartbeat", name="worker")
    with temporary_settings({PREFECT_API_URL: server}):
        status, findings = look(tmp_path), list(doctor.look_at_prefect())
    assert status.server and status.server.fault == ""
    assert {run.name: run.state for run in status.server.runs} == {"profile mine": "Late", "run mine": "Running"}
    idle = {pool.name: pool.idle for pool in status.server.pools if pool.name in ("idle", "manned")}
    assert idle == {"idle": "it never had a worker", "manned": ""}
    said = printed(status)
    assert "late     profile mine  profile, late by 5 min" in said and "running  run mine  profile, for" in said
    assert "waits    runs of the work pool idle wait, since it never had a worker; start one: difficulty-prior serve, or prefect" in said
    assert [found.level for found in findings if "pool idle wait" in found.said] == ["warning"]
    assert not [found for found in findings if "manned" in found.said]


def test_a_server_that_does_not_answer_leaves_the_lake_s_part(tmp_path: Path) -> None:
    put_aside(tmp_path, "profiles", "ab")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        status = look(tmp_path)
    assert status.server and "does not answer" in status.server.fault and len(status.under_way) == 1
    assert json.loads(json.dumps(status.server.runs)) == [] and "does not answer" in printed(status)


def test_spans_have_the_unit_that_fits() -> None:
    assert [span(seconds) for seconds in (5, 240, 7200, 400_000)] == ["5 s", "4 min", "2.0 h", "4.6 days"]
