"""The task that compares the sets in use with what would be chosen now. Never cached, and nothing is written: it is asked for when
something has changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tasks.curation.candidates import Candidates, read_candidates
from tasks.curation.drift import SURE, StageDrift, stage_drift
from tasks.curation.rules import choose, kept
from tasks.curation.settings import StageRule
from tasks.curation.task import CurationRequest
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake, read_parquet
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
    return drift_of_stages(rules, now, before if before and before.is_asked_anew(now) else None, wanted.seed)


def drift_of_stages(
    rules: Mapping[str, tuple[pl.DataFrame, StageRule]], now: Candidates, before: Before | None, seed: int
) -> list[StageDrift]:
    """The drift of each stage, whose problems in use and rule are given; `before` is the profile that they were chosen from, None where
    nothing is chance."""
    found = [compared(stage, mine, rule, now, seed) for stage, (mine, rule) in rules.items()]
    if before is None:
        return found
    draws = [[compared(stage, mine, rule, draw, seed) for stage, (mine, rule) in rules.items()] for draw in before.draws(now, seed)]
    shift = before.shift(now)
    logits = shift.logits if shift and shift.p_value < 1 - SURE else 0.0
    moved = [before.moved(set(mine["problem_id"]), rule.low, rule.high, logits) for mine, rule in rules.values()]
    drawn = zip(*draws, strict=True)
    return [replace(stage, by_chance=tuple(by), moved=share) for stage, by, share in zip(found, drawn, moved, strict=True)]


def compared(stage: str, used: pl.DataFrame, rule: StageRule, candidates: Candidates, seed: int) -> StageDrift:
    """A stage's problems in use beside those that its rule chooses of candidates."""
    return stage_drift(stage, used, choose(candidates, rule, seed), kept(candidates, rule))


def chosen_from(used: Artifact, wanted: CurationRequest) -> Before | None:
    """The profile that sets in use were chosen from. None for a panel's, whose answers are no draws of one policy and are all counted again
    when one is added; and, with a warning, where it is no longer there or of an older version."""
    difficulty = Artifact(home=used.home, kind="difficulty", key=used.manifest["difficulty"])
    if is_panel(used.home, used.manifest["policy_id"]):
        return None
    if not difficulty.is_complete or not difficulty.file("posteriors.parquet").is_file():
        logger.warning(f"the difficulty {difficulty.key} that the sets in use were chosen by is gone: what chance alone gives is not known")
        return None
    from tasks.curation.unchanged import Before  # brings NumPy, which plans and reruns do without

    edges = DifficultySettings.model_validate(difficulty.manifest.get("settings", {}))
    return Before(read_candidates(difficulty, wanted.problems), edges)


def is_panel(home: Path, policy_id: str) -> bool:
    """Whether answers that were made elsewhere go by this policy."""
    known = Lake(home).scan("policies").filter(pl.col("policy_id") == policy_id, pl.col("kind") == "panel")
    return not known.collect().is_empty()
