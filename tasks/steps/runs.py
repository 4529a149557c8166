"""Which artifacts a recipe's runs are made of, kept in the lake's relation `run_steps`: what else is there is named by content alone, and
does not tell which recipe wanted it, or when.

Steps are kept when a flow ends, and before each publish, so that the warehouse knows the run that publishes it. A run that finds what its
recipe's last run had left, all of it, keeps nothing; nor does a dry run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact

if TYPE_CHECKING:
    from tasks.lake.lake import Lake

RELATION = "run_steps"
REGRADE = "regrade"
Row = dict[str, str | int | datetime]


@dataclass
class Run:
    """A run in progress: its recipe (empty: all of them), its flow, when it started, the artifacts of its steps, and how many are kept."""

    recipe: str
    flow: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    steps: dict[Artifact, str] = field(default_factory=dict)
    kept: int = 0

    def rows(self) -> list[Row]:
        """Its steps as the relation has them."""
        own: Row = {"recipe": self.recipe, "flow": self.flow, "started": self.started}
        own = {"run_id": digest(own), **own}
        named = enumerate(self.steps.items(), start=1)
        return [{**own, "place": place, "step": step, "kind": made.kind, "artifact_id": made.key} for place, (made, step) in named]


RUN: ContextVar[Run | None] = ContextVar("run", default=None)


@contextmanager
def run_of(recipe: str, flow: str) -> Iterator[None]:
    """Within this, the steps of a flow belong to a run, that of the outermost flow; they are kept when it ends without an error."""
    token = None if RUN.get() else RUN.set(Run(recipe, flow))
    try:
        yield
        keep_steps()
    finally:
        if token:
            RUN.reset(token)


def note_step(step: str, made: object) -> None:
    """A step of the run in hand has made, or found, an artifact."""
    run = RUN.get()
    if run and isinstance(made, Artifact):
        run.steps.setdefault(made, step)


def keep_steps() -> None:
    """Keep the steps of the run in hand that are not kept yet; none where its recipe's last run had them all."""
    run = RUN.get()
    if run is None or len(run.steps) == run.kept:
        return
    import polars as pl

    from tasks.lake.lake import RELATIONS, Lake, write_parquet  # brings polars, which a plan does without

    lake, rows = Lake(next(iter(run.steps)).home), run.rows()
    if run.kept == 0 and {(row["kind"], row["artifact_id"]) for row in rows} <= last_steps(lake, run):
        return
    new = pl.DataFrame(rows[run.kept :], schema=RELATIONS[RELATION])
    write_parquet(new, lake.home / RELATION / f"{rows[0]['run_id']}-{run.kept:04}.parquet")
    run.kept = len(rows)


def last_steps(lake: Lake, run: Run) -> set[tuple[str, str]]:
    """Kind and key of the artifacts of the last run of the same recipe; a regrading is compared with regradings, too."""
    import polars as pl

    known = lake.scan(RELATION).filter(pl.col("recipe") == run.recipe).collect()
    if run.flow != REGRADE:
        known = known.filter(pl.col("flow") != REGRADE)
    last = known.filter(pl.col("started") == pl.col("started").max())
    return set(last.select("kind", "artifact_id").iter_rows())
