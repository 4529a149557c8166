"""Dry runs: what is to come before a run, that all is cached after it, and what a changed setting is the reason for."""

import json
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from prefect import Flow

from flows.commands.plan import Plan, plan_flow
from flows.pipeline import pipeline
from flows.profile import profile
from flows.recipe import load_recipe
from flows.train import train
from tasks.steps.planning import State, Step
from tests.flows.finished.conftest import Finished
from tests.flows.finished.test_pipeline import KINDS
from tests.flows.runs import artifacts, command, environment, tables, tiny_recipe

pytestmark = pytest.mark.process

DATASETS = "starter-figures and starter-charts"


def plan(recipe: Path | str, home: Path, *changes: str, flow=pipeline) -> Plan:
    return plan_flow(flow, load_recipe(str(recipe), changes), home)


def step(plan: Plan, name: str) -> Step:
    """The first step of that name."""
    return next(step for step in plan.steps if step.name == name)


def states(plan: Plan) -> set[State]:
    return {step.state for step in plan.steps if step.task != "publish warehouse"}


def test_before_a_run_everything_is_to_come_and_nothing_is_written(tmp_path: Path) -> None:
    found = plan(tiny_recipe(tmp_path), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    assert states(found) == {State.to_do, State.waits}
    assert [step.number for step in found.steps] == list(range(1, len(found.steps) + 1))
    sampling, training = step(found, f"sample {DATASETS} (train) with base, rounds 1–4"), step(found, "train stage2 from stage1")
    assert sampling.inputs["problems"] == ["step 2", "step 3"]
    assert (sampling.work.completions, sampling.work.left, sampling.work.most_tokens, sampling.work.up_to) == (320, 320, 12_800, True)
    assert (training.work.completions, training.settings["settings"]["steps"]) == (48, 3)
    anew = step(found, f"sample {DATASETS} (train) with stage1, rounds 1–4")
    assert (anew.work.left, anew.work.up_to) == (320, True)
    assert found.completions == 320 + 64 + 320 + 48 + 7 * 48 and found.missing == []


def test_after_a_run_everything_is_cached(finished: Finished) -> None:
    found = plan(finished.recipe, finished.home)
    assert states(found) == {State.cached}
    assert {step.kind for step in found.steps} - {None} == KINDS
    made = artifacts(finished.home)
    assert all(step.key in made[step.kind] for step in found.steps if step.kind)
    assert (found.completions, found.most_tokens) == (0, 0)


def test_a_changed_stage_is_told_with_what_depends_on_it(finished: Finished) -> None:
    found = plan(finished.recipe, finished.home, "stages.stage2.train.learning_rate=7.0e-5")
    changed = step(found, "train stage2 from stage1")
    assert changed.state is State.to_do
    assert [line for line in changed.why if line.startswith("settings.learning_rate: ") and line.endswith("→ 7e-05")]
    assert step(found, "train stage1 from base").state is State.cached
    assert step(found, f"sample {DATASETS} (heldout) with stage1, rounds 1–2").state is State.cached
    waiting = step(found, f"sample {DATASETS} (heldout) with stage2, rounds 1–2")
    assert (waiting.state, waiting.why) == (State.waits, [f"waits for step {changed.number}"])
    assert waiting.work.left == 48


@pytest.mark.parametrize(
    ("flow", "change", "made"),
    [
        (pipeline, "sampling.batch_size=64", {}),
        (profile, "grading.timeout_s=4", {"admit": 1, "grade": 1, "measure difficulty": 1}),
        (pipeline, "evaluation.hints=false", {"evaluate": 1, "report": 1}),
        (pipeline, "stages.stage2.train.learning_rate=5.0e-5", {"train": 1, "sample": 2, "grade": 2, "evaluate": 1, "report": 1}),
    ],
)
def test_a_changed_setting_makes_only_what_depends_on_it_anew(finished: Finished, flow: Flow, change: str, made: dict) -> None:
    found = plan(finished.recipe, finished.home, change, flow=flow)
    assert Counter(step.task for step in found.steps if step.state not in (State.cached, State.every_run)) == made


def test_more_rounds_count_what_is_not_drawn(finished: Finished) -> None:
    found = plan(finished.recipe, finished.home, "sampling.rounds=7", flow=profile)
    base = tables(finished.home)["policies"].filter(name="base")["policy_id"].item()
    samplings = tables(finished.home)["samplings"].filter(hints=False)["sampling_id"]
    train_ids = tables(finished.home)["problems"].filter(split="train")["problem_id"].unique()
    rollouts = tables(finished.home)["rollouts"].filter(policy_id=base)
    drawn = rollouts.filter(rollouts["sampling_id"].is_in(samplings.to_list()), rollouts["problem_id"].is_in(train_ids.to_list())).height
    sampling = step(found, f"sample {DATASETS} (train) with base, rounds 1–7")
    assert (sampling.work.completions, sampling.work.left) == (560, 560 - drawn)
    assert 0 < sampling.work.likely_tokens < sampling.work.most_tokens
    assert any(line.startswith("rounds: ") and line.endswith("→ 7") for line in sampling.why)


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ("sampling.temperature=0.5", f"sample {DATASETS} (train) with base, rounds 1–4", "sampling.distribution.temperature: 1.0 → 0.5"),
        ("difficulty.confidence=0.8", f"measure the difficulty of {DATASETS} (train) for base", "settings.confidence: 0.95 → 0.8"),
        ("stages.stage1.choose.size=6", "choose the problems of stage1", "settings.stage1.size: 8 → 6"),
    ],
)
def test_the_reason_is_the_setting(finished: Finished, change: str, name: str, why: str) -> None:
    changed = step(plan(finished.recipe, finished.home, change, flow=train), name)
    assert changed.state is State.to_do
    assert why in changed.why


def test_adaptive_rounds_and_a_profile_anew_are_planned_for_the_most(tmp_path: Path) -> None:
    changes = ("sampling.adaptive={min_rounds: 2, every: 1}", "reprofile={rounds: 2}")
    found = plan(tiny_recipe(tmp_path), tmp_path / "runs", *changes, flow=train)
    sampled = [step for step in found.steps if step.task == "sample"]
    assert [step.work.left for step in sampled] == [160, 80, 80, 160] and all(step.work.up_to for step in sampled)
    rounds = [step.name.split(", ")[-1] for step in sampled]
    assert rounds == ["rounds 1–2", "round 3", "round 4", "rounds 1–2"]
    settled = [step.name for step in found.steps if step.task == "find settled problems"]
    assert settled == [f"find the problems of {DATASETS} (train) that base has settled"] * 2


def test_what_a_person_must_see_to_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATHVISION_DIR", raising=False)
    monkeypatch.delenv("NO_KEY", raising=False)
    server = "sampling.server={base_urls: ['http://127.0.0.1:1/v1'], key_variable: NO_KEY}"
    found = plan(
        "mathvision",
        tmp_path / "runs",
        "sampling.engine=server",
        server,
        "stages.stage2.train.report_to=[trackio]",
    )
    missing = "\n".join(found.missing)
    assert "uses the variable MATHVISION_DIR, which is not set" in missing
    assert "the environment variable NO_KEY is not set" in missing
    assert "stages.stage2: train.report_to: trackio is not installed" in missing or find_spec("trackio")
    assert step(found, "ingest mathvision train").state is State.missing
    assert found.completions is None


def test_the_command_prints_a_plan(finished: Finished, prefect_home: Path) -> None:
    arguments = [str(finished.recipe), "--home", str(finished.home), "--set", "evaluation.samples=3"]
    done = subprocess.run(
        command("evaluate", *arguments, "--plan", "--json"), capture_output=True, text=True, env=environment(prefect_home), check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {step["state"] for step in found["steps"]} == {"cached", "to do", "waits", "every run"}
    shown = subprocess.run(
        command("evaluate", *arguments, "--plan"), capture_output=True, text=True, env=environment(prefect_home), check=False
    )
    assert {"sample", "stage2,", "rounds", "1–3"} <= set(shown.stdout.split()) and "rounds: 2 → 3" in shown.stdout
    assert f"to be sampled: up to {found['completions']:,} completions" in shown.stdout and found["up_to"]
