"""A training stage's settings. Defaults are those of a real run, on a pretrained model of a billion weights or more, and ours: the paper
prints none of them. The starter policy is a thousand times smaller and learns at other ones, which stand in its recipe."""

from math import floor, lcm
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from tasks.base.errors import InputError, did_you_mean
from tasks.base.settings import Settings
from tasks.policy.dtypes import known_dtype
from tasks.sampling.settings import Distribution
from tasks.training.objective import Objective
from tasks.training.sampler import Order, Sampler, SamplerSettings


def known_family(name: str) -> str:
    """The name of a weight family. Raises ValueError that lists those there are; only where a recipe names one is NumPy loaded for it."""
    from tasks.training.weighting import FAMILIES

    if name not in FAMILIES:
        raise ValueError(f"no weight family is named {name!r}{did_you_mean(name, FAMILIES)}; use one of {', '.join(FAMILIES)}")
    return name


def known_hints(given: Any) -> Any:
    """Whether hints are given. Raises ValueError for a word that says nothing of it."""
    words = ("live", "true", "false")
    if str(given).lower() not in words:
        raise ValueError(f"hints {given!r} is none of true, false and live{did_you_mean(str(given), words)}")
    return given


Family = Annotated[str, AfterValidator(known_family)]
Hints = Annotated[bool | Literal["live"], BeforeValidator(known_hints)]
Tracker = Literal["tensorboard", "wandb", "trackio"]

WHOLE_RATE, LORA_RATE = 1e-6, 1e-5
"""The learning rates that stages have by default: of whole weights, and of an adapter, whose weights begin at zero."""

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
    "lr_scheduler_kwargs": "`decay_steps`",
    "adam_beta2": "`adam_beta2`",
    "max_grad_norm": "`max_grad_norm`",
    "beta": "`beta`",
    "loss_type": "`loss`",
    "epsilon": "`clip_low`",
    "epsilon_high": "`clip_high`",
    "num_iterations": "`iterations`",
    "mask_truncated_completions": "`mask_truncated`",
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
    "use_liger_kernel": "`liger`",
    "report_to": "`report_to` beside `extra`",
    "use_vllm": "`rollouts`",
    "vllm_mode": "`rollouts`",
    "vllm_server_base_url": "`rollouts`",
    "vllm_server_host": "`rollouts`",
    "vllm_server_port": "`rollouts`",
    "vllm_server_timeout": "`rollouts`",
    "vllm_group_port": "`rollouts`",
    "vllm_gpu_memory_utilization": "`rollouts`",
    "vllm_tensor_parallel_size": "`rollouts`",
    "vllm_max_model_length": "`rollouts`",
    "vllm_enable_sleep_mode": "`rollouts`",
    "vllm_importance_sampling_correction": "`rollouts.correction`",
    "vllm_importance_sampling_mode": "`rollouts.correction`",
    "vllm_importance_sampling_clip_max": "`rollouts.correction`",
    "vllm_importance_sampling_clip_min": "`rollouts.correction`",
    "vllm_importance_sampling_cap": "`rollouts.correction`",
    "model_init_kwargs": "`policy` and `dtype`",
}
"""Options of TRL's GRPOConfig that `extra` may not set, and what sets them instead."""


class WeightingSettings(Settings):
    """How a group's accuracy p weighs its advantages: `weighting.FAMILIES[family]` falls from `high` at p = 0 to `low` at p = 1.

    `mode` "replace_std" puts the weight in the place of the division by the group's standard deviation (the paper); "multiply" keeps
    that division. Two families do not fall: "none" is stock GRPO, 1 with that division, in either mode; "constant" is Dr. GRPO's (arXiv
    2503.20783), 1 without it, and what other families are to be compared with. `prior_strength` c draws p towards the one expected before
    the step as if that had been seen in c more completions; 0 is the paper. `prior` is whose expectation: "stored" the profile's, "live"
    that of the stage's `sampler`, which knows what the steps before taught.

    A weight acts on what of an advantage is for right answers (ours). What is for a kept format stays as it is, and is left out with the
    rest where accuracy gives no signal (all right, all wrong): without a weight of its own a slip in a group of wrong answers would count
    for more than a group half of which is right. "none" alone is TRL's to the bit, such groups included.

    `normalise` (ours; off is the paper) multiplies a step's advantages by one factor, by which they are on average as large (mean
    absolute value over all processes, of groups with a signal) as stock GRPO's on the same completions. The factor's maths is in
    `weighting.advantages`.

    What a family changes is which groups count how much beside each other in a step. Its size is another matter: Adam divides by the size
    of recent gradients, so `high` and `low` times ten change little but what a kept format counts for; `max_grad_norm` makes steps equal
    where it binds; `normalise` does so for the advantages of each step; and `learning_rate` alone says how far steps go. Compare families
    with a clip that hardly binds, normalised or each at a learning rate of its own.
    """

    family: Family = "exponential"
    high: float = Field(default=2.0, gt=0)
    low: float = Field(default=0.5, gt=0)
    mode: Literal["replace_std", "multiply"] = "replace_std"
    prior_strength: float = Field(default=0.0, ge=0)
    prior: Literal["stored", "live"] = "stored"
    normalise: bool = False

    @model_validator(mode="after")
    def prior_acts(self) -> "WeightingSettings":
        if self.prior == "live" and not self.prior_strength:
            raise ValueError("prior live would never act: with prior_strength 0 no weight looks at a prior; give it one, such as 4")
        return self

    @model_validator(mode="after")
    def ends_are_ordered(self) -> "WeightingSettings":
        if self.high < self.low:
            raise ValueError(f"high {self.high} is below low {self.low}: hard problems must weigh at least as much as easy ones; swap them")
        if self.family == "constant" and self.mode == "multiply":
            raise ValueError(
                "family constant is 1 without the standard deviation, and mode multiply keeps that: give family none for 1 with it"
            )
        return self

    @property
    def applied(self) -> Literal["stock", "replace_std", "multiply"]:
        """How `weighting.advantages` is to make advantages."""
        return "stock" if self.family == "none" else self.mode

    @property
    def replaces_std(self) -> bool:
        return self.applied == "replace_std"


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

    def times(self, steps: int) -> int:
        """How often a stage of so many steps is watched."""
        return 1 + -(-steps // self.every)


class CollapseSettings(Settings):
    """When a stage is given up because its policy is collapsing: the mean reward of the last `window` steps has stayed below (1 - `drop`)
    of the best such mean for `patience` steps in a row. The means smooth the noise of single steps; `patience` null never gives up."""

    window: int = Field(default=30, ge=1)
    drop: float = Field(default=0.35, gt=0, lt=1)
    patience: int | None = Field(default=20, ge=1)


class LoraSettings(Settings):
    """Train a LoRA adapter (arXiv 2106.09685) on frozen weights instead of the weights themselves.

    The adapter has `rank` and the factor `alpha / rank`; `dropout` is its input's while training. `targets` are the linear layers that
    carry it, by the last part of their names (["q_proj", "v_proj"]), or "all-linear": every one but the output head. `vision` puts it on
    the vision tower too. `quantize` "4bit" keeps the frozen weights in NF4 with double quantization (QLoRA, arXiv 2305.14314): needs a
    GPU and bitsandbytes. A policy that already has an adapter, such as the stage before, goes on with that one, which must agree.
    """

    rank: int = Field(default=32, ge=1)
    alpha: float = Field(default=64.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    vision: bool = False
    quantize: Literal["4bit"] | None = None

    @field_validator("targets")
    @classmethod
    def some_target(cls, targets: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not all(targets) or not targets:
            raise ValueError("targets names no layer: give the last parts of linear layers' names, or all-linear")
        return targets


class CorrectionSettings(Settings):
    """How a token's loss is corrected for being drawn by vLLM, whose probabilities are not quite the trained model's: times
    w = p_model / p_vllm, which is kept within `least` and `most`.

    `level` "sequence" takes one w, the product over a completion's tokens, "token" one for each token. `beyond` "drop" makes a w outside
    the bounds 0, "truncate" brings it to the bound. Truncated importance sampling is Yao et al.'s, dropping whole sequences Liu et al.'s
    (both 2025, on the mismatch of engines); sequence, drop and 3.0 are TRL 1.16's defaults; null bounds nothing on that side.
    """

    level: Literal["sequence", "token"] = "sequence"
    beyond: Literal["drop", "truncate"] = "drop"
    most: float | None = Field(default=3.0, gt=0)
    least: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def bounds_are_ordered(self) -> "CorrectionSettings":
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError(f"least {self.least:g} is not below most {self.most:g}: no ratio would be kept; lower least, or raise most")
        if self.most is None and self.least is None:
            raise ValueError(f"beyond {self.beyond} without a bound does nothing: give most, such as 3.0, or least")
        return self

    @property
    def in_trl(self) -> dict[str, Any]:
        """All this in the words of TRL's GRPOConfig."""
        return {
            "vllm_importance_sampling_correction": True,
            "vllm_importance_sampling_mode": f"{self.level}_{'mask' if self.beyond == 'drop' else 'truncate'}",
            "vllm_importance_sampling_clip_max": self.most,
            "vllm_importance_sampling_clip_min": self.least,
        }


class RolloutSettings(Settings):
    """What generates the completions that a stage learns from.

    "transformers" generates with the trained model itself and runs anywhere. "vllm" is TRL's, needs GPUs, and `correction` corrects for
    the two engines' different probabilities by importance sampling (null: it does not). `mode`
    "colocate" runs vLLM in the training processes, on their GPUs: it takes the share `memory` of each, `tensor_parallel` processes hold
    one copy, `context` is the longest prompt plus completion in tokens (None: the model's own), and `sleep` gives its memory back
    during the optimizer's step. "server" asks `vllm serve` at `base_url`, on GPUs of its own, which is waited for `timeout_s` seconds
    and gets the new weights at every step through the port `group_port`.
    """

    engine: Literal["transformers", "vllm"] = "transformers"
    mode: Literal["colocate", "server"] = "colocate"
    memory: float = Field(default=0.3, gt=0, le=1)
    tensor_parallel: int = Field(default=1, ge=1)
    context: int | None = Field(default=None, ge=1)
    sleep: bool = False
    correction: CorrectionSettings | None = CorrectionSettings()
    base_url: str | None = None
    timeout_s: float = Field(default=240.0, gt=0)
    group_port: int = Field(default=51216, ge=1, le=65535)

    @model_validator(mode="after")
    def server_has_an_address(self) -> "RolloutSettings":
        if self.engine == "vllm" and self.mode == "server" and not (self.base_url or "").startswith(("http://", "https://")):
            raise ValueError(f"base_url {self.base_url!r}: mode server needs the address of a `vllm serve`, such as http://10.0.0.7:8000")
        if self.engine == "transformers" and self.correction not in (None, CorrectionSettings()):
            raise ValueError(
                "correction would never act: engine transformers draws with the trained model itself; leave it out, or use vllm"
            )
        return self


class StageSettings(Objective, Distribution):
    """One GRPO stage: it maximises its `Objective`, on completions that are drawn as the profile's are by default (see `Distribution`).

    `batch` is the number of completions of one step over all processes: `batch / group_size` problems, `group_size` completions each;
    `micro_batch` (default: all) is how many go through the model at once on one process. `hints` puts difficulty hints into the prompts:
    true by a problem's band when the stage was chosen, live (ours) by the band of the accuracy that `sampler` expects when a step begins:
    that of the problem as the stage asks it, hint included, so a hint that helps may make way for a milder one.

    `hint_dropout` (ours; 0 is the paper) is the share of a hinted problem's completions that are asked without the hint, so that the prompt
    without one, which evaluation and use have, is trained on, too: the last ones of each group, in number rounded to the nearest (halves
    up). Completions are compared with those of the same prompt alone. The two prompts make two groups, with a p, a mean, a deviation and a
    weight of their own, as if the problem had been drawn twice; one that is all right or all wrong teaches nothing. One mean over both
    would leave the expected gradient as it is (a baseline that no answer changes adds nothing to it: Williams 1992) and its noise larger:
    the hint's effect d is then in every advantage, with the variance s (1 - s) d^2 (s the share), and a group whose answers are right with
    the hint and wrong without would seem to teach. The price is that a mean of m completions has the completion itself in it, which makes
    its advantages (m - 1) / m as large, 1/2 for a pair.

    `learning_rate` is by default 1e-6, and 1e-5 with `lora`: the value in use is the one shown everywhere.
    `lr_schedule` warmup_stable_decay keeps the learning rate and lets it fall to zero over the last `decay_steps`.
    `format_reward` is the weight of a kept format beside a right answer's 1.
    `dtype` is the weights' while training: "auto" is float32 for those that are trained (the masters; bfloat16 cannot hold steps as small
    as a learning rate of 1e-6 takes) and bfloat16 on a GPU for those that `lora` freezes. `autocast` computes in bfloat16 on GPUs that
    can, never on a CPU. `lora` trains an adapter; `freeze_vision` leaves the vision tower as it is where whole weights are trained.
    `optimizer` carry goes on with the state of Adam that the stage before left, its count of steps with it (the learning rate and its
    schedule are each stage's own), fresh begins anew. Null is settled when a recipe is read: carry where the stage before trained the same
    parameters with the same betas; where its gradients were of another size (`loss`, `max_grad_norm`, `batch`, `weighting`, …), a warning
    says so. Whole weights go on in float32 in any case, whatever dtype the policy between them is saved in.
    `gradient_checkpointing` saves memory for time ("auto": on a GPU); `liger` uses Liger's kernels for the model's layers (true: they
    must be there, "auto": where they and a GPU are). `accelerate` is a config of `accelerate launch`, for several GPUs or machines: a
    file, or one of `deployments/accelerate` by name ("ddp", "fsdp2", "deepspeed_zero3", "cpu_2"); `processes` is their number over all
    machines (None: what the config says, else one for each GPU). Without it one process trains on one GPU or the CPU. `report_to` are
    trackers that the metrics go to as well. `report_to`, `save_every` and `keep_checkpoints` change nothing in the result. `validation`
    null does not evaluate. `extra` holds further options of TRL's `GRPOConfig`.

    `sampler` chooses the problems of each step (`SamplerSettings`). With `shuffled` the set is gone through as often as the steps last, and
    `order` says how, by the profile's estimate of each problem's accuracy: "shuffled" (the paper's), "easy_to_hard" or "hard_to_easy", in
    which problems of equal estimates are shuffled by the seed, those without one stand where the others' mean would, and each further pass
    begins anew at the same end. A stage of fewer steps than a pass never comes to the other end.
    """

    steps: int = Field(default=120, ge=1)
    learning_rate: float = Field(default=WHOLE_RATE, gt=0)
    group_size: int = 8
    batch: int = Field(default=64, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    warmup_steps: int = Field(default=10, ge=0)
    lr_schedule: Literal["cosine", "linear", "constant_with_warmup", "warmup_stable_decay"] = "cosine"
    decay_steps: int | None = Field(default=None, ge=1)
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    hints: Hints = False
    hint_dropout: float = Field(default=0.0, ge=0, lt=1)
    weighting: WeightingSettings = WeightingSettings()
    format_reward: float = Field(default=0.1, ge=0)
    refill: RefillSettings = RefillSettings()
    sampler: Sampler = SamplerSettings()
    order: Order = "shuffled"
    validation: ValidationSettings | None = None
    collapse: CollapseSettings = CollapseSettings()
    dtype: Annotated[Literal["auto", "float32", "bfloat16"], BeforeValidator(known_dtype)] = "auto"
    autocast: bool = True
    optimizer: Literal["carry", "fresh"] | None = None
    lora: LoraSettings | None = None
    freeze_vision: bool = False
    rollouts: RolloutSettings = RolloutSettings()
    gradient_checkpointing: bool | Literal["auto"] = "auto"
    liger: bool | Literal["auto"] = False
    accelerate: Path | None = None
    processes: int | None = Field(default=None, ge=1)
    report_to: tuple[Tracker, ...] = ()
    save_every: int = Field(default=20, ge=1)
    keep_checkpoints: int = Field(default=1, ge=1)
    extra: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def rate_suits_what_is_trained(cls, given: Any) -> Any:
        """Fill in the learning rate that is left open."""
        if not isinstance(given, dict) or given.get("learning_rate") is not None:
            return given
        return {**given, "learning_rate": WHOLE_RATE if given.get("lora") is None else LORA_RATE}

    @field_validator("temperature")
    @classmethod
    def groups_differ(cls, temperature: float) -> float:
        if not temperature:
            raise ValueError("temperature 0 draws the same completion over and over, and GRPO learns from how those of a group differ")
        return temperature

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
        if self.processes:
            self.split(self.processes)
        if self.save_every % self.iterations:
            raise ValueError(
                f"save_every {self.save_every} is not a multiple of iterations {self.iterations}: it would part a batch's uses"
            )
        return self

    @model_validator(mode="after")
    def schedule_fits(self) -> "StageSettings":
        if self.warmup_steps >= self.steps and self.warmup_steps:
            raise ValueError(f"warmup_steps {self.warmup_steps} is not below steps {self.steps}: the learning rate would never be reached")
        if (self.decay_steps is None) == (self.lr_schedule == "warmup_stable_decay"):
            raise ValueError(
                f"lr_schedule {self.lr_schedule} with decay_steps {self.decay_steps}: warmup_stable_decay needs them, and no other has any"
            )
        if self.warmup_steps + (self.decay_steps or 0) > self.steps:
            raise ValueError(f"warmup_steps {self.warmup_steps} and decay_steps {self.decay_steps} are more than steps {self.steps}")
        return self

    @property
    def completions(self) -> int:
        """The completions that the whole stage draws to learn from, refills not counted."""
        return self.steps * self.batch // self.iterations

    @property
    def without_hint(self) -> int:
        """The completions of a hinted problem's group that are asked without the hint."""
        return floor(self.hint_dropout * self.group_size + 0.5)

    @property
    def prompts_hinted(self) -> tuple[bool, ...]:
        """Whether the prompts of a problem with a hint carry it: True, False, or where both are asked both."""
        return (True, False) if self.hint_dropout else (bool(self.hints),)

    @model_validator(mode="after")
    def dropout_leaves_two_groups(self) -> "StageSettings":
        if not self.hint_dropout:
            return self
        said, size, without = f"hint_dropout {self.hint_dropout:g}", self.group_size, self.without_hint
        if not self.hints:
            raise ValueError(f"{said} would never act: the stage gives no hints; set hints to true, or leave it out")
        if size < 4:
            raise ValueError(
                f"{said} with group_size {size}: an answer is compared with others to the same prompt, so a group needs at least 2 with "
                "the hint and 2 without; make group_size 4 or more, or leave hint_dropout out"
            )
        if not 2 <= without <= size - 2:
            raise ValueError(
                f"{said} of group_size {size} asks {without} without the hint and {size - without} with it, and an answer that has no "
                f"other to the same prompt teaches nothing: give {2 / size:.2g} to {1 - 2 / size:.2g}"
            )
        return self

    @model_validator(mode="after")
    def parts_agree(self) -> "StageSettings":
        if self.processes and self.accelerate is None:
            raise ValueError(f"processes {self.processes}: a launch config starts several processes: give `accelerate`, such as ddp")
        if self.freeze_vision and self.lora and self.lora.vision:
            raise ValueError("freeze_vision and lora.vision contradict each other: give one of them")
        return self

    @model_validator(mode="after")
    def drawing_agrees(self) -> "StageSettings":
        if self.order != "shuffled" and self.sampler.chooses:
            raise ValueError(
                f"order {self.order} with sampler {self.sampler.model}: that chooses each step's problems by itself, and has no order; "
                "leave one of them out"
            )
        if self.weighting.prior == "live" and not self.sampler.chooses:
            raise ValueError(
                "weighting.prior live: sampler shuffled keeps no estimate that weights could take; choose another, such as live, or "
                "leave weighting.prior stored"
            )
        if self.hints == "live" and self.sampler.model in ("shuffled", "learnability"):
            raise ValueError(
                f"hints live: sampler {self.sampler.model} keeps no estimate that moves, so no hint would; choose live, beta or pools, or "
                "set hints to true"
            )
        return self

    def split(self, processes: int) -> tuple[int, int]:
        """How `batch` is split over that many processes: completions a process takes at once, and how often it does in one step.

        Raises InputError, saying what would fit, where it cannot be split evenly.
        """
        if self.batch % processes:
            whole = lcm(self.group_size, processes)
            raise InputError(
                f"batch {self.batch} (in groups of group_size {self.group_size}, TRL's num_generations) cannot be split evenly over "
                f"{processes} processes: make it a multiple of {whole}, such as {-(-self.batch // whole) * whole}"
            )
        share = self.batch // processes
        micro = self.micro_batch or share
        if share % micro:
            raise InputError(
                f"micro_batch {micro} does not divide a process's share of the batch, {self.batch} / {processes} = {share}: "
                f"make it a divisor of {share}"
            )
        if self.rollouts.engine == "vllm" and self.rollouts.mode == "colocate" and processes % self.rollouts.tensor_parallel:
            raise InputError(f"rollouts.tensor_parallel {self.rollouts.tensor_parallel} does not divide the {processes} processes")
        return micro, share // micro
