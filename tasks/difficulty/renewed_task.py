"""The task that measures difficulty anew for a policy that was just trained: by training's own groups where these tell enough, by new
answers elsewhere. A problem's count is of one of the two, never of both.

Cached by the content of what training has answered, of the graded profile and of the problems, the settings, and every SQL file used.
"""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.difficulty.measurement import open_graded
from tasks.difficulty.task import FILES, VERSION, write_measured
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake, read_parquet, write_parquet
from tasks.sampling.profile import read_profile
from tasks.steps.caching import room_task
from tasks.steps.naming import policy_named, problems_named
from tasks.steps.request import StepRequest
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests
from tasks.warehouse.settings import MartSettings

COUNTS, IDS = "verdict_counts", ("policy_id", "sampling_id", "grader_id")
GROUPS, ROLLOUTS = "groups", "rollouts"
NO_VERDICT = ("unparseable", "timeouts", "unscorable")


class RenewedRequest(StepRequest):
    """What training has `answered` (a `stops` artifact), the graded answers to the other problems (None: there are none, or they are left
    out), the problems, and how difficulty is estimated."""

    answered: Artifact
    graded: Artifact | None
    problems: tuple[Artifact, ...]
    settings: DifficultySettings

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "answered": self.answered.content,
            "graded": self.graded and self.graded.content,
            "problems": [source.content for source in self.problems],
            "settings": self.settings,
            "sql": sql_digests(*FILES),
        }
        return artifact(self.home, "difficulty", inputs)

    def said(self) -> str:
        return f"measure the difficulty of {problems_named(self.problems)} for {policy_named(self.answered)}"


@room_task(name="measure difficulty anew")
def measure_renewed(request: RenewedRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the tables of a difficulty, and `sources.parquet`: of each problem whether its counts are training's `groups`, of which steps,
    or new `rollouts`. Raises InputError where neither has an answer."""
    answered, graded, settings = request.answered.manifest, request.graded, request.settings
    drawn = [rollouts_counted(graded, request.problems)] if graded else []
    counts = pl.concat([groups_counted(request.answered), *drawn], how="diagonal_relaxed")
    with TemporaryDirectory() as aside:
        path = Path(aside) / "counts.parquet"
        write_parquet(counts.drop("source", "groups", "first_step", "last_step"), path)
        files = {
            COUNTS: [path],
            "problems": [source.file("problems.parquet") for source in request.problems],
            "policies": Lake(target.home).files("policies"),
        }
        with closing(open_over(files, MartSettings(difficulty=settings), wanted=FILES)) as connection:
            bands = write_measured(connection, graded or request.answered, folder)
    write_parquet(counts.select("problem_id", "source", "groups", "first_step", "last_step").sort("problem_id"), folder / "sources.parquet")
    rounds = read_profile(graded)["rounds"] if graded else 0
    named = {name: answered[name] for name in IDS}
    made_from = {"graded": graded and graded.key, "stops": request.answered.key, "settings": settings}
    return {**named, "rounds": rounds, **made_from, "counts": bands, "sources": sources_of(request, counts)}


def groups_counted(answered: Artifact) -> pl.DataFrame:
    """Training's answers as `verdict_counts` has answers, each one of a round of its own; which of the wrong ones held none, a group does
    not say."""
    rows = read_parquet(answered.file("counts.parquet"))
    return rows.select(
        "problem_id",
        "gold_id",
        *(pl.lit(answered.manifest[name]).alias(name) for name in IDS),
        pl.col("n").alias("rounds"),
        pl.col("k").alias("correct"),
        (pl.col("n") - pl.col("k")).alias("incorrect"),
        *(pl.lit(0, pl.Int64).alias(name) for name in NO_VERDICT),
        pl.lit(GROUPS).alias("source"),
        "groups",
        "first_step",
        "last_step",
    )


def rollouts_counted(graded: Artifact, problems: tuple[Artifact, ...]) -> pl.DataFrame:
    """The verdicts on the new answers, counted. Of a problem that training has answered there are none: it stopped before round 1."""
    with closing(open_graded(graded, problems, MartSettings(), [COUNTS])) as connection:
        return connection.table(COUNTS).pl().with_columns(source=pl.lit(ROLLOUTS))


def sources_of(request: RenewedRequest, counts: pl.DataFrame) -> dict[str, Any]:
    """What the manifest tells of where the counts come from: problems and answers of either kind, of which stage and steps the groups are,
    how far the policy still moved in these, and how many problems are left out since neither says anything of them."""
    once = counts.unique("problem_id").with_columns(answers=pl.sum_horizontal("correct", "incorrect", *NO_VERDICT))
    parts = {source: once.filter(pl.col("source") == source) for source in (GROUPS, ROLLOUTS)}
    found: dict[str, dict[str, Any]] = {
        source: {"problems": len(part), "answers": int(part["answers"].sum())} for source, part in parts.items()
    }
    found[GROUPS] |= {name: request.answered.manifest[name] for name in ("stage", "stage_id", "steps", "moved")}
    every = pl.concat(read_parquet(source.file("problems.parquet"), columns=["problem_id"]) for source in request.problems)
    return {**found, "left_out": every["problem_id"].n_unique() - len(once)}
