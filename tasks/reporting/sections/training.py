"""How training went: curves over the steps of all stages, raw and smoothed, and the weight that groups were given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.estimates.settings import BANDS
from tasks.lake.artifacts import Artifact
from tasks.reporting.charts import curve_chart, weight_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.objective import objective_section
from tasks.reporting.table import Table, table
from tasks.reporting.wording import number, percent, policy_title, printable

MOST_POINTS = 240
SMOOTHED_SHARE = 12  # a moving mean over a twelfth of a stage


@dataclass(frozen=True)
class Curve:
    """A metric: where it comes from, how it is called, and how its values are written."""

    names: tuple[str, ...]
    title: str
    caption: str
    as_percent: bool = False
    is_detail: bool = False  # for those who look for what went wrong


CURVES = (
    Curve(("rewards/accuracy/mean", "accuracy"), "Accuracy", "share of completions that are correct", as_percent=True),
    Curve(("validation/accuracy",), "Validation", "share correct of problems that are not trained on, without hints", as_percent=True),
    Curve(("reward",), "Reward", "mean reward, format included"),
    Curve(
        ("zero_signal", "frac_reward_zero_std"), "Zero signal", "problems whose answers are all right or all wrong: nothing to learn", True
    ),
    Curve(("kl",), "KL divergence", "from the policy that the stage started from"),
    Curve(("loss",), "Loss", "of the policy gradient; its level says little", is_detail=True),
    Curve(("grad_norm",), "Gradient norm", "before clipping", is_detail=True),
    Curve(("gradient/clipped",), "Gradient clipped", "share of steps whose gradient was scaled down", as_percent=True, is_detail=True),
    Curve(
        ("importance/bounded",), "Ratios bounded", "share of vLLM’s importance ratios dropped or truncated", as_percent=True, is_detail=True
    ),
    Curve(("entropy",), "Entropy", "of the next token, in nats", is_detail=True),
    Curve(("completions/mean_length",), "Completion length", "mean, in tokens", is_detail=True),
    Curve(("completions/mean_length_right",), "Length of right answers", "mean, in tokens", is_detail=True),
    Curve(("completions/mean_length_wrong",), "Length of wrong answers", "mean, in tokens", is_detail=True),
    Curve(("completions/clipped_ratio",), "Cut-off completions", "share that met the token limit", as_percent=True, is_detail=True),
    Curve(("rewards/format/mean",), "Format kept", "share of completions", as_percent=True, is_detail=True),
    Curve(
        ("verdicts/timeout",), "Timed out", "share of completions whose grading took too long: no accuracy", as_percent=True, is_detail=True
    ),
    Curve(("hints/accuracy_with",), "With the hint", "solved, of problems asked with and without", as_percent=True, is_detail=True),
    Curve(("hints/accuracy_without",), "Without the hint", "the same problems in the same steps", as_percent=True, is_detail=True),
    Curve(("hints/moved",), "Hints that moved", "share of hinted problems in another band than profiled", as_percent=True, is_detail=True),
    Curve(("learning_rate",), "Learning rate", "as scheduled", is_detail=True),
)


WEIGHT = Curve(("weight", "weight/mean"), "Weight by step", "mean weight of the step's groups")


def training_section(inputs: Inputs) -> dict[str, Any]:
    """A figure for each metric that was logged, the weights, and a summary of the stages."""
    titles = {stage.key: stage_title(stage) for stage in inputs.stages}
    series, boundaries = in_sequence(all_series(inputs), list(titles))
    by_accuracy = weight_figure(inputs, titles)
    drawn = [(curve, figure_of(curve, series, titles, boundaries)) for curve in CURVES if found_name(curve, series)]
    return {
        "figures": [figure for curve, figure in drawn if not curve.is_detail],
        "details": [figure for curve, figure in drawn if curve.is_detail],
        "weights": [
            *([by_accuracy] if by_accuracy else []),
            *([figure_of(WEIGHT, series, titles, boundaries)] if found_name(WEIGHT, series) else []),
        ],
        "weights_fall": weights_fall(by_level(inputs, titles)),
        "series": list(titles.values()),
        "summary": summary(inputs, titles),
        **objective_section(inputs, titles),
        "warnings": [printable(warning) for stage in inputs.stages for warning in stage.manifest.get("warnings", [])],
    }


def stage_title(stage: Artifact) -> str:
    """A stage's name as a heading."""
    return policy_title(str(stage.manifest.get("stage") or stage.key[:8]))


def all_series(inputs: Inputs) -> pl.DataFrame:
    """stage_id, step, name, value: what was logged, and what the groups add to it."""
    is_judged, step = pl.col("group_size") > 0, ["stage_id", "step"]
    by_step = (
        inputs.groups.filter(is_judged)
        .group_by(step)
        .agg(accuracy=pl.col("correct").sum() / pl.col("group_size").sum(), weight=pl.col("weight").mean())
    )
    quiet = inputs.group_draws.filter(is_judged).group_by(step).agg(zero_signal=pl.col("is_zero_signal").mean())
    from_groups = by_step.join(quiet, on=step, how="left").unpivot(index=step, variable_name="name", value_name="value")
    columns = [*step, "name", "value"]
    return pl.concat([inputs.metrics.select(columns), from_groups.select(columns)]).filter(pl.col("value").is_finite())


def in_sequence(series: pl.DataFrame, stage_ids: list[str]) -> tuple[pl.DataFrame, list[float]]:
    """The series with each stage's steps put after those of the stages before it, and where stages meet."""
    parts, boundaries, offset = [], [], 0
    for stage_id in stage_ids:
        part = series.filter(pl.col("stage_id") == stage_id)
        if part.is_empty():
            continue
        if offset:
            boundaries.append(offset + 0.5)
        parts.append(part.with_columns(pl.col("step") + offset))
        offset = int(parts[-1]["step"].max())  # type: ignore[arg-type]
    return (pl.concat(parts) if parts else series), boundaries


def found_name(curve: Curve, series: pl.DataFrame) -> str:
    """The first of the curve's names that has values worth a picture: some, and not all zero."""
    for name in curve.names:
        values = series.filter(pl.col("name") == name)["value"]
        if len(values) > 1 and (values != 0).any():
            return name
    return ""


def figure_of(curve: Curve, series: pl.DataFrame, titles: dict[str, str], boundaries: list[float]) -> Figure:
    """A metric's curve, with where each stage started and ended."""
    rows = series.filter(pl.col("name") == found_name(curve, series))
    drawn = pl.concat(smoothed(rows, stage_id, title) for stage_id, title in titles.items() if stage_id in rows["stage_id"])
    written = percent if curve.as_percent else number
    notes = tuple(f"{title}: {written(first)} → {written(last)}" for title, first, last in first_and_last(drawn))
    description = f"{curve.title} by training step. {'; '.join(notes)}."
    chart = curve_chart(drawn, list(titles.values()), boundaries, "%" if curve.as_percent else "~g", description)
    return Figure(title=curve.title, svg=chart, caption=curve.caption, notes=notes)


def smoothed(rows: pl.DataFrame, stage_id: str, title: str) -> pl.DataFrame:
    """One stage's step, series, value and smooth (a centred moving mean), thinned to at most MOST_POINTS rows by means."""
    part = rows.filter(pl.col("stage_id") == stage_id).sort("step")
    thin = max(1, -(-len(part) // MOST_POINTS))
    thinned = part.with_row_index("place").group_by(pl.col("place") // thin, maintain_order=True)
    means = thinned.agg(pl.col("step").mean(), pl.col("value").mean())
    window = max(1, len(means) // SMOOTHED_SHARE)
    smooth = pl.col("value").rolling_mean(window, min_samples=1, center=True)
    return means.select(pl.col("step").cast(pl.Float64), pl.lit(title).alias("series"), "value", smooth=smooth)


def first_and_last(drawn: pl.DataFrame) -> Iterator[tuple[str, float, float]]:
    """Each series' mean over its first and its last tenth: one step alone is noise."""
    for (title,), part in drawn.group_by("series", maintain_order=True):
        tenth = max(1, len(part) // 10)
        yield str(title), float(part["value"].head(tenth).mean()), float(part["value"].tail(tenth).mean())  # type: ignore[arg-type]


def weight_figure(inputs: Inputs, titles: dict[str, str]) -> Figure | None:
    """The weight by the group's own accuracy; None without groups."""
    rows = by_level(inputs, titles)
    if rows.is_empty():
        return None
    chart = weight_chart(rows, list(titles.values()), "Mean weight of groups by their accuracy: what advantages were multiplied by.")
    return Figure(title="Weight by group accuracy", svg=chart, caption="larger dots stand for more groups")


def by_level(inputs: Inputs, titles: dict[str, str]) -> pl.DataFrame:
    """series (the stage), accuracy, weight (the mean), groups: a row for each accuracy that groups of a stage had, in this order."""
    judged = inputs.groups.filter(pl.col("group_size") > 0, pl.col("weight").is_finite())
    levels = judged.with_columns(
        pl.col("accuracy").round(3), series=pl.col("stage_id").replace_strict(titles, default="", return_dtype=pl.String)
    )
    return levels.group_by("series", "accuracy").agg(pl.col("weight").mean(), groups=pl.len()).sort("series", "accuracy")


def weights_fall(rows: pl.DataFrame) -> bool:
    """Whether in every stage the groups that solved least were given more weight than those that solved most."""
    ends = rows.group_by("series").agg(first=pl.col("weight").first(), last=pl.col("weight").last())
    return len(ends) > 0 and bool((ends["first"] > ends["last"]).all())


def summary(inputs: Inputs, titles: dict[str, str]) -> Table:
    """What each stage did."""
    rows = [summary_row(inputs, stage, titles[stage.key]) for stage in inputs.stages]
    heads = ("stage", "weighting", "hints", "#steps", "#groups", "#problems", "#zero signal", "#mean weight")
    caption = "The training stages; zero signal is the share of the problems drawn whose answers to each prompt were all right or all wrong"
    return table(caption, heads, rows)


def hinting(settings: dict[str, Any], metrics: pl.DataFrame) -> str:
    """Whether a stage gave hints, to which share of a hinted problem's completions not, and, by its `metrics`, those of which bands it gave
    where that was chosen at each step."""
    dropped, live = settings.get("hint_dropout"), settings.get("hints") == "live"
    shares = {band: metrics.filter(pl.col("name") == f"hints/{band}")["value"].mean() for band in BANDS if live}
    given = ", ".join(f"{percent(share)} {band}" for band, share in shares.items() if share)  # type: ignore[arg-type]
    said = ("live" if live else "on" if settings.get("hints") else "off") + (f": {given}" if given else "")
    return f"{said}, {percent(dropped)} without" if dropped else said


def summary_row(inputs: Inputs, stage: Artifact, title: str) -> tuple[Any, ...]:
    """One stage's line."""
    settings = stage.manifest.get("settings", {})
    groups, draws = (rows.filter(pl.col("stage_id") == stage.key) for rows in (inputs.groups, inputs.group_draws))
    weighting = settings.get("weighting", {})
    return (
        title,
        " ".join(str(weighting[name]).replace("_", " ") for name in ("family", "mode") if name in weighting) or "–",
        hinting(settings, inputs.metrics.filter(pl.col("stage_id") == stage.key)),
        number(settings.get("steps") or groups["step"].max()),  # type: ignore[arg-type]
        f"{len(groups):,}",
        f"{groups['problem_id'].n_unique():,}",
        percent(draws["is_zero_signal"].mean()),  # type: ignore[arg-type]
        number(groups["weight"].mean()),  # type: ignore[arg-type]
    )
