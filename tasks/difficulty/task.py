"""The difficulty tasks: how hard each problem of a graded profile is, the histogram of that, and whether it is a U; and, between the
batches of adaptive rounds, which problems are settled.

Cached by the content of the graded profile and of the problems, the settings, and every SQL file that the marts are made with.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.difficulty.measurement import open_graded
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import write_parquet
from tasks.sampling.profile import read_profile
from tasks.sampling.settings import SamplingSettings
from tasks.steps.caching import room_task
from tasks.steps.naming import measure_name, settle_name
from tasks.warehouse.order import sql_digests
from tasks.warehouse.settings import MartSettings

VERSION = 1
FILES = {"difficulty": "difficulty.parquet", "difficulty_histogram": "histogram.parquet", "u_shape": "u_shape.parquet"}


def plan(home: Path, graded: Artifact, problems: tuple[Artifact, ...], settings: DifficultySettings) -> Artifact:
    """The difficulty that `measure` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "graded": graded.content,
        "problems": [source.content for source in problems],
        "settings": settings,
        "sql": sql_digests(*FILES),
    }
    return artifact(home, "difficulty", inputs)


@room_task(plan, name="measure difficulty", task_run_name=measure_name)
def measure(home: Path, graded: Artifact, problems: tuple[Artifact, ...], settings: DifficultySettings) -> Artifact:
    """Write the three tables in FILES. Raises InputError when the profile has no verdict on any of the problems."""
    target = plan(home, graded, problems, settings)
    if target.is_complete:
        return target
    profile = read_profile(graded)
    facts: dict[str, Any] = {name: profile[name] for name in ("policy_id", "sampling_id", "grader_id", "rounds")} | {
        "graded": graded.key,
        "settings": settings,
    }
    with closing(open_graded(graded, problems, MartSettings(difficulty=settings), FILES)) as connection, building(target, facts) as folder:
        facts["counts"] = count_bands(connection.table("difficulty").pl(), graded)
        for mart, name in FILES.items():
            write_parquet(connection.table(mart).pl(), folder / name)
    return target


def count_bands(difficulty: pl.DataFrame, graded: Artifact) -> dict[str, dict[str, int]]:
    """Problems by "dataset/split" and band; `unmeasured` are those of which no sample could be scored."""
    if difficulty.is_empty():
        raise InputError(f"graded artifact {graded.path} has no verdict on any of the given problems; sample and grade them first")
    counts: dict[str, dict[str, int]] = {}
    for dataset, split, band, problems in difficulty.group_by("dataset", "split", "band").len().iter_rows():
        counts.setdefault(f"{dataset}/{split}", {})[band or "unmeasured"] = problems
    return counts


def stops_plan(
    home: Path, graded: Artifact, problems: tuple[Artifact, ...], settings: DifficultySettings, sampling: SamplingSettings
) -> Artifact:
    """The stops that `find_stops` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "graded": graded.content,
        "problems": [source.content for source in problems],
        "edges": sampling.adaptive.edges if sampling.adaptive and sampling.adaptive.edges else (settings.low, settings.high),
        "adaptive": sampling.adaptive,
        "rounds": sampling.rounds,
        "sql": sql_digests("stopping"),
    }
    return artifact(home, "stops", inputs)


@room_task(stops_plan, name="find settled problems", task_run_name=settle_name)
def find_stops(
    home: Path, graded: Artifact, problems: tuple[Artifact, ...], settings: DifficultySettings, sampling: SamplingSettings
) -> Artifact:
    """Write `stops.parquet` (problem_id, rounds: those settled, and after how many) and `undecided.parquet` (problem_id: the others).

    The manifest says how many there are (`decided`, `undecided`) and how many `rounds` the graded profile has.
    """
    target = stops_plan(home, graded, problems, settings, sampling)
    if target.is_complete:
        return target
    how = MartSettings(difficulty=settings, adaptive=sampling.adaptive, max_rounds=sampling.rounds)
    with closing(open_graded(graded, problems, how, ["stopping"])) as connection:
        rows = connection.table("stopping").pl().group_by("problem_id").agg(rounds=worst(pl.col("decided_rounds"))).sort("problem_id")
    decided, undecided = rows.drop_nulls("rounds"), rows.filter(pl.col("rounds").is_null()).select("problem_id")
    facts = {"rounds": read_profile(graded)["rounds"], "decided": len(decided), "undecided": len(undecided), "graded": graded.key}
    with building(target, facts) as folder:
        write_parquet(decided, folder / "stops.parquet")
        write_parquet(undecided, folder / "undecided.parquet")
    return target


def worst(rounds: pl.Expr) -> pl.Expr:
    """The most rounds of a problem's places and gold answers; none where one of them is undecided."""
    return pl.when(rounds.has_nulls()).then(None).otherwise(rounds.max())
