"""What a plan says of time: by this lake's own pace, and by a published one on GPUs."""

from pathlib import Path

import pytest

from flows.commands.hours import at_measured_pace, on_gpus
from flows.recipe import Recipe, load_recipe
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy, base_policy
from tasks.steps.planning import State, Step, Work


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("starter")


@pytest.fixture
def policy(recipe: Recipe) -> Policy:
    return base_policy(recipe.policy)


def step(task: str, left: int | None, most_tokens: int | None = 0) -> Step:
    return Step(number=1, name=task, task=task, state=State.to_do, work=Work(completions=left, left=left, most_tokens=most_tokens))


def drew(home: Path, policy_id: str, engine: str, responses: int, seconds: float) -> None:
    drawn = {"policy_id": policy_id, "sampling_id": "warm", "engine": engine, "responses": responses, "tokens": 10 * responses}
    Lake(home).record("draws", {**drawn, "seconds": seconds})


def test_what_is_left_is_reckoned_at_the_lakes_own_pace(recipe: Recipe, policy: Policy, tmp_path: Path) -> None:
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 100, 50.0)
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 300, 50.0)
    drew(tmp_path, "another", recipe.sampling.engine, 1, 1000.0)
    drew(tmp_path, policy.policy_id, "another", 1, 1000.0)
    [said] = at_measured_pace(recipe, policy, [step("sample", 300), step("sample", 100), step("train", 9999)], tmp_path)
    assert "about 1 min 40 s: 400 completions at the 4 a second" in said


@pytest.mark.parametrize("left", [[None, 100], [0], []])
def test_nothing_is_said_where_nothing_is_left_or_known(recipe: Recipe, policy: Policy, tmp_path: Path, left: list[int | None]) -> None:
    drew(tmp_path, policy.policy_id, recipe.sampling.engine, 100, 50.0)
    assert list(at_measured_pace(recipe, policy, [step("sample", count) for count in left], tmp_path)) == []


def test_a_lake_without_draws_says_no_pace(recipe: Recipe, policy: Policy, tmp_path: Path) -> None:
    assert list(at_measured_pace(recipe, policy, [step("sample", 10)], tmp_path / "none")) == []


def test_gpu_hours_grow_with_tokens_and_weights() -> None:
    weights = 8_292_166_656
    [said] = on_gpus(weights, [step("sample", 1, 1600 * 3600), step("train", 1, 0)])
    assert said.startswith("at most 0.8–1.0 GPU-hours")
    [half] = on_gpus(weights // 2, [step("sample", 1, 1600 * 3600)])
    assert half.startswith("at most 0.4–0.5 GPU-hours")
    assert list(on_gpus(weights, [step("sample", 1, 1000)])) == []
    assert list(on_gpus(None, [step("sample", 1, 10**12)])) == list(on_gpus(weights, [step("sample", None, None)])) == []
