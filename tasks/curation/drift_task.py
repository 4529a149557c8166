"""The task that compares the sets in use with what would be chosen now. Never cached, and nothing is written: it is asked for when
something has changed."""

from pathlib import Path

import polars as pl

from tasks.curation.drift import StageDrift, stage_drift
from tasks.curation.rules import choose
from tasks.curation.settings import CurationSettings
from tasks.curation.task import read_candidates
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.steps.caching import uncached_task


def plan(
    home: Path, used: Artifact, difficulty: Artifact, problems: tuple[Artifact, ...], settings: CurationSettings, seed: int
) -> list[StageDrift]:
    """Nothing is known before it is compared."""
    return []


@uncached_task(plan, name="compare with the sets in use")
def compare_sets(
    home: Path, used: Artifact, difficulty: Artifact, problems: tuple[Artifact, ...], settings: CurationSettings, seed: int
) -> list[StageDrift]:
    """The drift of each stage from the sets `used` to those that this difficulty would choose."""
    candidates, _, _ = read_candidates(difficulty, problems)
    rows = read_parquet(used.file("curated.parquet"))
    return [
        stage_drift(stage, rows.filter(pl.col("stage") == stage), choose(candidates, rule, seed), candidates, rule)
        for stage, rule in settings.stages.items()
    ]
