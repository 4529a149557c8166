"""The problems that rules choose from, and what is known of each.

A million problems have a few hundred outcomes. What is known of an outcome, its posterior's lists of chances among it, stays a table of its
own until DuckDB joins the two for a rule (the mart `candidates`): a copy for every problem would take gigabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.warehouse.building import open_over
from tasks.warehouse.relations import POSTERIORS, derived

if TYPE_CHECKING:
    import duckdb

CANDIDATES, COUNTS = "candidates", "candidate_counts"
OUTCOME = ("dataset", "split", "policy_id", "sampling_id", "grader_id", "n", "k")
"""What a problem and its posterior have in common."""


@dataclass(frozen=True)
class Candidates:
    """The rows of the mart `candidate_counts` that are of one profile, and of the table `posteriors` (see sql/given/)."""

    counts: pl.DataFrame
    posteriors: pl.DataFrame

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the mart `candidates` of them, in the schema in use."""
        for name, rows in ((COUNTS, self.counts), (POSTERIORS, self.posteriors)):
            connection.from_arrow(rows.to_arrow()).create(name)
        connection.execute(f"create view {CANDIDATES} as {derived()[CANDIDATES].read_text(encoding='utf-8')}")

    def none(self) -> Candidates:
        """None of these."""
        return Candidates(self.counts.clear(), self.posteriors.clear())

    def reversed(self) -> Candidates:
        """The same in the opposite order."""
        return Candidates(self.counts.reverse(), self.posteriors.reverse())

    def measured(self) -> pl.DataFrame:
        """The counts, and beside them the numbers of each problem's posterior: all but its lists."""
        known = self.posteriors.select(pl.exclude(pl.List(pl.Float64)))
        return self.counts.join(known, on=OUTCOME, how="left", maintain_order="left")


def read_candidates(difficulty: Artifact, problems: Sequence[Artifact]) -> Candidates:
    """The candidates among problems by a measured difficulty."""
    files = {
        "problem_counts": [difficulty.file("difficulty.parquet")],
        POSTERIORS: [difficulty.file("posteriors.parquet")],
        "problems": [source.file("problems.parquet") for source in problems],
    }
    with closing(open_over(files, wanted=[COUNTS, POSTERIORS])) as connection:
        return Candidates(connection.table(COUNTS).pl(), connection.table(POSTERIORS).pl())


def nobody() -> Candidates:
    """No candidate."""
    with closing(open_over({}, wanted=[COUNTS, POSTERIORS])) as connection:
        return Candidates(connection.table(COUNTS).pl(), connection.table(POSTERIORS).pl())
