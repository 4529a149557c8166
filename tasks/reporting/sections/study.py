"""A study on a page: what it was there to find out, every arm over its seeds, and how fast it gets there."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.charts import MOST_SERIES, difference_chart, interval_chart, spending_chart
from tasks.reporting.compared import CHANCE, NO_OTHER_PROBLEMS, TOO_FEW, comparison_sentence, excluded, outcome, smallest
from tasks.reporting.figure import Figure
from tasks.reporting.sections.conduct import conduct, spending_cells
from tasks.reporting.sections.evaluation import shared_domain
from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, label, number, p_value, percent, percent_interval, points, points_interval

TITLE_LENGTH = 32
FOUND = f"#smallest found with {CHANCE:.0%} chance"
SCORED = ("accuracy", "accuracy_low", "accuracy_high")


def study_section(study: Artifact) -> dict[str, Any]:
    """What the page shows of a study."""
    arms, comparisons = tables_of(study, "study", "study_comparisons")
    curve, targets = tables_of(study, "study_curve", "study_targets")
    figures = [accuracy_figure(arms), difference_figure(arms), *([] if curve.is_empty() else [curve_figure(arms, curve)])]
    return {
        "primary": primary(study, comparisons),
        "sentences": sentences(comparisons.filter(family="exploratory"), arms),
        "explored": comparison_table("Exploratory comparisons", comparisons.filter(family="exploratory")),
        "covers": NO_OTHER_PROBLEMS,
        "figures": figures,
        "series": curve_names(arms, curve),
        "results": results(arms),
        "costs": costs(arms),
        "targets": targets_table(targets) if targets["reached"].sum() else None,
        "conduct": conduct(study, arms),
        "seeds": int(arms["seeds"].min() or 0),  # type: ignore[arg-type]
        "problems": int(arms["problems"].max() or 0),  # type: ignore[arg-type]
        "key": study.key,
    }


def tables_of(study: Artifact, *names: str) -> list[pl.DataFrame]:
    """Tables of a study."""
    return [read_parquet(study.file(f"{name}.parquet")) for name in names]


def primary(study: Artifact, comparisons: pl.DataFrame) -> dict[str, Any]:
    """The primary comparisons: what each found, when they were named, and what was named at other times."""
    named = comparisons.filter(family="primary")
    facts = study.manifest["primary"]
    return {
        "sentences": [comparison_sentence(row) for row in named.iter_rows(named=True)],
        "registered": registered(facts) if len(named) else "",
        "others": [other_list(one) for one in facts["others"]],
        "table": comparison_table("Primary comparisons", named) if len(named) else None,
    }


def registered(facts: Mapping[str, Any]) -> str:
    """When the primary comparisons were named, and whether any result was there by then."""
    before, runs = facts["runs_before"], facts["runs"]
    when = f"They were written down on {day(facts['at'])}"
    if not before:
        return f"{when}, before any of the {runs:,} runs was evaluated."
    return f"{when}, when {before:,} of the {runs:,} runs had been evaluated: read them as exploratory."


def other_list(facts: Mapping[str, Any]) -> str:
    """Another list that the study has had, in words."""
    pairs = "; ".join(f"{label(arm)} against {label(against)}" for arm, against in facts["primary"])
    return f"On {day(facts['at'])} the study named {pairs or 'no primary comparison'}."


def day(at: str) -> str:
    """A time in UTC as people write it."""
    return f"{at[:10]} {at[11:16]} UTC"


def score(study: Artifact) -> dict[str, Any]:
    """The result in numbers, for the index over all reports: the first primary comparison; without one the baseline, and the best of the
    arms that train, whose interval holds for all arms together."""
    arms, comparisons = tables_of(study, "study", "study_comparisons")
    sizes = {"arms": len(arms), **{name: int(arms[name].max() or 0) for name in ("seeds", "problems")}}  # type: ignore[arg-type]
    trained = arms.filter(pl.col("completions") > 0)
    ranked = trained.join(comparisons, on="arm").sort("accuracy", "arm", descending=[True, False], nulls_last=True)
    baseline = trained.filter("is_baseline")["arm"].to_list()
    shown = pl.concat([comparisons.filter(family="primary"), ranked.filter(pl.col("against").is_in(baseline)).select(comparisons.columns)])
    if shown.is_empty():
        return {}
    row = shown.row(0, named=True)
    gained = {"difference": row["difference"], "difference_low": row["family_low"], "difference_high": row["family_high"]}
    return {**sizes, "first": end(arms, row["against"]), "last": end(arms, row["arm"]) | gained}


def end(arms: pl.DataFrame, arm: str) -> dict[str, Any]:
    """One end of a comparison."""
    row = arms.row(by_predicate=pl.col("arm") == arm, named=True)
    return {"title": arm, **{name: row[name] for name in SCORED}}


def sentences(comparisons: pl.DataFrame, arms: pl.DataFrame) -> list[str]:
    """What may be said of each arm that trains."""
    trained = arms.filter(pl.col("completions") > 0)["arm"].implode()
    compared = comparisons.filter(pl.col("arm").is_in(trained), pl.col("difference").is_not_null())
    return [comparison_sentence(row) for row in compared.iter_rows(named=True)]


def comparison_table(caption: str, comparisons: pl.DataFrame) -> Table:
    """Comparisons with both their intervals."""
    rows = [
        (
            label(row["arm"]),
            label(row["against"]),
            f"{row['differences']:,}",
            points(row["difference"]),
            points_interval(row["difference_low"], row["difference_high"]),
            points_interval(row["family_low"], row["family_high"]),
            p_value(row["family_p_value"]),
            outcome(row),
            *could_be_told(row),
        )
        for row in comparisons.iter_rows(named=True)
    ]
    among = ("#interval by itself", "#interval in its family", "#family-wise p", "what was found in its family")
    heads = ("arm", "against", "#seeds", "#difference", *among, FOUND, "excluded")
    return table(f"{caption}, in percentage points, paired by seed", heads, rows)


def could_be_told(row: dict[str, Any]) -> tuple[str, str]:
    """The smallest difference that a comparison would have found, and the effects that it excludes."""
    if outcome(row) == TOO_FEW:
        return MISSING, MISSING
    least = smallest(row)
    return MISSING if least is None else f"{100 * least:.1f}", excluded(row)


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
    caption = "mean over seeds, without hints, with its interval; whether two arms differ is told by differences, not by how these overlap"
    chart = interval_chart(drawn, shared_domain(arms), f"Held-out accuracy of every arm with its interval over seeds: {said}.")
    return Figure(title="Held-out accuracy", svg=chart, caption=caption)


def difference_figure(arms: pl.DataFrame) -> Figure:
    """What every trained arm gains over the baseline, seed by seed."""
    compared = arms.filter(pl.col("difference").is_not_null(), pl.col("completions") > 0)
    drawn = compared.select(arm_names(compared), "difference", low="difference_low", high="difference_high")
    said = "; ".join(f"{name} {points(gain)}" for name, gain in drawn.select("name", "difference").iter_rows())
    chart = difference_chart(drawn, f"Difference to the baseline in points: {said}.")
    caption = "in points, paired by seed; an interval by itself may leave out 0 where that in its family does not"
    return Figure(title="Difference to the baseline", svg=chart, caption=caption)


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
    chart = spending_chart(drawn, names, "Validation accuracy by the tokens spent, offline and in training, mean over seeds.")
    caption = "on validation problems while training, mean over seeds; a curve begins at what its profile took"
    return Figure(title="Accuracy by tokens spent", svg=chart, caption=caption)


def results(arms: pl.DataFrame) -> Table:
    """Every arm over its seeds."""
    rows = [
        (
            label(row["arm"]),
            label(row["about"], 60) if row["about"] else "",
            f"{row['seeds']:,}",
            percent(row["accuracy"]),
            percent_interval(row["accuracy_low"], row["accuracy_high"]),
            percent(row["accuracy_hinted"]),
        )
        for row in arms.iter_rows(named=True)
    ]
    return table("Held-out accuracy over seeds", ("arm", "what it is", "#seeds", "#accuracy", "#interval", "#with hints"), rows)


def costs(arms: pl.DataFrame) -> Table:
    """What each arm spends."""
    rows = [
        (
            label(row["arm"]),
            f"{row['steps']:,}",
            f"{row['completions']:,}",
            number(row["refills"] and int(row["refills"])),
            f"{int(row['profile_completions']):,}",
            *spending_cells(row),
        )
        for row in arms.iter_rows(named=True)
    ]
    heads = ("arm", "#steps", "#completions", "#refills", "#drawn offline", "#tokens", "#of the baseline’s", "#generated", "#of its")
    return table("What each arm spends, mean over seeds", heads, rows)


def targets_table(targets: pl.DataFrame) -> Table:
    """Tokens to the first validation at or above each target."""
    rows = [
        (label(row["arm"]), percent(row["target"], 0), f"{row['reached']} of {row['seeds']}", number(row["tokens"] and int(row["tokens"])))
        for row in targets.iter_rows(named=True)
    ]
    heads = ("arm", "#accuracy", "#seeds that reach it", "#tokens until then")
    caption = "Tokens spent, offline and in training, until the validation accuracy first reaches a target: the mean over the seeds that do"
    return table(f"{caption}, which are the faster ones where not all do", heads, rows)
