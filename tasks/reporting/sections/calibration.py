"""Whether the offline prior held: how often the groups of each level of prior were solved in training, and how fast it went stale."""

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.reporting.charts import calibration_chart, curve_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.training import first_and_last, in_sequence, stage_title
from tasks.reporting.table import Table, table
from tasks.reporting.wording import number, percent, percent_interval, points

MOST_LEVELS = 17
BINS = 10
AGEING = (
    ("correlation", "Correlation of prior and group accuracy", "by tenths of a stage"),
    ("skill", "Skill of the prior", "1 foresees every answer, 0 is no better than the mean (Brier)"),
)


def calibration_section(inputs: Inputs) -> dict[str, Any]:
    """A figure for each stage whose problems had a prior, and how well the prior predicted over the steps of all."""
    figures = [figure_of(inputs, stage, place) for place, stage in enumerate(inputs.stages, start=1)]
    drawn = [*(figure for figure in figures if figure), *ageing_figures(inputs)]
    return {"figures": drawn, "staleness": staleness(inputs), "left_out": [*left_out(inputs)]}


def left_out(inputs: Inputs) -> Iterator[str]:
    """Of each stage the groups that the prior says nothing of, since it was measured without hints."""
    with_prior = inputs.groups.filter(pl.col("prior").is_not_null(), pl.col("group_size") > 0)
    for stage in inputs.stages:
        groups = with_prior.filter(pl.col("stage_id") == stage.key)
        hinted, unknown = groups["hinted"].sum(), groups["hinted"].null_count()
        kinds = [f"{hinted:,} whose prompts carried a hint"] if hinted else []
        kinds += [f"{unknown:,} of which nobody wrote down whether they did"] if unknown else []
        if kinds:
            yield f"{stage_title(stage)}: of {len(groups):,} groups, {' and '.join(kinds)}"


def figure_of(inputs: Inputs, stage: Artifact, place: int) -> Figure | None:
    """Online accuracy against prior in one stage, of prompts without a hint; None without a prior."""
    of_stage = pl.col("stage_id") == stage.key
    known = inputs.groups.filter(of_stage, ~pl.col("hinted"), pl.col("prior").is_not_null(), pl.col("group_size") > 0)
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


def ageing_figures(inputs: Inputs) -> list[Figure]:
    """How well the prior predicted in each tenth of the stages."""
    calibration, _ = inputs.ageing
    titles = {stage.key: stage_title(stage) for stage in inputs.stages}
    middle = (pl.col("first_step") + pl.col("last_step")) / 2
    tenths = calibration.filter(pl.col("band") == "all").with_columns(step=middle)
    figures = []
    for column, title, caption in AGEING:
        known = tenths.select("stage_id", "step", value=pl.col(column), smooth=pl.col(column)).drop_nulls()
        rows, boundaries = in_sequence(known, list(titles))
        named = rows.with_columns(series=pl.col("stage_id").replace_strict(titles, default="", return_dtype=pl.String))
        if len(rows) < 2:
            continue
        notes = tuple(f"{name}: {number(first)} → {number(last)}" for name, first, last in first_and_last(named))
        description = f"{title} by training step. {'; '.join(notes)}."
        chart = curve_chart(named, list(titles.values()), boundaries, "~g", description)
        figures.append(Figure(title=title, svg=chart, caption=caption, notes=notes))
    return figures


def staleness(inputs: Inputs) -> Table | None:
    """The mart `prior_staleness` in words; None where no stage had a prior."""
    _, rows = inputs.ageing
    titles = {stage.key: stage_title(stage) for stage in inputs.stages}
    lines = [
        (
            titles[row["stage_id"]],
            f"{number(row['first_skill'])} ({number(row['first_skill_by_chance'])})",
            f"{number(row['last_skill'])} ({number(row['last_skill_by_chance'])})",
            with_error(row["last_difference"], row["last_difference_error"]),
            with_error(row["drift_per_100_steps"], row["drift_error"]),
            with_error(row["error_growth_per_100_steps"], row["error_growth_error"]),
            row["stale_step"] or "never",
        )
        for row in sorted(rows.iter_rows(named=True), key=lambda row: list(titles).index(row["stage_id"]))
    ]
    heads = ("stage", "#skill at first", "#at last", "#off at last", "#drift in 100 steps", "#error growth", "#off beyond chance from step")
    caption = (
        "How the prior ages; in brackets the skill of a prior that holds, ± is one standard error. By chance alone 1 stage in 20 is off"
    )
    return table(caption, heads, lines) if lines else None


def with_error(value: float | None, error: float | None) -> str:
    """A difference in percentage points with its standard error, where there is one."""
    return points(value) if error is None else f"{points(value)} ± {100 * error:.1f}"


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
