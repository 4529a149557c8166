"""The task that compares the sets in use with what would be chosen now. Never cached, and nothing is written: it is asked for when
something has changed."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from tasks.curation.candidates import Candidates, read_candidates
from tasks.curation.drift import SURE, StageDrift, stage_drift
from tasks.curation.rules import choose, kept
from tasks.curation.settings import StageRule
from tasks.curation.task import CurationRequest
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.steps.caching import uncached_task
from tasks.steps.planning import Unknown

if TYPE_CHECKING:
    from tasks.curation.unchanged import Before

logger = logging.getLogger(__name__)


def not_compared(used: Artifact, wanted: CurationRequest) -> Unknown:
    """What a plan knows of a comparison."""
    return Unknown(f"how far {wanted.said()} would drift from {used.key}")


@uncached_task(not_compared, name="compare with the sets in use")
def compare_sets(used: Artifact, wanted: CurationRequest) -> list[StageDrift]:
    """The drift of each stage from the sets `used` to those that are `wanted` now, beside what chance alone gives."""
    now, rows = read_candidates(wanted.difficulty, wanted.problems), read_parquet(used.file("curated.parquet"))
    rules = {stage: (rows.filter(pl.col("stage") == stage), rule) for stage, rule in wanted.settings.stages.items()}
    before = chosen_from(used, wanted)
    if before is None or not before.is_asked_anew(now):
        return [compared(stage, mine, rule, now, wanted.seed) for stage, (mine, rule) in rules.items()]
    draws: dict[str, list[StageDrift]] = {stage: [] for stage in rules}
    for draw in before.draws(now, wanted.seed):
        for stage, (mine, rule) in rules.items():
            draws[stage].append(compared(stage, mine, rule, draw, wanted.seed))
    shift = before.shift(now)
    logits = shift.logits if shift and shift.p_value < 1 - SURE else 0.0
    return [
        replace(
            compared(stage, mine, rule, now, wanted.seed),
            by_chance=tuple(draws[stage]),
            moved=before.moved(set(mine["problem_id"]), rule.low, rule.high, logits),
        )
        for stage, (mine, rule) in rules.items()
    ]


def compared(stage: str, used: pl.DataFrame, rule: StageRule, candidates: Candidates, seed: int) -> StageDrift:
    """A stage's problems in use beside those that its rule chooses of candidates."""
    return stage_drift(stage, used, choose(candidates, rule, seed), kept(candidates, rule))


def chosen_from(used: Artifact, wanted: CurationRequest) -> Before | None:
    """The profile that sets in use were chosen from; None, with a warning, where it is no longer there or of an older version."""
    difficulty = Artifact(home=used.home, kind="difficulty", key=used.manifest["difficulty"])
    if not difficulty.is_complete or not difficulty.file("posteriors.parquet").is_file():
        logger.warning(f"the difficulty {difficulty.key} that the sets in use were chosen by is gone: what chance alone gives is not known")
        return None
    from tasks.curation.unchanged import Before  # brings NumPy, which plans and reruns do without

    edges = DifficultySettings.model_validate(difficulty.manifest.get("settings", {}))
    return Before(read_candidates(difficulty, wanted.problems), edges)
