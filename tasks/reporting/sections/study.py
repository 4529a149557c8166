"""A study on a page: every arm over its seeds, what it gains over the baseline, and how fast it gets there."""

from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.charts import MOST_SERIES, difference_chart, interval_chart, spending_chart
from tasks.reporting.figure import Figure
from tasks.reporting.sections.evaluation import SCORED, shared_domain
from tasks.reporting.table import Table, table
from tasks.reporting.wording import change, label, number, p_value, percent, percent_interval, points, points_interval

TITLE_LENGTH = 32
SAYS = {
    "up": "better than the baseline: the interval of the difference lies above zero",
    "down": "worse than the baseline: the interval of the difference lies below zero",
    "unclear": "not told apart from the baseline: the interval of the difference holds zero",
    "": "the seeds give no interval",
}


def study_section(study: Artifact) -> dict[str, Any]:
    """What the page shows of a study."""
    arms, curve, targets = (read_parquet(study.file(f"{name}.parquet")) for name in ("study", "study_curve", "study_targets"))
    figures = [accuracy_figure(arms), difference_figure(arms), *([] if curve.is_empty() else [curve_figure(arms, curve)])]
    return {
        "sentences": sentences(arms),
        "figures": figures,
        "series": curve_names(arms, curve),
        "results": results(arms),
        "parts": parts(arms),
        "costs": costs(arms),
        "targets": targets_table(targets) if targets["reached"].sum() else None,
        "seeds": int(arms["seeds"].max() or 0),  # type: ignore[arg-type]
        "problems": int(arms["problems"].max() or 0),  # type: ignore[arg-type]
        "key": study.key,
    }


def score(study: Artifact) -> dict[str, Any]:
    """The result in numbers, for the index over all reports: the baseline, and the best of the arms that train."""
    arms = read_parquet(study.file("study.parquet"))
    trained = arms.filter(pl.col("completions") > 0).sort("accuracy", "arm", descending=[True, False], nulls_last=True)
    ends = [("first", trained.filter("is_baseline")), ("last", trained.filter(~pl.col("is_baseline")))]
    scores = {place: {"title": rows["arm"][0], **{name: rows[name][0] for name in SCORED}} for place, rows in ends if len(rows)}
    sizes = {name: int(arms[name].max() or 0) for name in ("seeds", "problems")}  # type: ignore[arg-type]
    return {"arms": len(arms), **sizes, **scores} if "first" in scores else {}


def sentences(arms: pl.DataFrame) -> list[str]:
    """What may be said of each arm against the baseline; the interval decides the words."""
    compared = arms.filter(pl.col("difference").is_not_null(), pl.col("completions") > 0)
    return [sentence(row) for row in compared.iter_rows(named=True)]


def sentence(row: dict[str, Any]) -> str:
    """One arm in words."""
    said = SAYS[change(row["difference"], row["difference_low"], row["difference_high"])]
    return f"{label(row['arm'])}: {points(row['difference'])} points, {said}."


def arm_names(arms: pl.DataFrame) -> pl.Series:
    """The arms as charts name them."""
    return pl.Series("name", [label(arm, TITLE_LENGTH) for arm in arms["arm"]])


def accuracy_figure(arms: pl.DataFrame) -> Figure:
    """Every arm's accuracy with its interval over seeds."""
    drawn = arms.select(
        arm_names(arms),
        pl.when("is_baseline").then(1).when(pl.col("completions") == 0).then(0).otherwise(2).alias("series"),
        pl.lit(False).alias("hints"),
        "accuracy",
        low="accuracy_low",
        high="accuracy_high",
    )
    said = "; ".join(f"{name} {percent(accuracy)}" for name, accuracy in drawn.select("name", "accuracy").iter_rows())
    chart = interval_chart(drawn, shared_domain(arms), f"Held-out accuracy of every arm with its interval over seeds: {said}.")
    return Figure(title="Held-out accuracy", svg=chart, caption="mean over seeds, without hints, with its interval")


def difference_figure(arms: pl.DataFrame) -> Figure:
    """What every trained arm gains over the baseline, seed by seed."""
    compared = arms.filter(pl.col("difference").is_not_null(), pl.col("completions") > 0)
    drawn = compared.select(arm_names(compared), "difference", low="difference_low", high="difference_high")
    said = "; ".join(f"{name} {points(gain)}" for name, gain in drawn.select("name", "difference").iter_rows())
    chart = difference_chart(drawn, f"Difference to the baseline in points: {said}.")
    return Figure(title="Difference to the baseline", svg=chart, caption="in points, paired by seed; right of the line is better")


def curve_names(arms: pl.DataFrame, curve: pl.DataFrame) -> list[str]:
    """The arms whose course is drawn: as many as there are colours, the baseline first, then the last ones of the study."""
    known = arms.filter(pl.col("arm").is_in(curve["arm"].unique().implode()))
    first = known.filter("is_baseline")["arm"].to_list()
    others = known.filter(~pl.col("is_baseline"))["arm"].to_list()
    return [label(arm, TITLE_LENGTH) for arm in [*first, *others[-(MOST_SERIES - len(first)) :]]]


def curve_figure(arms: pl.DataFrame, curve: pl.DataFrame) -> Figure:
    """Validation accuracy by tokens spent, each arm's mean over seeds."""
    means = curve.group_by("arm", "steps").agg(pl.col("tokens").mean(), pl.col("accuracy").mean()).sort("arm", "steps")
    named = means.with_columns(series=pl.Series([label(arm, TITLE_LENGTH) for arm in means["arm"]], dtype=pl.String))
    names = curve_names(arms, curve)
    drawn = named.filter(pl.col("series").is_in(names)).select("series", "tokens", "accuracy")
    chart = spending_chart(drawn, names, "Validation accuracy by the tokens that training has spent, mean over seeds.")
    return Figure(title="Accuracy by tokens spent", svg=chart, caption="on validation problems while training, mean over seeds")


def results(arms: pl.DataFrame) -> Table:
    """Every arm against the baseline."""
    rows = [
        (
            label(row["arm"]),
            label(row["about"], 60) if row["about"] else "",
            percent(row["accuracy"]),
            percent_interval(row["accuracy_low"], row["accuracy_high"]),
            points(row["difference"]),
            points_interval(row["difference_low"], row["difference_high"]),
            p_value(row["p_value"]),
            percent(row["accuracy_hinted"]),
        )
        for row in arms.iter_rows(named=True)
    ]
    heads = ("arm", "what it is", "#accuracy", "#interval", "#to baseline", "#its interval", "#p", "#with hints")
    return table("Held-out accuracy over seeds; differences in percentage points, paired by seed", heads, rows)


def parts(arms: pl.DataFrame) -> Table:
    """What each arm gains over the arm that it adds to."""
    rows = [
        (
            label(row["arm"]),
            label(row["adds_to"]),
            points(row["gain"]),
            points_interval(row["gain_low"], row["gain_high"]),
            p_value(row["gain_p_value"]),
        )
        for row in arms.filter(pl.col("adds_to").is_not_null()).iter_rows(named=True)
    ]
    return table("What each part adds, in percentage points", ("arm", "added to", "#gain", "#interval", "#p"), rows)


def costs(arms: pl.DataFrame) -> Table:
    """What each arm spends."""
    rows = [
        (
            label(row["arm"]),
            f"{row['steps']:,}",
            f"{row['completions']:,}",
            number(row["refills"] and int(row["refills"])),
            f"{int(row['profile_completions']):,}",
            number(row["tokens"] and int(row["tokens"])),
            percent(row["zero_signal_share"]),
        )
        for row in arms.iter_rows(named=True)
    ]
    heads = ("arm", "#steps", "#completions", "#refills", "#drawn offline", "#tokens", "#zero-signal groups")
    return table("What each arm spends, mean over seeds", heads, rows)


def targets_table(targets: pl.DataFrame) -> Table:
    """Tokens to the first validation at or above each target."""
    rows = [
        (label(row["arm"]), percent(row["target"], 0), f"{row['reached']} of {row['seeds']}", number(row["tokens"] and int(row["tokens"])))
        for row in targets.iter_rows(named=True)
    ]
    heads = ("arm", "#accuracy", "#seeds that reach it", "#tokens until then")
    return table("Tokens spent until the validation accuracy first reaches a target, mean over the seeds that do", heads, rows)
