"""How far the problems that would be chosen now are from those in use, stage by stage.

Two measures: `membership`, the share of a stage's problems that would be exchanged (those that would leave, or those that would join where
they are more), and `band`, the share that has left the stage's thresholds by the estimate that its rule decides by, or that is gone. A
set's drift is that of its stage that drifted furthest. All of it is ours.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Measure = Literal["membership", "band"]


@dataclass(frozen=True)
class StageDrift:
    """A stage: how many problems are in use and would be chosen now, leave, join, and are out of its thresholds now."""

    stage: str
    used: int
    now: int
    left: int
    entered: int
    outside: int

    def share(self, measure: Measure) -> float:
        """The drift by a measure, from 0 to 1 (and above, where a stage grows to more than twice its size)."""
        moved = self.outside if measure == "band" else max(self.left, self.entered)
        return moved / self.used if self.used else float(bool(self.now))


def stage_drift(stage: str, used: pl.DataFrame, now: pl.DataFrame, useful: set[str]) -> StageDrift:
    """Compare the problems of a stage in use with those chosen now (both with `problem_id`); `useful` are those between its thresholds."""
    before, after = set(used["problem_id"]), set(now["problem_id"])
    return StageDrift(stage, len(before), len(after), len(before - after), len(after - before), len(before - useful))


def drift_of(stages: list[StageDrift], measure: Measure) -> float:
    """The drift of all stages: that of the one that drifted furthest."""
    return max((stage.share(measure) for stage in stages), default=0.0)
