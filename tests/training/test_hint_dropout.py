"""A share of a hinted problem's completions is asked without the hint, and compared with itself alone."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from trl import GRPOTrainer

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import Policy
from tasks.training.checkpoints import Checkpoints
from tasks.training.groups import Told, grouped
from tasks.training.optimised import optimised
from tasks.training.records import Records
from tasks.training.refilling import Row, teaches
from tasks.training.rewards import Rewards
from tasks.training.settings import StageSettings
from tasks.training.stage import build_trainer, run_stage, stage_problems
from tasks.training.trainer import DifficultyGRPOTrainer
from tasks.training.watching import Watch
from tasks.training.weighting import advantages, weigh
from tests.training.test_validation import interrupt_after
from tests.training.tiny import SETTINGS, mixed_problems, stage_spec, write_stage

HARD, MEDIUM, EASY = 0, 1, 2  # the first problems; of these the easy one has no hint


def settings(**changes: Any) -> StageSettings:
    return StageSettings(**{**SETTINGS.model_dump(), "group_size": 8, "batch": 24, "hint_dropout": 0.25, **changes})


def trainer_of(folder: Path, policy: Policy, grader: Judges, **changes: Any) -> DifficultyGRPOTrainer:
    spec = stage_spec(folder / "stage", policy, write_stage(folder / "stage1.parquet", mixed_problems()), settings(**changes))
    return build_trainer(spec, stage_problems(spec), Rewards(grader), Records("stage"), Checkpoints(folder, 1))


@pytest.fixture(scope="module")
def grader() -> Any:
    with Judges(GradingSettings(workers=1)) as judges:
        yield judges


def told(*hinted: bool) -> list[Told]:
    return [Told("p", 0.5, flag) for flag in hinted]


@pytest.mark.parametrize("mode", ["replace_std", "multiply", "stock"])
def test_each_prompt_is_a_group_as_if_the_problem_had_been_drawn_twice(mode: str) -> None:
    chance = np.random.default_rng(3)
    rewards = chance.integers(0, 2, (5, 8, 2)).astype(float)
    rewards[1, 3] = np.nan
    groups = grouped(told(*([True] * 6 + [False] * 2) * 4, *[False] * 8), rewards)
    assert [(one.hinted, size) for one, size in zip(groups.told, groups.members.sum(axis=1), strict=True)] == [
        *[(True, 6), (False, 2)] * 4,
        (False, 8),
    ]
    weights = weigh(groups.correct / groups.counted, "linear", high=2.0, low=0.5)
    found = groups.in_rows(advantages(groups.combined([1.0, 0.5]), groups.right, weights, mode=mode)[0])
    for row in range(5):
        for part in (slice(0, 6), slice(6, 8)) if row < 4 else (slice(0, 8),):
            own = rewards[row : row + 1, part]
            weight = weigh(np.nanmean(own[:, :, 0], axis=1), "linear", high=2.0, low=0.5)
            alone, _ = advantages(own @ [1.0, 0.5], own[:, :, 0], weight, mode=mode)
            assert found[row, part] == pytest.approx(alone[0])


def test_the_hint_s_own_effect_is_in_no_advantage() -> None:
    """All right with the hint and all wrong without: answers to one prompt do not differ, and nothing is learnt."""
    rewards = np.array([[1.0] * 6 + [0.0] * 2])[:, :, None]
    groups = grouped(told(*[True] * 6, *[False] * 2), rewards)
    values, _ = advantages(groups.combined([1.0]), groups.right, np.ones(2), mode="replace_std")
    assert not groups.in_rows(values).any()
    assert groups.metrics() == {
        "groups/all_right": 0.5,
        "groups/all_wrong": 0.5,
        "groups/unjudged": 0.0,
        "groups/partly_judged": 0.0,
        "hints/accuracy_with": 1.0,
        "hints/accuracy_without": 0.0,
    }
    rows = [Row(0, [], None, float(place < 6), 1, place < 6) for place in range(8)]
    assert not teaches(rows) and teaches([*rows, Row(0, [], None, 1.0, 1, False)])


def test_the_last_completions_of_a_hinted_group_are_asked_without_the_hint(tiny_policy: Policy, grader: Judges, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, tiny_policy, grader)
    output = trainer._generate_and_score_completions([{"index": index} for index in (HARD, EASY, MEDIUM) for _ in range(8)])
    prompts = [ids[mask.bool()].tolist() for ids, mask in zip(output["prompt_ids"], output["prompt_mask"], strict=True)]
    lengths = [len(prompt) for prompt in prompts]
    for start, hinted in ((0, True), (8, False), (16, True)):
        assert prompts[start : start + 6] == [prompts[start]] * 6 and prompts[start + 6] == prompts[start + 7]
        assert (lengths[start] > lengths[start + 7]) == hinted == (prompts[start] != prompts[start + 7])
    rows = [(row["problem_id"], row["hinted"], row["G"]) for row in trainer.records.groups]
    assert rows == [("p0", True, 6), ("p0", False, 2), ("p2", False, 8), ("p1", True, 6), ("p1", False, 2)]
    right = trainer._gathered_rewards[:, 0].numpy()
    parts = {"with": [*range(6), *range(16, 22)], "without": [6, 7, 22, 23]}
    logged = {name: trainer._metrics["train"][f"hints/accuracy_{name}"] for name in parts}
    assert logged == {name: [pytest.approx(right[places].mean())] for name, places in parts.items()}


@pytest.mark.parametrize(("changes", "repeated"), [({}, 1), ({"hint_dropout": 0.0}, 8)])
def test_every_prompt_is_asked_itself_where_a_group_has_two(
    changes: dict, repeated: int, tiny_policy: Policy, grader: Judges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRL asks a server of vLLM every `num_generations`-th prompt alone, for so many answers."""
    seen: list[int] = []
    ask = GRPOTrainer._generate_single_turn

    def noted(self: Any, prompts: Any, images: Any, fields: Any, num_generations: int, *more: Any) -> Any:
        seen.append(num_generations)
        return ask(self, prompts, images, fields, num_generations, *more)

    monkeypatch.setattr(GRPOTrainer, "_generate_single_turn", noted)
    trainer = trainer_of(tmp_path, tiny_policy, grader, **changes)
    trainer._generate_and_score_completions([{"index": HARD} for _ in range(8)] + [{"index": EASY} for _ in range(16)])
    assert seen == [repeated]


def test_a_stage_that_refills_goes_on_to_the_same_end(tiny_policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_stage(tmp_path / "stage1.parquet", mixed_problems())
    asked = settings(steps=4, refill={"tries": 2})
    whole, killed = (stage_spec(tmp_path / name, tiny_policy, file, asked) for name in ("whole", "killed"))
    run_stage(whole)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Watch, "tell", interrupt_after(3))
        run_stage(killed)
    run_stage(killed)
    assert folder_digests(killed.folder) == folder_digests(whole.folder)
    groups = pl.read_parquet(whole.folder / "groups" / "groups.parquet")
    sizes = groups.filter(pl.col("problem_id").is_in(["p0", "p1", "p4", "p5", "p8"])).select("hinted", "G").unique().sort("G")
    assert sizes.rows() == [(False, 2), (True, 6)]


def test_the_share_is_said() -> None:
    said = dict(optimised(settings()))["hints"]
    assert said.startswith("2 of a hinted problem's 8 completions without the hint; each prompt's are a group of their own")
    assert "hints" not in dict(optimised(settings(hint_dropout=0)))
