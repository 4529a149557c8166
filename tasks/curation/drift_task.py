"""The task that compares the sets in use with what would be chosen now. Never cached, and nothing is written: it is asked for when
something has changed."""

import polars as pl

from tasks.curation.candidates import read_candidates
from tasks.curation.drift import StageDrift, stage_drift
from tasks.curation.rules import choose, kept
from tasks.curation.task import CurationRequest
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.steps.caching import uncached_task
from tasks.steps.planning import Unknown


def not_compared(used: Artifact, wanted: CurationRequest) -> Unknown:
    """What a plan knows of a comparison."""
    return Unknown(f"how far {wanted.said()} would drift from {used.key}")


@uncached_task(not_compared, name="compare with the sets in use")
def compare_sets(used: Artifact, wanted: CurationRequest) -> list[StageDrift]:
    """The drift of each stage from the sets `used` to those that are `wanted` now."""
    candidates = read_candidates(wanted.difficulty, wanted.problems)
    rows = read_parquet(used.file("curated.parquet"))
    return [
        stage_drift(stage, rows.filter(pl.col("stage") == stage), choose(candidates, rule, wanted.seed), kept(candidates, rule))
        for stage, rule in wanted.settings.stages.items()
    ]
