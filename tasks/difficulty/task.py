"""The difficulty tasks: how hard each problem of a graded profile is, the histogram of that, and whether it is a U; and, between the
batches of adaptive rounds, which problems are settled.

Cached by the content of the graded profile and of the problems, the settings, and every SQL file that the marts are made with.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.base.errors import InputError
from tasks.difficulty.measurement import open_graded
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import write_parquet
from tasks.sampling.profile import read_profile, rounds_of
from tasks.sampling.settings import SamplingSettings
from tasks.steps.caching import room_task
from tasks.steps.naming import policy_named, problems_named
from tasks.steps.request import StepRequest
from tasks.warehouse.order import sql_digests
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb

VERSION = 1
FILES = {
    "difficulty": "difficulty.parquet",
    "priors": "priors.parquet",
    "posteriors": "posteriors.parquet",
    "difficulty_histogram": "histogram.parquet",
    "u_shape": "u_shape.parquet",
}


GRAIN = ["problem_id", "gold_id", "dataset", "split"]  # within one profile


class DifficultyRequest(StepRequest):
    """A graded profile, the problems that it is of, and how their difficulty is estimated."""

    graded: Artifact
    problems: tuple[Artifact, ...]
    settings: DifficultySettings

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "graded": self.graded.content,
            "problems": [source.content for source in self.problems],
            "settings": self.settings,
            "sql": sql_digests(*FILES),
        }
        return artifact(self.home, "difficulty", inputs)

    def said(self) -> str:
        return f"measure the difficulty of {problems_named(self.problems)} for {policy_named(self.graded)}"


@room_task(name="measure difficulty")
def measure_difficulty(request: DifficultyRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the tables in FILES. Raises InputError when the profile has no verdict on any of the problems."""
    graded, settings = request.graded, request.settings
    profile = read_profile(graded)
    with closing(open_graded(graded, request.problems, MartSettings(difficulty=settings), FILES)) as connection:
        counts = write_measured(connection, graded, folder)
    measured = {name: profile[name] for name in ("policy_id", "sampling_id", "grader_id", "rounds")}
    return {**measured, "graded": graded.key, "settings": settings, "counts": counts}


def write_measured(connection: duckdb.DuckDBPyConnection, answers: Artifact, folder: Path) -> dict[str, dict[str, int]]:
    """Write the tables in FILES from marts over `answers`; gives how many problems are in which band."""
    tables = {mart: connection.table(mart).pl() for mart in FILES}
    tables["difficulty"] = tables["difficulty"].sort(GRAIN)  # a view has no order
    counts = count_bands(tables["difficulty"], answers)
    for mart, name in FILES.items():
        write_parquet(tables[mart], folder / name)
    return counts


def count_bands(difficulty: pl.DataFrame, answers: Artifact) -> dict[str, dict[str, int]]:
    """Problems by "dataset/split" and band; `unmeasured` are those of which no sample could be scored."""
    if difficulty.is_empty():
        raise InputError(f"{answers.kind} artifact {answers.path} has no verdict on any of the given problems; sample and grade them first")
    counts: dict[str, dict[str, int]] = {}
    for dataset, split, band, problems in difficulty.group_by("dataset", "split", "band").len().iter_rows():
        counts.setdefault(f"{dataset}/{split}", {})[band or "unmeasured"] = problems
    return counts


class StopsRequest(DifficultyRequest):
    """A graded profile of some rounds, of which `sampling` says how many there may be and when a problem is settled."""

    sampling: SamplingSettings

    def target(self) -> Artifact:
        adaptive, settings = self.sampling.adaptive, self.settings
        inputs = {
            "version": VERSION,
            "graded": self.graded.content,
            "problems": [source.content for source in self.problems],
            "edges": adaptive.cuts(settings) if adaptive else (settings.low, settings.high),
            "adaptive": adaptive,
            "rounds": self.sampling.rounds,
            "sql": sql_digests("stopping"),
        }
        return artifact(self.home, "stops", inputs)

    def said(self) -> str:
        return f"find the problems of {problems_named(self.problems)} that {policy_named(self.graded)} has settled"

    def foretold(self) -> dict[str, Any]:
        return {"rounds": rounds_of(self.graded)}


@room_task(name="find settled problems")
def find_stops(request: StopsRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write `stops.parquet` (problem_id, rounds: those settled, and after how many) and `undecided.parquet` (problem_id: the others, with
    those of the audit, which are never stopped).

    The manifest says how many there are (`decided`, `undecided`) and how many `rounds` the graded profile has.
    """
    graded, sampling = request.graded, request.sampling
    how = MartSettings(difficulty=request.settings, adaptive=sampling.adaptive, max_rounds=sampling.rounds)
    with closing(open_graded(graded, request.problems, how, ["stopping"])) as connection:
        rows = connection.table("stopping").pl()
    stopped = pl.when(~pl.col("is_audit")).then("decided_rounds")
    rows = rows.group_by("problem_id").agg(rounds=worst(stopped)).sort("problem_id")
    decided, undecided = rows.drop_nulls("rounds"), rows.filter(pl.col("rounds").is_null()).select("problem_id")
    write_parquet(decided, folder / "stops.parquet")
    write_parquet(undecided, folder / "undecided.parquet")
    return {"rounds": read_profile(graded)["rounds"], "decided": len(decided), "undecided": len(undecided), "graded": graded.key}


def worst(rounds: pl.Expr) -> pl.Expr:
    """The most rounds of a problem's places and gold answers; none where one of them is undecided."""
    return pl.when(rounds.has_nulls()).then(None).otherwise(rounds.max())
