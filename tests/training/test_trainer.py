"""What a stage does to the policy, and what it records, on a real trainer and a tiny policy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file
from transformers import GenerationConfig
from trl import GRPOTrainer

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade, Verdict
from tasks.lake.lake import RELATIONS
from tasks.policy.identity import Policy
from tasks.policy.loading import load_model, load_processor
from tasks.prompting.settings import PromptingSettings
from tasks.training.checkpoints import Checkpoints
from tasks.training.problems import load_problems
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.settings import StageSettings, WeightingSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer, run_stage
from tasks.training.trainer import training_arguments
from tasks.training.weighting import advantages, shrink, weigh
from tests.training.tiny import SETTINGS, problem, stage_spec, write_stage


def table(spec: StageSpec, relation: str) -> pl.DataFrame:
    return pl.read_parquet(spec.folder / relation / f"{relation}.parquet")


def test_every_parameter_changes_and_nothing_but_parameters(trained: StageSpec) -> None:
    before, after = (load_file(Path(folder) / "model.safetensors") for folder in (trained.policy.model, trained.folder / "policy"))
    assert before.keys() == after.keys()
    assert [name for name in before if torch.equal(before[name], after[name])] == []
    assert {tensor.dtype for tensor in after.values()} == {torch.float32}
    left, right = (GenerationConfig.from_pretrained(folder).to_dict() for folder in (trained.policy.model, trained.folder / "policy"))
    assert left == right
    for name in ("tokenizer.json", "chat_template.jinja", "processor_config.json"):
        assert (trained.folder / "policy" / name).read_text() == Path(trained.policy.model, name).read_text()


def test_the_folder_ends_with_the_policy_and_two_tables(trained: StageSpec) -> None:
    assert sorted(path.name for path in trained.folder.iterdir()) == ["groups", "metrics", "policy"]
    for relation in ("groups", "metrics"):
        assert table(trained, relation).schema == RELATIONS[relation]


def test_groups_tell_what_the_rewards_were(trained: StageSpec) -> None:
    groups, metrics = table(trained, "groups"), table(trained, "metrics")
    assert groups["step"].to_list() == sorted([1, 2, 3, 4, 5, 6] * 4)
    first_order = groups["problem_id"].head(20).to_list()
    assert sorted(first_order[:10]) == sorted(first_order[10:]) == [f"p{number}" for number in range(10)]
    judged = groups.filter(pl.col("problem_id") != "p9")
    assert judged["G"].unique().to_list() == [SETTINGS.group_size]
    assert groups.filter(pl.col("problem_id") == "p9").select("G", "correct", "accuracy", "weight").unique().rows() == [(0, 0, None, 1.0)]
    hinted = dict(groups.select("problem_id", "hinted").unique().rows())
    assert {name for name, with_hint in hinted.items() if with_hint} == {"p0", "p1", "p4", "p5", "p8", "p9"}  # of hard and medium bands
    accuracy = metrics.filter(name="rewards/accuracy/mean").sort("step")["value"]
    expected = judged.group_by("step").agg(pl.col("correct").sum() / pl.col("G").sum()).sort("step")["correct"]
    assert accuracy.to_list() == pytest.approx(expected.to_list())


def test_metrics_have_a_row_for_every_step_and_no_wall_clock(trained: StageSpec) -> None:
    metrics = table(trained, "metrics")
    for name in ("loss", "reward", "rewards/accuracy/mean", "rewards/format/mean", "entropy", "verdicts/unscorable", "weight/mean"):
        assert metrics.filter(name=name)["step"].to_list() == [1, 2, 3, 4, 5, 6], name
    assert [name for name in metrics["name"].unique() if name.startswith(("step_time", "train_", "epoch", "profiling"))] == []


def test_weights_come_from_the_accuracy_reward_alone(trained: StageSpec) -> None:
    """The format's reward weighs half here, and is not in p."""
    groups = table(trained, "groups").filter(pl.col("G") > 0)
    settings = trained.settings.weighting
    assert groups["accuracy"].to_list() == (groups["correct"] / groups["G"]).to_list()
    expected = weigh(groups["accuracy"].to_numpy(), settings.family, high=settings.high, low=settings.low)
    assert groups["weight"].to_list() == pytest.approx(expected.tolist())
    assert groups["accuracy"].n_unique() > 1


@pytest.mark.parametrize(("mode", "normalise"), [("replace_std", False), ("multiply", False), ("replace_std", True), ("multiply", True)])
def test_advantages_of_a_recorded_batch_are_the_weighted_ones(
    mode: str, normalise: bool, tiny_policy: Policy, stage_file: Path, tmp_path: Path
) -> None:
    weighting = WeightingSettings(family="quadratic", mode=mode, prior_strength=3, normalise=normalise)
    settings = SETTINGS.model_copy(update={"steps": 1, "warmup_steps": 0, "weighting": weighting})
    spec = stage_spec(tmp_path, tiny_policy, stage_file, settings)
    with Judges(GradingSettings(workers=1)) as grader:
        records = Records("stage")
        problems = load_problems(stage_file, spec.prompting, hints=True, sees_images=True)
        trainer = build_trainer(spec, problems, Rewards(grader), records, Checkpoints(tmp_path, 1))
        output = trainer._generate_and_score_completions([{"index": index} for index in (0, 3, 9, 5) for _ in range(4)])
    rewards = trainer._gathered_rewards.double().numpy()
    groups = pl.DataFrame(records.groups)
    prior = np.array([0.2, np.nan, 0.5, 0.5])
    weights = weigh(shrink(groups["correct"], groups["G"], prior, 3), "quadratic", high=2.0, low=0.5)
    combined = np.where(np.isnan(rewards).all(axis=1), np.nan, rewards @ [1.0, 0.5]).reshape(4, 4)
    expected, _ = advantages(combined, rewards[:, 0].reshape(4, 4), weights, mode=mode, normalise=normalise)
    factors = groups["weight"].to_numpy() / weights
    assert factors == pytest.approx(factors[0])
    assert normalise or factors[0] == pytest.approx(1.0)
    assert output["advantages"].tolist() == pytest.approx(expected.flatten().tolist(), abs=1e-5)
    assert groups["advantage_std"].to_list() == pytest.approx(expected.std(axis=1).tolist(), abs=1e-5)
    assert list(trainer._logs["advantages"]) == pytest.approx(output["advantages"].tolist())
    assert np.abs(expected).max() > 0


def test_without_weights_it_is_stock_trl(tiny_policy: Policy, tmp_path: Path) -> None:
    rows = [problem(number) for number in range(16)]
    settings = SETTINGS.model_copy(update={"steps": 4, "hints": False, "weighting": WeightingSettings(family="none"), "save_every": 9})
    spec = stage_spec(tmp_path, tiny_policy, write_stage(tmp_path / "stage1.parquet", rows), settings)
    run_stage(spec)
    ours = table(spec, "metrics").filter(name="loss")["value"].to_list()
    problems = load_problems(spec.problems, spec.prompting, hints=False, sees_images=True)
    stock_rows = [{**problems[index], "prompt": plain_prompt(problems[index]["prompt"])} for index in range(16)]
    with Judges(GradingSettings(workers=1)) as grader:
        rewards = Rewards(grader)
        trainer = GRPOTrainer(
            model=load_model(tiny_policy),
            reward_funcs=[rewards.accuracy, rewards.format],
            args=training_arguments(settings, tmp_path / "stock", seed=spec.seed),
            train_dataset=Dataset.from_list(stock_rows),
            processing_class=load_processor(tiny_policy, PromptingSettings()),
        )
        trainer.train()
    stock = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert ours == stock  # to the bit
    assert len({*ours}) == 4
    trained = load_file(spec.folder / "policy" / "model.safetensors")
    theirs = trainer.model.state_dict()
    assert all(torch.equal(trained[name], theirs[name]) for name in trained if name in theirs)


def plain_prompt(messages: list[dict]) -> list[dict]:
    """The prompt as a string without its image, which TRL puts first."""
    return [{"role": "user", "content": "".join(part.get("text", "") for part in messages[0]["content"])}]


class SomeUnjudged(Rewards):
    """Rewards of which every third completion's cannot be told, as after a time-out of its grading."""

    def _grade(self, completions: Any, *golds: Any) -> list[Grade]:
        grades = super()._grade(completions, *golds)
        return [grade if place % 3 else replace(grade, verdict=Verdict.timeout) for place, grade in enumerate(grades)]


def test_completions_that_cannot_be_judged_are_left_out_of_their_group(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    spec = stage_spec(tmp_path, tiny_policy, stage_file)
    with Judges(spec.grading) as grader:
        problems = load_problems(stage_file, spec.prompting, hints=True, sees_images=True)
        trainer = build_trainer(spec, problems, SomeUnjudged(grader), Records("stage"), Checkpoints(tmp_path, 1))
        output = trainer._generate_and_score_completions([{"index": index} for index in (0, 3, 9, 5) for _ in range(4)])
    groups = pl.DataFrame(trainer.records.groups)
    assert groups["G"].to_list() == [2, 3, 0, 2]  # the first, fourth, … of all are not judged; p9 has no answer that could be
    rewards = trainer._gathered_rewards.double().numpy()
    judged = ~np.isnan(rewards[:, 0])
    assert (output["advantages"].numpy()[~judged] == 0).all()
    solved = np.where(judged, rewards[:, 0], 0).reshape(4, 4).sum(axis=1)
    assert groups["correct"].to_list() == solved.tolist()
    combined = np.where(judged, rewards @ [1.0, 0.5], np.nan).reshape(4, 4)
    weights = weigh(shrink(groups["correct"], groups["G"], np.full(4, np.nan), 0), "exponential", high=2.0, low=0.5)
    expected, _ = advantages(combined, rewards[:, 0].reshape(4, 4), weights, mode="replace_std")
    assert output["advantages"].tolist() == pytest.approx(expected.flatten().tolist(), abs=1e-5)
    logged = trainer._metrics["train"]
    assert (logged["groups/partly_judged"], logged["groups/unjudged"]) == ([0.75], [0.25])
    assert trainer._metrics["eval"]["verdicts/timeout"][0] > 0  # TRL takes a model that is not in training for an evaluated one


@pytest.mark.parametrize("order", [[7, 6, 0, 7], [7, 7, 7, 7]])
def test_a_batch_may_have_problems_without_images(order: list[int], tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    spec = stage_spec(tmp_path, tiny_policy, stage_file)
    with Judges(spec.grading) as grader:
        problems = load_problems(stage_file, spec.prompting, hints=True, sees_images=True)
        trainer = build_trainer(spec, problems, Rewards(grader), Records("stage"), Checkpoints(tmp_path, 1))
        output = trainer._generate_and_score_completions([{"index": index} for index in order for _ in range(4)])
        loss = trainer._compute_loss(trainer.model, output)
    assert torch.isfinite(loss)
    assert output["completion_ids"].shape[0] == 16


def test_the_reference_policy_and_gradient_checkpointing_work(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    changes = {"steps": 3, "beta": 0.1, "gradient_checkpointing": True, "micro_batch": 4, "save_every": 9}
    spec = stage_spec(tmp_path, tiny_policy, stage_file, StageSettings(**{**SETTINGS.model_dump(), **changes}))
    run_stage(spec)
    assert table(spec, "metrics").filter(name="kl")["value"].to_list()[-1] > 0
    assert len(table(spec, "groups")) == 12
