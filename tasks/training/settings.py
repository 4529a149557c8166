"""A training stage's settings. Defaults are ours, measured on the starter policy; the paper prints none of them."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tasks.settings import Settings

Family = Literal["none", "linear", "quadratic", "inverse", "exponential", "steep_exponential"]

OWNED = {
    "output_dir": "the lake's",
    "seed": "the recipe's seed",
    "max_steps": "`steps`",
    "learning_rate": "`learning_rate`",
    "num_generations": "`group_size`",
    "per_device_train_batch_size": "`batch` and `micro_batch`",
    "gradient_accumulation_steps": "`batch` and `micro_batch`",
    "generation_batch_size": "`batch`",
    "steps_per_generation": "`batch` and `micro_batch`",
    "warmup_steps": "`warmup_steps`",
    "lr_scheduler_type": "`lr_schedule`",
    "adam_beta2": "`adam_beta2`",
    "max_grad_norm": "`max_grad_norm`",
    "beta": "`beta`",
    "temperature": "`temperature`",
    "top_p": "`top_p`",
    "max_completion_length": "`max_tokens`",
    "scale_rewards": "`weighting`",
    "multi_objective_aggregation": "`weighting`",
    "reward_weights": "`format_reward`",
    "save_steps": "`save_every`",
    "save_strategy": "`save_every`",
    "save_total_limit": "`keep_checkpoints`",
    "logging_steps": "the metrics table, which has a row for every step",
    "gradient_checkpointing": "`gradient_checkpointing`",
    "bf16": "`autocast`",
}
"""Options of TRL's GRPOConfig that `extra` may not set, and what sets them instead."""


class WeightingSettings(Settings):
    """How a group's accuracy p weighs its advantages: `weighting.FAMILIES[family]` falls from `high` at p = 0 to `low` at p = 1.

    `mode` "replace_std" puts the weight in the place of the division by the group's standard deviation (the paper); "multiply" keeps
    that division. `family` "none" is stock GRPO in either mode. `prior_strength` c draws p towards the offline accuracy as if that had
    been seen in c more completions; 0 is the paper.

    `normalise` (ours; off is the paper) multiplies a step's weights by one factor, by which the advantages of the step are on average as
    large (mean absolute value over all processes) as stock GRPO's on the same completions. A family then changes which groups count how
    much and no longer how large the steps are: without it "replace_std" is also a smaller learning rate, and a family whose weights
    are mostly above or below 1 also another one. The factor's maths is in `weighting.normalised`.
    """

    family: Family = "exponential"
    high: float = Field(default=2.0, gt=0)
    low: float = Field(default=0.5, gt=0)
    mode: Literal["replace_std", "multiply"] = "replace_std"
    prior_strength: float = Field(default=0.0, ge=0)
    normalise: bool = False

    @model_validator(mode="after")
    def ends_are_ordered(self) -> "WeightingSettings":
        if self.high < self.low:
            raise ValueError(f"high {self.high} is below low {self.low}: hard problems must weigh at least as much as easy ones; swap them")
        return self

    @property
    def replaces_std(self) -> bool:
        return self.family != "none" and self.mode == "replace_std"


class RefillSettings(Settings):
    """What is done about groups that cannot teach: all answers right, all wrong, or none that could be judged.

    With `tries` 0, the paper, they stay in the batch. Else other problems are drawn in their place and answered, at most `tries` times a
    step, and the groups among them that have both right and wrong answers take the places (dynamic sampling as in DAPO, arXiv
    2503.14476, but bounded). Places for which none is found keep the group they had. The completions spent on this are metrics
    (`refill/completions`, `refill/tokens`), and their tokens are in `num_tokens`. Which problems are drawn follows from seed and step.
    """

    tries: int = Field(default=0, ge=0)


class ValidationSettings(Settings):
    """How the policy is watched on problems that it is not trained on: before the first step, then every `every` steps and after the last.

    Asked are `problems` of the recipe's validation problems (null: all; the same ones in every stage and for every seed), `samples`
    times each, with the stage's temperature, top_p and max_tokens and without hints. The metric is `validation/accuracy`, the mean over
    problems. The answers have random numbers of their own, so training is the same with and without them. `keep_best` leaves the policy
    of the evaluation with the highest accuracy (of several the latest) in place of the last one.
    """

    every: int = Field(default=10, ge=1)
    problems: int | None = Field(default=None, ge=1)
    samples: int = Field(default=4, ge=1)
    keep_best: bool = False


class CollapseSettings(Settings):
    """When a stage is given up because its policy is collapsing: the mean reward of the last `window` steps has stayed below (1 - `drop`)
    of the best such mean for `patience` steps in a row. The means smooth the noise of single steps; `patience` null never gives up."""

    window: int = Field(default=30, ge=1)
    drop: float = Field(default=0.35, gt=0, lt=1)
    patience: int | None = Field(default=20, ge=1)


class StageSettings(Settings):
    """One GRPO stage.

    `batch` is the number of completions of one step over all processes: `batch / group_size` problems, `group_size` completions each;
    `micro_batch` (default: all) is how many go through the model at once on one process. `hints` puts difficulty hints into the prompts.
    `format_reward` is the weight of a kept format beside a right answer's 1. `beta` weighs the KL penalty (0 loads no reference model).
    `dtype` is the weights' while training; `autocast` computes in bfloat16 on GPUs that can, never on a CPU. `accelerate` is a config
    file of `accelerate launch`, for several GPUs or machines; without it one process trains on one GPU or the CPU. `save_every` and
    `keep_checkpoints` change nothing in the result. `validation` null does not evaluate. `extra` holds further options of TRL's
    `GRPOConfig`.
    """

    steps: int = Field(default=120, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    group_size: int = 8
    batch: int = Field(default=64, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    warmup_steps: int = Field(default=10, ge=0)
    lr_schedule: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    adam_beta2: float = Field(default=0.98, gt=0, lt=1)
    max_grad_norm: float = Field(default=0.2, gt=0)
    beta: float = Field(default=0.0, ge=0)
    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    hints: bool = False
    weighting: WeightingSettings = WeightingSettings()
    format_reward: float = Field(default=0.1, ge=0)
    refill: RefillSettings = RefillSettings()
    validation: ValidationSettings | None = None
    collapse: CollapseSettings = CollapseSettings()
    dtype: Literal["float32", "bfloat16"] = "float32"
    autocast: bool = True
    gradient_checkpointing: bool = False
    accelerate: Path | None = None
    save_every: int = Field(default=20, ge=1)
    keep_checkpoints: int = Field(default=1, ge=1)
    extra: dict[str, Any] = Field(default_factory=dict)

    @field_validator("group_size")
    @classmethod
    def group_can_be_compared(cls, group_size: int) -> int:
        if group_size < 2:
            raise ValueError(f"group_size {group_size}: GRPO compares the completions of a group with each other, so it needs at least 2")
        return group_size

    @field_validator("extra")
    @classmethod
    def extra_is_free(cls, extra: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        for name in sorted(extra.keys() & OWNED.keys()):
            raise ValueError(f"extra.{name} is not free to set: it is governed by {OWNED[name]}")
        return extra

    @model_validator(mode="after")
    def batch_divides(self) -> "StageSettings":
        if self.batch % self.group_size:
            below, above = self.batch // self.group_size * self.group_size, -(-self.batch // self.group_size) * self.group_size
            ways = " or ".join(str(size) for size in (below, above) if size)
            raise ValueError(
                f"batch {self.batch} is not a multiple of group_size {self.group_size}, so groups would be cut: make it {ways}"
            )
        if self.batch % (self.micro_batch or self.batch):
            raise ValueError(f"batch {self.batch} is not a multiple of micro_batch {self.micro_batch}: choose a divisor of batch")
        if self.warmup_steps >= self.steps and self.warmup_steps:
            raise ValueError(f"warmup_steps {self.warmup_steps} is not below steps {self.steps}: the learning rate would never be reached")
        if self.save_every % self.extra.get("num_iterations", 1):
            raise ValueError(f"save_every {self.save_every} is not a multiple of extra.num_iterations: it would part the uses of a batch")
        return self
