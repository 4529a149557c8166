"""What was curated: each stage's problems by band and dataset, and the rule and SQL that chose them."""

import json
from contextlib import closing
from typing import Any

import polars as pl

from tasks.estimates.settings import BANDS
from tasks.lake.database import connect
from tasks.lake.lake import read_parquet
from tasks.reporting.charts import Ends, histogram_chart, stacked_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, percent, points, policy_title, printable

MOST_BARS = 24
MOST_CHARTS = 8
PLACE = ["dataset", "split"]
DECIDED = {
    "posterior": "Decided by the posterior: what a problem’s answers and the fit of its dataset say of its true accuracy p.",
    "share": "Decided by the raw share k / n, in which the noise of few answers has its part.",
}


def curation_section(inputs: Inputs) -> dict[str, Any]:
    """The sets as a chart and a table, and how each stage was chosen."""
    counts = counted(inputs.curated)
    names = counts["name"].unique(maintain_order=True).to_list()
    total = len(inputs.curated)
    said = f"{total} curated problems by stage, dataset and band."
    svg = stacked_chart(counts, names, "problems", said) if 0 < len(names) <= MOST_BARS else None
    sets = set_places(inputs)
    return {
        "histograms": [after(inputs, place) for place in sets.head(MOST_CHARTS).iter_rows(named=True)],
        "not_drawn": max(0, len(sets) - MOST_CHARTS),
        "figure": svg and Figure(title="Problems by band", svg=svg),
        "contents": contents(inputs.curated),
        "stages": [chosen(inputs, stage) for stage in inputs.curated["stage"].unique().sort()],
        "warnings": [printable(warning) for item in inputs.sets for warning in item.manifest.get("warnings", [])],
    }


def set_places(inputs: Inputs) -> pl.DataFrame:
    """stage, dataset, split, bin accuracies of the chosen problems: one row a stage and place, the largest of every stage first."""
    parts = [placed(inputs, stage) for stage in inputs.curated["stage"].unique().sort()]
    sizes = pl.concat(parts).group_by("stage", *PLACE).agg(pl.col("accuracy"), problems=pl.len()) if parts else pl.DataFrame()
    return sizes.sort("stage", pl.col("problems").sum().over(PLACE), *PLACE, descending=[False, True, False, False])


def placed(inputs: Inputs, stage: str) -> pl.DataFrame:
    """The problems of a stage with the split that they are of."""
    measured = read_parquet(inputs.chosen_by(stage).file("difficulty.parquet"), columns=["problem_id", *PLACE])
    splits = measured.unique(["problem_id", "dataset"], keep="first", maintain_order=True)
    return inputs.curated.filter(pl.col("stage") == stage).join(splits, on=["problem_id", "dataset"], how="inner")


def after(inputs: Inputs, place: dict[str, Any]) -> Figure:
    """The histogram that a stage was chosen by, the problems that it was given in full colour and the others pale."""
    here = [pl.col(name) == place[name] for name in PLACE]
    every = read_parquet(inputs.chosen_by(place["stage"]).file("histogram.parquet")).filter(*here).sort("bin")
    bins = (pl.Series("accuracy", place["accuracy"]) * every["bins"].max()).round().cast(pl.Int64)
    chosen = bins.rename("bin").value_counts(name="chosen").cast(pl.Int64)
    rows = every.join(chosen, on="bin", how="left", maintain_order="left").with_columns(
        pl.col("chosen").fill_null(0), expected=pl.lit(None, pl.Float64)
    )
    title, total = f"{policy_title(place['stage'])} · {label(place['dataset'], 28)}", int(rows["problems"].sum())
    said = f"{place['problems']:,} of {total:,} problems ({percent(place['problems'] / max(1, total), 0)})"
    ends = thresholds(stage_facts(inputs, place["stage"]))
    chart = histogram_chart(rows, ends, f"{title}: histogram of {total} problems; {said} are in the set.")
    return Figure(title=title, svg=chart, caption=said)


def counted(curated: pl.DataFrame) -> pl.DataFrame:
    """name (stage and dataset), band, problems; in the order of the stages."""
    counts = curated.group_by("stage", "dataset", "band").len("problems").sort("stage", "dataset", "band")
    names = [f"{policy_title(stage)} · {label(dataset, 24)}" for stage, dataset in counts.select("stage", "dataset").iter_rows()]
    return counts.with_columns(name=pl.Series(names, dtype=pl.String)).select("name", "band", "problems")


def contents(curated: pl.DataFrame) -> Table:
    """Each stage and dataset with its problems by band, the range of their raw share, and the mean of their true accuracies p."""
    rows = []
    for (stage, dataset), part in curated.sort("stage", "dataset").group_by("stage", "dataset", maintain_order=True):
        bands = [f"{part.filter(pl.col('band') == band).height:,}" for band in BANDS]
        accuracy = part.select(low=pl.col("accuracy").min(), mean=pl.col("accuracy").mean(), high=pl.col("accuracy").max()).row(0)
        shares = (percent(value, 0) for value in (*accuracy, part["p_mean"].mean()))
        rows.append((policy_title(str(stage)), label(str(dataset)), f"{len(part):,}", *bands, *shares))
    heads = ("stage", "dataset", "#problems", *(f"#{band}" for band in BANDS), "#lowest k / n", "#mean k / n", "#highest k / n", "#mean p")
    said = "with band and raw share k / n of the policy that was sampled, and the mean of the true accuracies p that is expected of them"
    return table(f"Curated problems by stage and dataset, {said}", heads, rows)


def stage_facts(inputs: Inputs, stage: str) -> dict[str, Any]:
    """What the set that holds a stage's problems tells of it: the query, what that was given, and counts."""
    [facts] = [item.manifest["stages"][stage] for item in inputs.sets if stage in item.manifest["stages"]]
    return dict(facts)


def thresholds(facts: dict[str, Any]) -> Ends:
    """The accuracies between which a stage's rule chose; none where its query does not ask for them, as that of a random draw."""
    return Ends(**{name: facts["parameters"][name] for name in ("low", "high") if name in asked_by(facts)})


def asked_by(facts: dict[str, Any]) -> set[str]:
    """The parameters that a stage's query asks for."""
    with closing(connect()) as connection:
        return set(connection.extract_statements(facts["query"])[0].named_parameters)


def decided_by(facts: dict[str, Any]) -> str:
    """Which estimate decided what a stage was given, in words; "" where its query asks for none. Sets of older versions had the share."""
    estimate = facts["parameters"].get("estimate", "share")
    if "estimate" not in asked_by(facts) and "estimate" in facts["parameters"]:
        return ""
    return DECIDED[estimate]


def measured_anew(inputs: Inputs, stage: str) -> str:
    """From which answers the difficulty is that a later stage was chosen by, in words; "" for one that was chosen by the first."""
    [facts] = [item.manifest for item in inputs.sets if stage in item.manifest["stages"]]
    if not facts.get("earlier"):
        return "Chosen by the first difficulty when the stage before was trained." if facts.get("trained") else ""
    said = "Chosen by what the policy that the stage before left can solve: "
    sources = facts.get("sources")
    if sources is None:
        return f"{said}every problem was answered anew by it."
    groups, rollouts = sources["groups"], sources["rollouts"]
    first, last = groups["steps"]
    known = f"{groups['problems']:,} problems by training’s own {groups['answers']:,} answers in steps {first} to {last}{moving(groups)}"
    asked = f"{rollouts['problems']:,} by {rollouts['answers']:,} new answers"
    left = f" {sources['left_out']:,} problems, not asked in these steps, were left out." if sources["left_out"] else ""
    return f"{said}{known}; {asked}.{left}"


def moving(groups: dict[str, Any]) -> str:
    """How far a policy still moved while those groups were drawn, where that is known."""
    if not groups["moved"]:
        return ""
    gain, error = groups["moved"]
    return f" (of which the later half was right {points(gain)} points more often than the earlier one, ± {100 * error:.1f})"


def chosen(inputs: Inputs, stage: str) -> dict[str, Any]:
    """How a stage was chosen: its rules, what the query was given, and the query."""
    rules = inputs.curated.filter(pl.col("stage") == stage)["rule"].drop_nulls().unique().sort()
    facts = stage_facts(inputs, stage)
    return {
        "title": policy_title(stage),
        "rules": [printable(rule) for rule in rules],
        "anew": measured_anew(inputs, stage),
        "decided": decided_by(facts),
        "parameters": [(name, written(value)) for name, value in sorted(facts["parameters"].items())],
        "sql": printable(facts["query"]),
    }


def written(value: Any) -> str:
    """A parameter as the SQL saw it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
