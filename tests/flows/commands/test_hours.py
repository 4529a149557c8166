"""What a plan says of time: by this lake's own pace, and by a published one on GPUs."""

import json
from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from typing import Any

import polars as pl
import pytest

from flows.commands.hours import sampling_time, training_time
from flows.commands.published import on_gpus
from flows.recipe import Recipe, load_recipe
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.policy.identity import Policy, base_policy
from tasks.steps.how_far import HowFar
from tasks.steps.planning import State, Step, Work

Trained = Callable[..., Path]
WEIGHTS = 8_292_166_656


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("starter")


@pytest.fixture(scope="module")
def policy(recipe: Recipe) -> Policy:
    return base_policy(recipe.policy)


def step(task: str, left: int | None, most_tokens: int | None = 0, **settings: Any) -> Step:
    work = Work(completions=left, left=left, most_tokens=most_tokens)
    return Step(number=1, name=task, task=task, state=State.to_do, work=work, settings=settings)


def stage(name: str, completions: int | None) -> Step:
    return step("train", completions, stage=name)


def drew(home: Path, policy_id: str, engine: str, responses: int, seconds: float, max_tokens: int = 40) -> None:
    way = {"sampling_id": f"of {max_tokens}", "max_tokens": max_tokens}
    Lake(home).record("samplings", {**dict.fromkeys(RELATIONS["samplings"]), **way})
    drawn = {"policy_id": policy_id, "sampling_id": way["sampling_id"], "engine": engine, "responses": responses, "tokens": 10 * responses}
    Lake(home).record("draws", {**drawn, "seconds": seconds})


@pytest.fixture
def trained(recipe: Recipe, policy: Policy, tmp_path: Path) -> Trained:
    """Lays down what a finished stage of 41 steps leaves of its time: 2 s for each after the first, unless `far` says otherwise."""

    def lay(key: str, far: dict[str, Any] | None = None, parent: str = policy.policy_id, refilled: int = 0, **settings: Any) -> Path:
        folder = tmp_path / "stages" / key
        folder.mkdir(parents=True)
        held = {**recipe.stages["stage1"].train.model_dump(mode="json"), "steps": 41, **settings}
        made_from = {"validation": "of 10" if held["validation"] else None}
        (folder / "manifest.json").write_text(json.dumps({"settings": held, "parent": parent, "made_from": made_from}))
        at: dict[str, Any] = {"done": 41, "total": 41, "before": 1, "began": 100.0, "told": 180.0, "host": gethostname(), **(far or {})}
        (folder / ".progress.json").write_text(HowFar(title=key, what="steps", pid=1, **at).model_dump_json())
        drawn = [{"stage_id": key, "step": at, "name": "refill/completions", "value": float(refilled)} for at in range(1, 42)]
        write_parquet(pl.DataFrame(drawn, schema=RELATIONS["metrics"]), folder / "metrics" / "metrics.parquet")
        return folder

    return lay


def test_what_is_left_is_reckoned_at_the_lakes_own_pace(recipe: Recipe, policy: Policy, tmp_path: Path) -> None:
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 100, 50.0)
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 300, 50.0)
    drew(tmp_path, "another", recipe.sampling.engine, 1, 1000.0)
    drew(tmp_path, policy.policy_id, "another", 1, 1000.0)
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 1000, 1.0, max_tokens=20)
    steps = [step("sample", 300), step("sample", 100), stage("stage1", 9999)]
    [said] = sampling_time(recipe, policy, steps, tmp_path)
    assert "about 1 min 40 s: 400 completions at the 4 a second" in said
    beside = recipe.model_copy(update={"sampling": recipe.sampling.model_copy(update={"replicas": 4})})
    [shared] = sampling_time(beside, policy, steps, tmp_path)
    assert "about 25 s: 400 completions at the 4 a second that each of 4 processes" in shared


def test_longer_answers_are_counted_upwards(policy: Policy, tmp_path: Path) -> None:
    longer, shorter = (load_recipe("starter", [f"sampling.max_tokens={most}"]) for most in (80, 20))
    drew(tmp_path, policy.policy_id, longer.sampling.engine, 100, 25.0)
    [said] = sampling_time(longer, policy, [step("sample", 400)], tmp_path)
    assert "at most 3 min 20 s" in said and said.endswith("counted upwards only for max_tokens 40 → 80")
    assert "at most 1 min 40 s" in next(sampling_time(shorter, policy, [step("sample", 400)], tmp_path))


@pytest.mark.parametrize("left", [[None, 100], [0], []])
def test_nothing_is_said_where_nothing_is_left_or_known(recipe: Recipe, policy: Policy, tmp_path: Path, left: list[int | None]) -> None:
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 100, 50.0)
    assert list(sampling_time(recipe, policy, [step("sample", count) for count in left], tmp_path)) == []
    assert list(training_time(recipe, policy, [step("sample", 1)], tmp_path)) == []


def test_a_lake_without_draws_and_stages_knows_no_pace(recipe: Recipe, policy: Policy, tmp_path: Path) -> None:
    steps = [step("sample", 10), stage("stage1", 3200), stage("stage2", 1920)]
    [sampling], [training] = (list(told(recipe, policy, steps, tmp_path / "none")) for told in (sampling_time, training_time))
    assert sampling.endswith("not known yet: transformers has drawn nothing with base in this lake")
    assert training == "how long stage1 and stage2 take on this machine is not known: no finished stage of this lake says how long it took"


def test_training_takes_what_stages_of_equal_steps_took(recipe: Recipe, policy: Policy, trained: Trained, tmp_path: Path) -> None:
    trained("first")
    trained("resumed", far={"before": 31, "told": 130.0})  # 10 steps in 30 s
    trained("cut", far={"done": 20, "told": 9e9})
    lake = Lake(tmp_path)
    lake.record("policies", {"policy_id": "left", "name": "stage1", "kind": "stage", "model": "", "parent_id": policy.policy_id})
    trained("second", parent="left", hints=True, far={"told": 200.0})  # 40 steps in 100 s
    [said] = training_time(recipe, policy, [stage("stage1", 3200), stage("stage2", 1920)], tmp_path)
    assert said == (
        "training should take about 3 min 5 s, with prompts and answers as long as before and without loading: stage1 about 1 min 50 s "
        "(50 steps) at the 2.2 s a step (2 to 3) that 50 steps of 2 stages of this policy took in this lake on this machine; stage2 about "
        "1 min 15 s (30 steps) at the 2.5 s a step that 40 steps of 1 stage of this policy took in this lake on this machine"
    )


@pytest.mark.parametrize(
    ("was", "now", "seconds"),
    [
        ({"batch": 32}, {}, "3 min 20 s"),  # twice the completions
        ({"batch": 128}, {}, "1 min 40 s"),  # half of them, and nobody knows what that saves
        ({"max_tokens": 20}, {}, "3 min 20 s"),
        ({"max_tokens": 80}, {}, "1 min 40 s"),
        ({}, {"refill": {"tries": 2}}, "5 min 0 s"),  # every group drawn anew twice
        ({}, {"sampler": {"model": "live"}}, "1 min 41 s"),  # and 30 ms to choose, 50 times
    ],
)
def test_other_steps_are_counted_upwards(recipe: Recipe, policy: Policy, trained: Trained, was: dict, now: dict, seconds: str) -> None:
    home = trained("one", **was).parents[1]
    changes = [f"stages.stage1.train.{name}={json.dumps(value)}" for name, value in now.items()]
    [said] = training_time(load_recipe("starter", changes), policy, [stage("stage1", 3200)], home)
    assert said.startswith(f"training should take at most {seconds}") and "counted upwards only for " in said
    trained("equal", far={"told": 140.0}, **now)  # one of equal steps counts alone
    [said] = training_time(load_recipe("starter", changes), policy, [stage("stage1", 3200)], home)
    assert said.startswith("training should take about 50 s") and "40 steps of 1 stage of" in said


def test_refills_and_validation_that_others_drew_are_told_from_what_they_learnt_of(
    policy: Policy, trained: Trained, tmp_path: Path
) -> None:
    validation = {"every": 10, "problems": None, "samples": 4, "keep_best": False}
    trained("one", refilled=16, refill={"tries": 1}, validation=validation)
    (tmp_path / "validation" / "ten").mkdir(parents=True)
    (tmp_path / "validation" / "ten" / "manifest.json").write_text(json.dumps({"content": "of 10", "problems": 10}))
    with_both = ["stages.stage1.train.refill.tries=1", "problems.starter.n_validation=10", "stages.stage1.train.validation={every: 10}"]
    # learnt 64 and refilled 16 a step; 5 evaluations of 40 among 40 steps there (5 a step), 6 among 50 here (4.8): no more to do
    [said] = training_time(load_recipe("starter", with_both), policy, [stage("stage1", 3200 + 6 * 40)], tmp_path)
    assert said.startswith("training should take about 1 min 40 s")
    every = [*with_both, "stages.stage1.train.validation.every=1"]  # 51 evaluations: (64 + 16 + 40.8) / 85 as much
    [said] = training_time(load_recipe("starter", every), policy, [stage("stage1", 3200 + 51 * 40)], tmp_path)
    assert said.startswith("training should take at most 2 min 22 s") and said.endswith("counted upwards only for validation.every 10 → 1")
    [unknown] = training_time(load_recipe("starter", with_both), policy, [stage("stage1", None)], tmp_path)
    assert unknown.endswith("how many validation problems it answers is not known yet")


def test_what_tells_nothing_of_a_stage_is_said(recipe: Recipe, policy: Policy, trained: Trained, tmp_path: Path) -> None:
    def why() -> str:
        [said] = training_time(recipe, policy, [stage("stage1", 3200)], tmp_path)
        return said.removeprefix("how long stage1 takes on this machine is not known: ")

    trained("elsewhere", far={"host": "gpu-7"})
    assert why() == "the stages of this lake were trained on gpu-7"
    trained("stranger", parent="stranger")
    assert why() == "no stage of this policy, or of one with as many weights, has been trained here"
    trained("adapted", lora={"rank": 8}, rollouts={"engine": "vllm"})
    trained("halved", micro_batch=8)
    assert why() == "no stage has been trained here like it; the nearest differs in micro_batch"
    Lake(tmp_path).record("policies", {"policy_id": "stranger", "name": "base", "kind": "base", "model": policy.model, "parent_id": ""})
    assert why().startswith("training should take at most 1 min 40 s")
    assert "another policy with as many weights" in why()
    hinted = "how long stage2 takes on this machine is not known: no stage has been trained here like it; the nearest differs in hints"
    assert list(training_time(recipe, policy, [stage("stage2", 1920)], tmp_path)) == [hinted]


def test_gpu_hours_grow_with_tokens_and_weights(policy: Policy) -> None:
    paper = load_recipe("paper")
    whole = policy.model_copy(update={"model": paper.policy.model})
    trains = [step("train", 48_128, 48_128 * 2048, stage="stage1"), step("train", 14_336, 14_336 * 2048, stage="stage2")]
    [said] = on_gpus(paper, whole, [step("sample", 308_732), *trains])
    assert "yaml): sampling about 32.2–38.9 and training about 6.5–7.9; answers of max_tokens and all refills would take 4.8 times" in said
    half = policy.model_copy(update={"model": "Qwen/Some-4.146083328B"})
    [said] = on_gpus(paper, half, [step("sample", 308_732), *trains])
    assert ": sampling about 16.1–19.4 and training about 3.3–3.9;" in said
    [refilled] = on_gpus(paper, whole, [step("train", 48_128, 3 * 48_128 * 2048, stage="stage1")])
    assert "all refills would take 14.3 times as many" in refilled
    assert list(on_gpus(paper, policy, [step("sample", 1000), *trains])) == []  # 1.6 million weights


def test_problems_that_are_not_read_are_counted_by_their_cards(policy: Policy) -> None:
    paper = load_recipe("paper")
    whole = policy.model_copy(update={"model": paper.policy.model})
    [profiled] = on_gpus(paper, whole, [step("sample", None)])
    assert ": sampling about 7.1–8.6;" in profiled and profiled.endswith("the problems are as many as their datasets' cards say")
    [evaluated] = on_gpus(paper, whole, [step("sample", None), step("evaluate", 0)])
    assert ": sampling about 32.2–38.9;" in evaluated
    others = load_recipe("paper", ["problems.train.0.name=mine"])
    [said] = on_gpus(others, whole, [step("sample", None), step("train", 48_128, 48_128 * 2048, stage="stage1")])
    assert ": training about 5.0–6.1;" in said and said.endswith("what sampling draws is not known before the problems are read")
