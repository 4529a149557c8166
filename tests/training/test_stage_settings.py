"""Bad settings are errors that say what to do."""

import pytest
from pydantic import ValidationError
from trl import GRPOConfig

from tasks.training.settings import OWNED, StageSettings
from tasks.training.trainer import training_arguments


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"group_size": 1}, "at least 2"),
        ({"group_size": 8, "batch": 60}, "make it 56 or 64"),
        ({"group_size": 8, "batch": 4}, "make it 8"),
        ({"micro_batch": 48}, "choose a divisor"),
        ({"steps": 10, "warmup_steps": 10}, "not below steps"),
        ({"lr_schedule": "warmup_stable_decay"}, "warmup_stable_decay needs them"),
        ({"decay_steps": 8}, "lr_schedule cosine with decay_steps 8"),
        ({"steps": 12, "lr_schedule": "warmup_stable_decay", "decay_steps": 8}, "are more than steps 12"),
        ({"extra": {"num_generations": 4}}, "governed by `group_size`"),
        ({"extra": {"num_iterations": 3}}, "governed by `iterations`"),
        ({"iterations": 3}, "save_every 20 is not a multiple of iterations 3"),
        ({"loss": "grop"}, "'dapo', 'dr_grpo', 'grpo' or 'bnpo'"),
        ({"clip_low": 0.1}, "clip_low 0.1 would never act: with iterations 1"),
        ({"iterations": 2, "clip_high": 1e-6}, "clip_high 1e-06: so narrow a range clips every token"),
        ({"max_grad_norm": 0}, "greater than 0"),
        ({"rollouts": {"correction": {"most": 2.0}}}, "correction would never act: engine transformers"),
        ({"rollouts": {"engine": "vllm", "correction": {"most": 2.0, "least": 3.0}}}, "least 3 is not below most 2"),
        ({"rollouts": {"engine": "vllm", "correction": {"most": None}}}, "without a bound does nothing"),
        ({"extra": {"loss_type": "grpo"}}, "governed by `loss`"),
        ({"extra": {"vllm_importance_sampling_clip_max": 2.0}}, "governed by `rollouts.correction`"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"weighting": {"family": "cubic"}}, "weighting.family"),
        ({"weighting": {"high": 0.5, "low": 2.0}}, "high 0.5 is below low 2.0"),
        ({"refill": {"tries": -1}}, "refill.tries"),
        ({"validation": {"every": 0}}, "validation.every"),
        ({"validation": {"problems": 0}}, "validation.problems"),
        ({"validation": {"samples": 0}}, "validation.samples"),
        ({"hint_dropout": 0.25}, "hint_dropout 0.25 would never act: the stage gives no hints"),
        ({"hints": True, "hint_dropout": 0.5, "group_size": 2}, "hint_dropout 0.5 with group_size 2: an answer is compared with others to"),
        ({"hints": True, "hint_dropout": 0.01}, "hint_dropout 0.01 of group_size 8 asks 0 without the hint and 8 with it"),
        ({"hints": True, "hint_dropout": 0.1}, "asks 1 without the hint and 7 with it, and an answer that has no other"),
        ({"hints": True, "hint_dropout": 0.9}, "asks 7 without the hint and 1 with it"),
        ({"hints": True, "hint_dropout": 1}, "less than 1"),
        ({"hints": "live"}, "hints live: sampler shuffled keeps no estimate that moves"),
        ({"hints": "live", "sampler": "learnability"}, "sampler learnability keeps no estimate that moves"),
        ({"hints": "life"}, "hints 'life' is none of true, false and live (did you mean `live`?)"),
        ({"temprature": 1.0}, "temprature"),
        ({"accelerate": "ddp", "processes": 3}, "cannot be split evenly over 3 processes: make it a multiple of 24, such as 72"),
        ({"accelerate": "ddp", "processes": 2, "micro_batch": 64}, "64 / 2 = 32: make it a divisor of 32"),
        ({"processes": 2}, "give `accelerate`"),
        ({"lora": {"targets": []}}, "targets names no layer"),
        ({"lora": {"vision": True}, "freeze_vision": True}, "contradict each other"),
        ({"rollouts": {"engine": "vllm", "mode": "server"}}, "needs the address of a `vllm serve`"),
        ({"accelerate": "ddp", "processes": 2, "rollouts": {"engine": "vllm", "tensor_parallel": 4}}, "tensor_parallel 4 does not divide"),
        ({"report_to": ["guesswork"]}, "report_to"),
        ({"extra": {"use_vllm": True}}, "governed by `rollouts`"),
        ({"sampler": "liv"}, "no sampler is named 'liv' (did you mean `live`?)"),
        ({"sampler": {"explore": 0.3}}, "explore would never act"),
        ({"sampler": {"floor": 0.5}}, "floor would never act"),
        ({"sampler": {"model": "live", "floor": -0.1}}, "sampler.floor"),
        ({"sampler": {"model": "live", "explore": 1.5}}, "sampler.explore"),
        ({"sampler": {"model": "live", "prior": {"form": "base"}}}, "should be 'from'"),
        ({"sampler": {"model": "learnability", "prior": {"from": None}}}, "blind it draws all problems alike"),
        ({"sampler": {"model": "shuffled", "prior": {"from": None}}}, "prior would never act"),
        ({"sampler": "live", "order": "easy_to_hard"}, "order easy_to_hard with sampler live"),
        ({"weighting": {"prior": "live"}}, "prior live would never act: with prior_strength 0"),
        ({"weighting": {"prior": "live", "prior_strength": 4}}, "sampler shuffled keeps no estimate"),
    ],
)
def test_bad_settings_are_named(settings: dict, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StageSettings(**settings)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("share", "size", "without"), [(0.25, 8, 2), (0.3, 8, 2), (0.3125, 8, 3), (0.75, 8, 6), (0.5, 4, 2), (0.2, 16, 3), (0, 8, 0)]
)
def test_a_dropped_share_is_rounded_to_the_nearest_number_of_completions(share: float, size: int, without: int) -> None:
    assert StageSettings(hints=True, hint_dropout=share, group_size=size).without_hint == without


def test_what_settings_own_are_options_of_trl() -> None:
    assert OWNED.keys() <= set(GRPOConfig.__dataclass_fields__)


def test_settings_reach_trl(tmp_path) -> None:
    settings = StageSettings(batch=32, micro_batch=8, temperature=0.7, loss="dr_grpo", max_grad_norm=None, extra={"weight_decay": 0.1})
    arguments = training_arguments(settings, tmp_path, seed=3)
    assert (arguments.gradient_accumulation_steps, arguments.generation_batch_size, arguments.steps_per_generation) == (4, 32, 4)
    assert (arguments.temperature, arguments.loss_type, arguments.weight_decay, arguments.seed) == (0.7, "dr_grpo", 0.1, 3)
    assert (arguments.scale_rewards, arguments.report_to, arguments.use_vllm, arguments.max_grad_norm) == ("none", [], False, 0.0)
    stable = StageSettings(lr_schedule="warmup_stable_decay", decay_steps=8)
    assert training_arguments(stable, tmp_path, seed=3).lr_scheduler_kwargs == {"num_decay_steps": 8}
    assert StageSettings(weighting={"mode": "multiply"}).weighting.replaces_std is False
    assert training_arguments(StageSettings(weighting={"family": "none"}), tmp_path, seed=3).scale_rewards == "group"
