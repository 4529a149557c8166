"""What is wanted, what is missing, and seeds that depend on nothing but the response."""

from pathlib import Path

import polars as pl
import pytest

from tasks.lake.lake import Lake
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.sampling.requests import (
    Completion,
    Prompts,
    chunks,
    missing,
    requests_for,
    rollout_rows,
    rollout_seed,
    sampling_id,
    shard_name,
    wanted,
)
from tasks.sampling.settings import SamplingSettings

PROBLEMS = pl.DataFrame({"problem_id": ["p1", "p2", "p3"]})
SAMPLING = SamplingSettings(rounds=3)
PROMPTING = PromptingSettings()


def rows(problem_ids: list[str]) -> dict[str, dict]:
    return {name: {"problem_id": name, "question": f"<image>{name}?", "choices": [], "images": ["ab/x.png"]} for name in problem_ids}


def test_every_problem_is_wanted_in_every_round() -> None:
    keys = wanted(PROBLEMS, range(2), None)
    assert keys.rows() == [(name, round, 0) for name in ("p1", "p2", "p3") for round in (0, 1)]


def test_with_hints_only_the_hinted_problems_are_wanted() -> None:
    assert set(wanted(PROBLEMS, range(2), {"p2": ("hard", 0.1)})["problem_id"]) == {"p2"}


def test_what_a_shard_holds_is_not_missing(tmp_path: Path) -> None:
    lake, keys = Lake(tmp_path), wanted(PROBLEMS, range(2), None)
    partition = lake.partition("rollouts", "policy", "sampling")
    done = keys.head(3)
    requests = requests_for(done, Prompts(rows(["p1", "p2"]), tmp_path, PromptingSettings()), seed=0)
    lake.append(partition, "rollouts", rollout_rows(requests, [Completion("x", 1, "stop")] * 3, "policy", "sampling"), "first")
    assert missing(keys, lake.shards(partition)).rows() == keys.rows()[3:]
    assert missing(wanted(PROBLEMS, range(3), None), lake.shards(partition)).height == 9 - 3


def test_chunks_of_what_is_left_after_a_kill_are_the_chunks_of_an_undisturbed_run(tmp_path: Path) -> None:
    lake, keys = Lake(tmp_path), wanted(PROBLEMS, range(4), None)
    partition, whole = lake.partition("rollouts", "policy", "sampling"), chunks(keys, 4, [])
    second = whole[1]
    requests = requests_for(second, Prompts(rows(["p2"]), tmp_path, PromptingSettings()), seed=0)
    lake.append(partition, "rollouts", rollout_rows(requests, [Completion("x", 1, "stop")] * 4, "policy", "sampling"), shard_name(second))
    left = chunks(keys, 4, lake.shards(partition))
    assert [shard_name(shard) for shard in left] == [shard_name(shard) for shard in whole if shard is not second]


def test_a_seed_depends_on_each_of_its_parts() -> None:
    seeds = {rollout_seed(*parts) for parts in [("p", 0, 0, 0), ("q", 0, 0, 0), ("p", 1, 0, 0), ("p", 0, 1, 0), ("p", 0, 0, 1)]}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert rollout_seed("p", 0, 0, 0) == rollout_seed("p", 0, 0, 0)


def identity(
    prompting: PromptingSettings = PROMPTING, sampling: SamplingSettings = SAMPLING, seed: int = 0, hints: dict | None = None
) -> str:
    return sampling_id(prompting, sampling, seed=seed, hints=hints)


@pytest.mark.parametrize(
    "other",
    [
        {"sampling": SamplingSettings(temperature=0.5)},
        {"sampling": SamplingSettings(top_p=0.9)},
        {"sampling": SamplingSettings(max_tokens=7)},
        {"prompting": PromptingSettings(max_pixels=4096)},
        {"seed": 1},
        {"hints": {"p1": ("hard", 0.1)}},
    ],
)
def test_another_distribution_has_another_name(other: dict) -> None:
    assert identity(**other) != identity()


def test_another_prompt_text_has_another_name(tmp_path: Path) -> None:
    own = tmp_path / "own.jinja"
    own.write_text("{{ question }}")
    before = identity(PromptingSettings(template=str(own)))
    own.write_text("{{ question }} Think.")
    assert identity(PromptingSettings(template=str(own))) != before


@pytest.mark.parametrize(
    "same",
    [
        {"sampling": SamplingSettings(rounds=16)},
        {"sampling": SamplingSettings(batch_size=2)},
        {"prompting": PromptingSettings(hints=HintSettings(by_band={}))},
    ],
)
def test_rounds_batches_and_unused_hints_do_not_rename_it(same: dict) -> None:
    assert identity(**same) == identity()


def test_a_request_carries_the_prompt_the_images_and_the_hint(tmp_path: Path) -> None:
    keys = wanted(PROBLEMS, range(1), {"p1": ("hard", 0.2)})
    [request] = requests_for(keys, Prompts(rows(["p1"]), tmp_path, PromptingSettings(), {"p1": ("hard", 0.2)}), seed=0)
    assert request.images == (tmp_path / "ab/x.png",)
    assert request.hint == "hard"
    assert "This problem is hard" in request.prompt
    [plain] = requests_for(keys, Prompts(rows(["p1"]), tmp_path, PromptingSettings()), seed=0)
    assert plain.hint == ""
    assert "hard" not in plain.prompt
