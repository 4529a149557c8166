"""Whether the offline prior held: how often the groups of each level of prior were solved in training."""

from statistics import NormalDist
from typing import Any

import polars as pl

from tasks.reporting.charts import calibration_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.training import stage_title
from tasks.reporting.table import table
from tasks.reporting.wording import percent, percent_interval, points
from tasks.store import Artifact

MOST_LEVELS = 17
BINS = 10


def calibration_section(inputs: Inputs) -> dict[str, Any]:
    """A figure for each stage whose problems had a prior."""
    figures = [figure_of(inputs, stage, place) for place, stage in enumerate(inputs.stages, start=1)]
    return {"figures": [figure for figure in figures if figure]}


def figure_of(inputs: Inputs, stage: Artifact, place: int) -> Figure | None:
    """Online accuracy against prior in one stage; None without a prior."""
    known = inputs.groups.filter(pl.col("stage_id") == stage.key, pl.col("prior").is_not_null(), pl.col("group_size") > 0)
    if known.is_empty():
        return None
    rows = by_level(known, NormalDist().inv_cdf((1 + inputs.edges.confidence) / 2))
    difference = known.select((pl.col("accuracy") - pl.col("prior")).mean()).item()
    title = stage_title(stage)
    said = f"On average {points(difference)} points against the prior, over {len(known):,} groups."
    numbers = table(
        f"{title}: solved in training by prior",
        ("#prior", "#groups", "#solved", "#interval"),
        [
            (percent(row["prior"]), f"{row['groups']:,}", percent(row["accuracy"]), percent_interval(row["low"], row["high"]))
            for row in rows.iter_rows(named=True)
        ],
    )
    description = f"{title}: share solved in training against the offline prior. {said}"
    return Figure(title=title, svg=calibration_chart(rows, place, description), caption=said, numbers=numbers)


def by_level(groups: pl.DataFrame, z: float) -> pl.DataFrame:
    """prior, accuracy, low, high, groups: one row for each value of the prior, or for each tenth where there are many values.

    The interval is that of the mean over *problems*, since the groups of one problem are not independent; null for a single problem.
    """
    few = groups["prior"].n_unique() <= MOST_LEVELS
    level = pl.col("prior") if few else (pl.col("prior") * BINS).floor().clip(0, BINS - 1)
    problems = groups.group_by(level.alias("level"), "problem_id").agg(pl.col("prior").mean(), pl.col("accuracy").mean(), groups=pl.len())
    margin = z * pl.col("accuracy").std() / pl.len().sqrt()
    rows = (
        problems.sort("level", "problem_id")
        .group_by("level", maintain_order=True)
        .agg(pl.col("prior").mean(), pl.col("accuracy").mean(), pl.col("groups").sum(), margin=margin)
    )
    mean = pl.col("accuracy")
    return rows.with_columns(low=(mean - pl.col("margin")).clip(0, 1), high=(mean + pl.col("margin")).clip(0, 1)).drop("level", "margin")
