"""What a stage maximises: the loss, its clip range, the uses of a batch, the KL penalty, answers that were cut off, the gradient's clip.

The words are TRL 1.16's, the values never its defaults: all of them are settings, and HELD are those that no setting speaks of.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from tasks.base.settings import Settings

Loss = Literal["dapo", "dr_grpo", "grpo", "bnpo"]
CLIP_LOW, CLIP_HIGH = 0.2, 0.28
LEAST_CLIP = 1e-4
"""The narrowest clip range that is taken. GSPO's (arXiv 2507.18071), the narrowest that is published, is 3e-4 and 4e-4."""

HELD: dict[str, Any] = {
    "delta": None,
    "importance_sampling_level": "token",
    "top_entropy_quantile": 1.0,
    "entropy_coef": 0.0,
    "use_adaptive_entropy": False,
    "off_policy_mask_threshold": None,
    "use_bias_correction_kl": True,
    "sync_ref_model": False,
    "disable_dropout": False,
    "multi_objective_aggregation": "sum_then_normalize",
    "optim": "adamw_torch_fused",
    "adam_beta1": 0.9,
    "adam_epsilon": 1e-8,
    "weight_decay": 0.0,
}
"""What else of GRPOConfig shapes the objective or the step, held where it is so that a library's new default changes nothing; `extra` may
set all of it but the aggregation."""


class Objective(Settings):
    """A step minimises, over the tokens t of its completions i with their advantages A (`weighting`),

        L = sum_it -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A) / N + beta KL,    r = p(token) / p_old(token),

    PPO's clipped surrogate (arXiv 1707.06347) with GRPO's advantages (arXiv 2402.03300); p_old is the policy that drew the completions.
    `loss` is N, what the sum is divided by:

    - dapo: the tokens of all the step's completions (arXiv 2503.14476); every token counts alike. The default, and TRL's.
    - dr_grpo: completions times `max_tokens` (arXiv 2503.20783); as dapo, but a step of short answers is a small step.
    - grpo: each completion's own tokens, and then completions (arXiv 2402.03300, eq. 3); tokens of long answers count less.
    - bnpo: the tokens of a micro-batch on one process (TRL's); the same as dapo where a step is one micro-batch on one process.

    `clip_low` and `clip_high`: 0.2 and 0.28 are DAPO's. They act from the second use of a batch: before it r is 1.
    `iterations` is how often a batch is used (mu in arXiv 2402.03300, 1 there, too), each use a step of its own.
    `beta` weighs the penalty KL = q/p - log(q/p) - 1 per token, times r, q the policy that the stage starts from (arXiv 2402.03300, eq. 4;
    r as in arXiv 2512.02556); 0 as in DAPO and Dr. GRPO, and then no reference model is loaded.
    `mask_truncated` leaves completions that were cut off at `max_tokens` out of the loss, not out of their group's accuracy and mean
    (DAPO's overlong filtering). False, ours: the profile counts a cut-off answer as wrong, and so does training.
    `max_grad_norm` scales down a gradient whose norm is larger (1.0 is TRL's; null: never). Where it does so on most steps, all steps are
    of one size, whatever the advantages: runs that differ in those are then no comparison, and the report says so.
    Numbers without a source are ours.
    """

    loss: Loss = "dapo"
    clip_low: float = Field(default=CLIP_LOW, lt=1)
    clip_high: float = Field(default=CLIP_HIGH)
    iterations: int = Field(default=1, ge=1)
    beta: float = Field(default=0.0, ge=0)
    mask_truncated: bool = False
    max_grad_norm: float | None = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def clip_range_acts(self) -> "Objective":
        for name, default in (("clip_low", CLIP_LOW), ("clip_high", CLIP_HIGH)):
            value = getattr(self, name)
            if value < LEAST_CLIP:
                raise ValueError(
                    f"{name} {value:g}: so narrow a range clips every token from the second use of a batch on, and nothing moves; give at "
                    f"least {LEAST_CLIP:g}"
                )
            if value != default and self.iterations == 1:
                raise ValueError(
                    f"{name} {value:g} would never act: with iterations 1 the policy that is trained is the one that drew the completions, "
                    f"and the ratio is 1; leave {name} out, or set iterations to 2 or more"
                )
        return self

    @property
    def clip_words(self) -> str:
        """The gradient's clip as a person reads it."""
        return "off" if self.max_grad_norm is None else f"{self.max_grad_norm:g}"

    @property
    def in_trl(self) -> dict[str, Any]:
        """All this in the words of TRL's GRPOConfig."""
        return {
            **HELD,
            "loss_type": self.loss,
            "epsilon": self.clip_low,
            "epsilon_high": self.clip_high,
            "num_iterations": self.iterations,
            "beta": self.beta,
            "mask_truncated_completions": self.mask_truncated,
            "max_grad_norm": self.max_grad_norm or 0.0,  # 0 is transformers' word for none
        }
