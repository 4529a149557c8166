"""How well a stage's groups could have been foreseen: by the profile as it was stored, and by estimates that training's own groups move.

Every recorded stage is replayed (the relation `forecast`), whatever drew its problems.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from tasks.reporting.charts import curve_chart, reliability_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.training import in_sequence, stage_title
from tasks.reporting.table import Table, table
from tasks.reporting.wording import number, percent

BELIEFS = {"static": "stored profile", "beta": "fading counts", "live": "live estimate"}
FOUND = "found"
LEVELS, SPANS = 10, 10


def forecast_section(inputs: Inputs) -> dict[str, Any]:
    """The two figures, their legend, what they come to in a sentence for each stage, and the scores; empty where no group can be scored."""
    forecast, scores = inputs.forecasts
    judged = forecast.filter(pl.col("group_size") > 0)
    if judged.is_empty():
        return {}
    titles = {stage.key: stage_title(stage) for stage in inputs.stages}
    whole = judged.drop_nulls("signal")  # a part of a group is all right or all wrong more often than is expected of a whole one
    return {
        "figures": [reliability(judged), *([] if whole.is_empty() else [quiet(whole, titles)])],
        "series": [*BELIEFS.values(), FOUND],
        "said": [*said(scores, titles), *left_out(scores, titles)],
        "scores": scores_table(scores, titles),
    }


def reliability(judged: pl.DataFrame) -> Figure:
    """What was solved of what each estimate expected, over all stages."""
    level = (pl.col("p_mean") * LEVELS).floor().clip(0, LEVELS - 1)
    responses = pl.col("group_size").sum()
    rows = (
        judged.group_by("belief", level=level)
        .agg(
            expected=(pl.col("p_mean") * pl.col("group_size")).sum() / responses,
            solved=pl.col("correct").sum() / responses,
            groups=pl.len(),
        )
        .with_columns(series=pl.col("belief").replace_strict(BELIEFS))
        .sort("series", "level")
    )
    description = "Share solved in training against what each estimate expected just before the step. On the dashed line forecasts hold."
    numbers = table(
        "Expected and solved",
        ("estimate", "#expected", "#solved", "#groups"),
        [(row["series"], percent(row["expected"]), percent(row["solved"]), f"{row['groups']:,}") for row in rows.iter_rows(named=True)],
    )
    chart = reliability_chart(rows, list(BELIEFS.values()), description)
    return Figure("Expected and solved", chart, "on the dashed line a forecast holds; larger dots are more groups", numbers=numbers)


def quiet(whole: pl.DataFrame, titles: dict[str, str]) -> Figure:
    """The share of whole groups without a signal by step: what came, and what each estimate expected of the same groups."""
    expected = whole.select("stage_id", "step", series=pl.col("belief").replace_strict(BELIEFS), value=1 - pl.col("signal"))
    one = whole.filter(pl.col("belief") == next(iter(BELIEFS)))
    is_quiet = (pl.col("correct") == 0) | (pl.col("correct") == pl.col("group_size"))
    came = one.select("stage_id", "step", series=pl.lit(FOUND), value=is_quiet.cast(pl.Float64))
    spans = pl.concat([expected, came]).with_columns(span=span_of(pl.col("step")).over("stage_id"))
    means = (
        spans.group_by("stage_id", "series", "span").agg(pl.col("step").mean(), pl.col("value").mean()).sort("stage_id", "series", "step")
    )
    rows, boundaries = in_sequence(means, list(titles))
    names = [*BELIEFS.values(), FOUND]
    share = {name: float(spans.filter(pl.col("series") == name)["value"].mean()) for name in names}  # type: ignore[arg-type]
    description = "Share of groups that are all right or all wrong, by training step: " + "; ".join(
        f"{name} {percent(value)}" for name, value in share.items()
    )
    chart = curve_chart(rows.with_columns(smooth=pl.col("value")), names, boundaries, "%", description)
    notes = (f"{FOUND} {percent(share[FOUND])}; expected: " + ", ".join(f"{name} {percent(share[name])}" for name in BELIEFS.values()),)
    caption = "whole groups, all right or all wrong: nothing to learn from; means over tenths of a stage"
    return Figure("Groups without a signal", chart, caption, notes)


def span_of(step: pl.Expr) -> pl.Expr:
    """The tenth of a stage's steps that a step lies in."""
    return (SPANS * (step - step.min()) / (step.max() - step.min() + 1)).floor()


def said(scores: pl.DataFrame, titles: dict[str, str]) -> Iterator[str]:
    """A sentence for each stage that was scored."""
    for stage_id, rows in by_stage(scores, titles):
        if rows["live"]["brier"] is None:
            continue
        best = min(BELIEFS, key=lambda belief: rows[belief]["brier"])
        briers = ", ".join(f"{name} {number(rows[belief]['brier'])}" for belief, name in BELIEFS.items())
        chosen = "; it refilled, so these are the groups that were kept for their outcome" if rows["live"]["extra_completions"] else ""
        yield (
            f"{titles[stage_id]}: the {BELIEFS[best]} foresaw its {rows['live']['scored_groups']:,} groups best. Squared error (Brier) of "
            f"the chance that an answer is right, 0 is perfect: {briers}{chosen}."
        )


def left_out(scores: pl.DataFrame, titles: dict[str, str]) -> Iterator[str]:
    """What could not be scored of each stage."""
    kinds = {"hinted_groups": "had hints", "unknown_groups": "have no profile", "unjudged_groups": "could not be judged"}
    for stage_id, rows in by_stage(scores, titles):
        missing = [f"{rows['live'][name]:,} {what}" for name, what in kinds.items() if rows["live"][name]]
        if missing:
            yield f"{titles[stage_id]}: of its {rows['live']['groups']:,} groups {' and '.join(missing)}; they are left out."


def by_stage(scores: pl.DataFrame, titles: dict[str, str]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Each stage in the order of training with its scores by belief."""
    for stage_id in titles:
        rows = {row["belief"]: row for row in scores.filter(pl.col("stage_id") == stage_id).iter_rows(named=True)}
        if rows:
            yield stage_id, rows


def scores_table(scores: pl.DataFrame, titles: dict[str, str]) -> Table:
    """The mart `forecast_scores` in words."""
    rows = [
        (
            titles[stage_id],
            name,
            f"{found[belief]['scored_groups']:,}",
            number(found[belief]["brier"]),
            number(found[belief]["log_loss"]),
            number(found[belief]["skill"]),
            number(found[belief]["reliability"]),
            f"{percent(found[belief]['expected_zero_signal'])} ({percent(found[belief]['zero_signal_share'])})",
        )
        for stage_id, found in by_stage(scores, titles)
        for belief, name in BELIEFS.items()
    ]
    heads = ("stage", "estimate", "#groups", "#Brier", "#log loss", "#skill", "#off by (reliability)", "#no signal expected (found)")
    return table("How well each estimate foresaw training", heads, rows)
