"""Counts each policy's right answers to held-out problems, with hints where problems carry them."""

from collections.abc import Sequence
from contextlib import closing

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.base.errors import InputError
from tasks.difficulty.measurement import open_graded
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.problems.versions import version_of
from tasks.sampling.holes import problems_missing_in
from tasks.warehouse.settings import MartSettings

PROBLEM = ["dataset", "split", "problem_id"]


class EvaluationArm(BaseModel):
    """One policy under one hint setting. `graded` holds its answers.

    With hints on, a problem whose band carries no hint has the very same prompt as without, so its answers are not sampled again: they
    are taken from `fallback`, graded without hints, where `graded` has none, and should have none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str
    policy_id: str
    hints: bool
    graded: Artifact
    fallback: Artifact | None = None


def arm_rows(arm: EvaluationArm, problems: Sequence[Artifact]) -> pl.DataFrame:
    """Rows of `evaluations` for one arm, without their id. Raises InputError when no problem has an answer."""
    rows = count_correct(arm.graded, problems)
    if arm.fallback is not None:
        plain = count_correct(arm.fallback, problems).join(rows, on=PROBLEM, how="anti")
        rows = pl.concat([rows, plain.filter(~pl.col("problem_id").is_in(missing_in(arm.graded).implode()))])
    if rows.is_empty():
        raise InputError(f"policy {arm.policy} has no graded answer to any of the held-out problems; sample and grade them first")
    clustered = rows.join(clusters(problems), on=PROBLEM, how="left", maintain_order="left")
    return clustered.with_columns(policy_id=pl.lit(arm.policy_id), policy=pl.lit(arm.policy), hints=pl.lit(arm.hints)).sort(PROBLEM)


def clusters(problems: Sequence[Artifact]) -> pl.DataFrame:
    """The cluster of each problem, as its source's `columns.cluster` named it: the one problem that it is a version of; else null."""
    rows = pl.concat(read_parquet(source.file("problems.parquet"), columns=[*PROBLEM, "metadata"]) for source in problems)
    named = rows.select(*PROBLEM, cluster=pl.col("metadata").map_elements(version_of, return_dtype=pl.String))
    return named.sort(*PROBLEM, "cluster", nulls_last=True).unique(PROBLEM, keep="first")


def missing_in(graded: Artifact) -> pl.Series:
    """The problems of which the profile of graded answers misses some."""
    return problems_missing_in(Artifact(home=graded.home, kind="profiles", key=graded.manifest.get("profile", "")))


def count_correct(graded: Artifact, problems: Sequence[Artifact]) -> pl.DataFrame:
    """n and k of each problem that a graded profile answers; one with two gold answers is the mean over both."""
    with closing(open_graded(graded, problems, MartSettings(), ["problem_counts"])) as connection:
        return connection.table("problem_counts").pl().group_by(PROBLEM).agg(pl.col("n", "k").sum())
