"""What a stage says that it maximises is what its trainer computes, and what is watched of it is what happened."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy
from tasks.training.checkpoints import Checkpoints
from tasks.training.optimised import optimised
from tasks.training.problems import load_problems
from tasks.training.records import Records
from tasks.training.rewards import Rewards
from tasks.training.settings import StageSettings, WeightingSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import build_trainer, run_stage
from tasks.training.trainer import DifficultyGRPOTrainer
from tests.training.tiny import SETTINGS, problem, stage_spec, write_stage

MIXED = [{"index": index} for index in range(6) for _ in range(8)]


def settings(**changes: Any) -> StageSettings:
    return StageSettings(**{**SETTINGS.model_dump(), "hints": False, **changes})


def trainer_of(folder: Path, policy: Policy, grader: Judges, **changes: Any) -> DifficultyGRPOTrainer:
    """A trainer on six problems, whose groups of eight answers are right now and then."""
    rows = [problem(number) for number in range(6)]
    asked = settings(group_size=8, batch=48, max_tokens=6, **changes)
    spec = stage_spec(folder / "stage", policy, write_stage(folder / "stage1.parquet", rows), asked)
    problems = load_problems(spec.problems, spec.prompting, hints=False, sees_images=True)
    torch.manual_seed(0)
    trainer = build_trainer(spec, problems, Rewards(grader), Records("stage"), Checkpoints(folder, 1))
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    return trainer


def gradient(trainer: DifficultyGRPOTrainer, batch: dict[str, Any]) -> torch.Tensor:
    """The gradient of a batch's loss, as one vector."""
    trainer.model.zero_grad()
    trainer._compute_loss(trainer.model, batch).backward()
    return torch.cat([weight.grad.flatten() for weight in trainer.model.parameters() if weight.grad is not None])


def reweighted(trainer: DifficultyGRPOTrainer, batch: dict[str, Any], **weighting: Any) -> dict[str, Any]:
    """The same batch with the advantages of another weighting."""
    trainer.weighting = WeightingSettings(**weighting)
    stock = batch["advantages"].double().numpy().reshape(-1, 8)
    *_, values = trainer._weighted([trainer.problems[row["index"]] for row in MIXED], stock)
    return {**batch, "advantages": torch.as_tensor(values.flatten()).float()}


@pytest.fixture(scope="module")
def grader() -> Any:
    with Judges(GradingSettings(workers=1)) as judges:
        yield judges


def test_families_and_ends_change_the_direction_of_a_step_and_normalising_its_size_alone(
    tiny_policy: Policy, grader: Judges, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = trainer_of(tmp_path, tiny_policy, grader)
    batch = trainer._generate_and_score_completions(MIXED)
    shares = {group["accuracy"] for group in trainer.records.groups}
    assert len(shares - {0.0, 1.0}) > 1  # mixed groups, of several accuracies
    ends = {"high": 2.0, "low": 0.5}
    made = {
        "constant": reweighted(trainer, batch, family="constant"),
        "linear": reweighted(trainer, batch, family="linear", **ends),
        "steep": reweighted(trainer, batch, family="steep_exponential", **ends),
        "normalised": reweighted(trainer, batch, family="steep_exponential", normalise=True, **ends),
    }
    found = {name: gradient(trainer, values) for name, values in made.items()}

    def cosine(one: str, other: str) -> float:
        return float(torch.nn.functional.cosine_similarity(found[one], found[other], dim=0))

    with capsys.disabled():
        print(f"\ncosine of first gradients: linear and steep exponential {cosine('linear', 'steep'):.4f}", end=" ")
    assert cosine("linear", "steep") < 0.995 and cosine("constant", "steep") < 0.99
    assert cosine("steep", "normalised") == pytest.approx(1, abs=1e-5)
    factor = made["normalised"]["advantages"].abs().sum() / made["steep"]["advantages"].abs().sum()
    assert factor != pytest.approx(1, abs=0.05)
    assert found["normalised"].norm() / found["steep"].norm() == pytest.approx(float(factor), rel=1e-4)


def test_losses_are_divided_as_their_formulas_say(tiny_policy: Policy, grader: Judges, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, tiny_policy, grader)
    batch = trainer._generate_and_score_completions(MIXED)
    tokens, advantages = batch["completion_mask"].sum(1), batch["advantages"]
    assert len(set(tokens.tolist())) > 1  # else the losses are all one
    expected = {
        "dapo": (tokens * advantages).sum() / tokens.sum(),
        "bnpo": (tokens * advantages).sum() / tokens.sum(),
        "dr_grpo": (tokens * advantages).sum() / (48 * 6),
        "grpo": advantages.mean(),
    }
    for loss, value in expected.items():
        trainer.loss_type = loss
        assert float(trainer._compute_loss(trainer.model, batch).detach()) == pytest.approx(-float(value), abs=1e-6), loss


def test_answers_that_were_cut_off_leave_the_loss_but_not_their_group(tiny_policy: Policy, grader: Judges, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, tiny_policy, grader, mask_truncated=True)
    batch = trainer._generate_and_score_completions(MIXED)
    kept = batch["completion_mask"].sum(1) > 0
    cut = trainer._metrics["train"]["completions/clipped_ratio"][-1]
    assert 0 < cut == pytest.approx(float((~kept).float().mean()))
    assert {group["G"] for group in trainer.records.groups} == {8}


def test_the_share_of_bounded_ratios_counts_what_was_dropped_or_truncated(tiny_policy: Policy, grader: Judges, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, tiny_policy, grader)
    mask = torch.tensor([[1, 1], [1, 0]])
    assert trainer._corrected({"completion_mask": mask}) == {}
    ratios = {"completion_mask": mask, "importance_sampling_ratio": torch.tensor([[0.0], [1.1]])}
    assert trainer._corrected(ratios) == {"importance/bounded": 0.5}
    trainer.args.vllm_importance_sampling_mode = "token_truncate"
    ratios["importance_sampling_ratio"] = torch.tensor([[3.0, 1.1], [0.9, 3.0]])
    assert trainer._corrected(ratios) == {"importance/bounded": pytest.approx(1 / 3)}


def test_the_format_goes_by_whether_the_chat_template_opens_the_thought(tiny_policy: Policy, grader: Judges, tmp_path: Path) -> None:
    assert not trainer_of(tmp_path / "closed", tiny_policy, grader).rewards.opened
    folder = shutil.copytree(tiny_policy.model, tmp_path / "policy")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text() + "{% if add_generation_prompt %}<think>\n{% endif %}")
    assert trainer_of(tmp_path / "opened", tiny_policy.model_copy(update={"model": str(folder)}), grader).rewards.opened


def series(spec: StageSpec, name: str) -> dict[int, float]:
    metrics = pl.read_parquet(spec.folder / "metrics" / "metrics.parquet").filter(name=name)
    return dict(metrics.select("step", "value").iter_rows())


def test_a_stage_tells_where_its_gradient_was_clipped_and_how_long_answers_were(trained: StageSpec) -> None:
    norms, clipped = series(trained, "grad_norm"), series(trained, "gradient/clipped")
    most = trained.settings.max_grad_norm
    assert most and clipped == {step: float(norm > most) for step, norm in norms.items()}
    assert len(clipped) == trained.settings.steps
    lengths, right, wrong = (series(trained, f"completions/mean_length{part}") for part in ("", "_right", "_wrong"))
    assert right.keys() | wrong.keys() == lengths.keys()
    assert any(min(right[step], wrong[step]) <= lengths[step] <= max(right[step], wrong[step]) for step in right.keys() & wrong.keys())
    assert series(trained, "importance/bounded") == {} == series(trained, "kl")  # neither vLLM nor a penalty here


def test_a_batch_is_used_as_often_as_asked_and_no_gradient_is_clipped_where_none_is_to_be(tiny_policy: Policy, tmp_path: Path) -> None:
    stage = settings(steps=4, iterations=2, save_every=4, max_grad_norm=None, clip_low=1e-3, clip_high=1e-3, beta=0.01)
    spec = stage_spec(tmp_path / "stage", tiny_policy, write_stage(tmp_path / "stage1.parquet", [problem(n) for n in range(6)]), stage)
    run_stage(spec)
    groups = pl.read_parquet(spec.folder / "groups" / "groups.parquet")
    assert groups["step"].unique().sort().to_list() == [1, 3]
    assert set(series(spec, "gradient/clipped").values()) == {0.0}
    met = series(spec, "clip_ratio/region_mean")
    assert met[1] == met[3] == 0 < met[4]  # the ratio is 1 at the first use of a batch (and at the second after a step of warm-up)
    assert series(spec, "kl")[4] > 0


def told(stage: StageSettings) -> dict[str, str]:
    return dict(optimised(stage))


def test_what_is_optimised_is_said_with_its_numbers() -> None:
    said = told(StageSettings(steps=40, loss="dr_grpo", iterations=2, clip_high=0.3, beta=0.01, max_tokens=512, max_grad_norm=None))
    assert said["minimised"] == "L = Σ −min(r A, clip(r, 0.8, 1.3) A) / N + 0.01 KL, over completions' tokens"
    assert "completions × 512 tokens" in said["N"] and "used 2 times" in said["r"] and said["gradient"] == "never clipped"
    assert said["w(p)"] == "exponential, 2 at p = 0 to 0.5 at p = 1" and not {"p", "normalised", "also"} & said.keys()
    plain = told(StageSettings(weighting={"family": "none"}, extra={"weight_decay": 0.1}, mask_truncated=True))
    assert plain["A"].startswith("(reward − group mean) / (group std") and plain["also"] == "weight_decay 0.1"
    assert (
        "never acts" in plain["r"] and plain["KL"] == "no penalty, and not measured" and "left out of the loss" in plain["cut-off answers"]
    )
    served = told(StageSettings(rollouts={"engine": "vllm"}, weighting={"family": "constant"}))
    assert served["correction"] == "loss × π / π_vLLM of each completion, dropped above 3"
    assert served["w(p)"] == "1" and "not divided" in served["A"]
    shrunk = told(StageSettings(weighting={"prior_strength": 4, "mode": "multiply", "normalise": True}))
    assert shrunk["p"] == "(right + 4 × prior) / (G + 4)" and "/ (group std" in shrunk["A"] and "normalised" in shrunk
    assert shrunk["problems"] == "all in turn, shuffled anew for each pass"
    assert told(StageSettings(order="hard_to_easy"))["problems"].startswith("all in turn, from hard to easy by their priors")
    live = told(StageSettings(sampler={"model": "live", "prior": {"from": "base"}}, weighting={"prior_strength": 4, "prior": "live"}))
    assert live["problems"].endswith("as live estimates it, from base's profile; 5% of them uniformly") and "live prior" in live["p"]
