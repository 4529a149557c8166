"""What a stage's own groups say of the policy that it left: those of its last steps, where they were drawn as a profile draws.

A group of step t is an observation of the policy of step t. The policy that the stage left has moved on since, so only groups of its last
steps count, and how far the policy still moved while they were drawn is told beside them. A hinted group says nothing of the prompt without
a hint. Of a stage that refills, the recorded groups are those that were kept for their outcome; where it chooses its problems by an
estimate, `selections` has all that it drew, whatever came out, and these count. All of it is ours.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import polars as pl

from tasks.grading.settings import GradingSettings
from tasks.sampling.settings import Distribution, SamplingSettings
from tasks.training.cautions import DRAWING
from tasks.training.settings import StageSettings

COUNTED = {"problem_id": pl.String, "n": pl.Int64, "k": pl.Int64, "groups": pl.Int64, "first_step": pl.Int64, "last_step": pl.Int64}


def untold(stage: StageSettings, sampling: SamplingSettings, grading: GradingSettings) -> str:
    """Why a stage's groups are no sample of what a profile would draw, in words; "" where they are one, as far as settings tell."""
    if stage.refill.tries and not keeps_draws(stage):
        return (
            "refill puts others in the place of its groups without a signal, so that those recorded are no fair draw (all draws are "
            "written down where a sampler chooses, such as live, and no hints are given)"
        )
    for name in Distribution.model_fields:
        own, profile = getattr(stage, name), getattr(sampling, name)
        if own != profile:
            return f"it draws with {name} {own}, and the profile with {profile}"
    if shaping := next((name for name in DRAWING if name in stage.extra), ""):
        return f"extra.{shaping} shapes what it draws, and not what the profile draws"
    if grading.in_training != grading:
        return "the profile asks a second opinion (grading.second), and training does not"
    return ""


def keeps_draws(stage: StageSettings) -> bool:
    """Whether a stage writes down all that it draws without a hint, also what refilling throws away. (`selections` does not say of which
    answers the prompts carried one.)"""
    return stage.sampler.chooses and not stage.hints


@dataclass(frozen=True)
class Window:
    """The last steps of a stage up to the one whose policy it left: `first` to `last`."""

    first: int
    last: int


def window(kept_step: int, within: float) -> Window:
    """The last steps, the share `within` of those that led to the policy, at least one."""
    return Window(kept_step - max(1, ceil(within * kept_step)) + 1, kept_step)


def fresh_groups(groups: pl.DataFrame, steps: Window, *, hints: bool) -> pl.DataFrame:
    """The groups of those steps of which an answer could be judged and whose prompts carried no hint; `hints` says whether the stage gave
    any, for groups that do not say it themselves."""
    hinted = pl.col("hinted").fill_null(hints) if "hinted" in groups.columns else pl.lit(hints)
    return groups.filter(pl.col("step").is_between(steps.first, steps.last), pl.col("G") > 0, ~hinted)


def drawn_groups(selections: pl.DataFrame, priors: pl.DataFrame) -> pl.DataFrame:
    """The draws of a stage that `keeps_draws` as `groups` has groups, with the `prior` of each problem."""
    judged, correct = pl.col("judged"), pl.col("correct")
    rows = selections.select("step", "problem_id", "correct", G=judged, accuracy=correct / judged, hinted=pl.lit(False))
    return rows.join(priors, on="problem_id", how="left", maintain_order="left")


def answers_of(fresh: pl.DataFrame) -> pl.DataFrame:
    """What fresh groups count to, problem by problem: columns of COUNTED, k right ones of n judged answers."""
    step = pl.col("step")
    counts = {"n": pl.col("G").sum(), "k": pl.col("correct").sum(), "groups": pl.len(), "first_step": step.min(), "last_step": step.max()}
    return fresh.group_by("problem_id").agg(**counts).select(pl.col(name).cast(dtype) for name, dtype in COUNTED.items()).sort("problem_id")


def still_moving(fresh: pl.DataFrame, steps: Window) -> tuple[float, float] | None:
    """How much more often the groups of the later half of the steps were right than those of the earlier half, each beside what was
    expected of its problem, and the standard error of that; None where a half has fewer than two groups."""
    gains = fresh.with_columns(gain=pl.col("accuracy") - pl.col("prior").fill_null(0.0))
    later = pl.col("step") > (steps.first + steps.last) / 2
    halves = [gains.filter(part)["gain"] for part in (~later, later)]
    if min(map(len, halves)) < 2:
        return None
    (before, spread), (after, other) = ((float(half.mean()), float(half.var()) / len(half)) for half in halves)  # type: ignore[arg-type]
    return after - before, sqrt(spread + other)
