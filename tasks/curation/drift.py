"""How far the problems that would be chosen now are from those in use, stage by stage, and how much of that is not chance.

Two measures: `membership`, the share of a stage's problems that would be exchanged (those that would leave, or those that would join where
they are more), and `band`, the share that has left the stage's thresholds by the estimate that its rule decides by, or that is gone. What a
policy that has not changed would show is drawn (unchanged.py). What counts is the excess: what was found less that, where it is beyond
chance; or, since counts of few answers tell little, the share that the policy's shift as a whole takes out of the thresholds, where that
is sure. A set's drift is that of its stage that drifted furthest. All of it is ours.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Literal

import polars as pl

from tasks.estimates.intervals import t_quantile

Measure = Literal["membership", "band"]
SURE = 0.99  # of what is said to be beyond chance


@dataclass(frozen=True)
class StageDrift:
    """A stage: how many problems are in use and would be chosen now, leave, join, and are out of its thresholds now; the same in draws of
    an unchanged policy (none where nothing is chance), and the share that the policy's shift takes out of the thresholds."""

    stage: str
    used: int
    now: int
    left: int
    entered: int
    outside: int
    by_chance: tuple["StageDrift", ...] = ()
    moved: float = 0.0

    def share(self, measure: Measure) -> float:
        """What was found by a measure, from 0 to 1 (and above, where a stage grows to more than twice its size)."""
        moved = self.outside if measure == "band" else max(self.left, self.entered)
        return moved / self.used if self.used else float(bool(self.now))

    def chance(self, measure: Measure) -> float:
        """What chance alone gives."""
        return fmean(draw.share(measure) for draw in self.by_chance) if self.by_chance else 0.0

    def excess(self, measure: Measure) -> float:
        """What is not chance: 0 where an unchanged policy would show as much in 1 of 100 cases, and where nothing would change."""
        found, chance, draws = self.share(measure), self.chance(measure), len(self.by_chance)
        if not draws:
            return found
        reach = t_quantile(SURE, draws - 1) * stdev(draw.share(measure) for draw in self.by_chance) * sqrt(1 + 1 / draws)
        return max(found - chance if found > chance + reach else 0.0, min(self.moved, found))


def stage_drift(stage: str, used: pl.DataFrame, now: pl.DataFrame, useful: set[str]) -> StageDrift:
    """Compare the problems of a stage in use with those chosen now (both with `problem_id`); `useful` are those between its thresholds."""
    before, after = set(used["problem_id"]), set(now["problem_id"])
    return StageDrift(stage, len(before), len(after), len(before - after), len(after - before), len(before - useful))


def drift_of(stages: list[StageDrift], measure: Measure) -> float:
    """The drift of all stages that is not chance: that of the one that drifted furthest."""
    return max((stage.excess(measure) for stage in stages), default=0.0)


def drift_said(stages: list[StageDrift], measure: Measure) -> str:
    """What was found of the stage that drifted furthest, what of it is chance, and what is left, in words."""
    if not stages:
        return "drift 0.0%"
    stage = max(stages, key=lambda stage: (stage.excess(measure), stage.share(measure)))
    if not stage.by_chance:
        return f"drift {stage.share(measure):.1%}"
    found, chance = stage.share(measure), stage.chance(measure)
    return f"{found:.1%} found, {chance:.1%} expected by chance alone, drift beyond that {stage.excess(measure):.1%}"
