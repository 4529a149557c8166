"""What was curated: each stage's problems by band and dataset, and the rule and SQL that chose them."""

import json
from typing import Any

import polars as pl

from tasks.difficulty.settings import BANDS
from tasks.reporting.charts import stacked_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, percent, policy_title, printable

MOST_BARS = 24


def curation_section(inputs: Inputs) -> dict[str, Any]:
    """The sets as a chart and a table, and how each stage was chosen."""
    counts = counted(inputs.curated)
    names = counts["name"].unique(maintain_order=True).to_list()
    total = len(inputs.curated)
    svg = (
        stacked_chart(counts, names[:MOST_BARS], f"{total} curated problems by stage, dataset and band.")
        if 0 < len(names) <= MOST_BARS
        else None
    )
    return {
        "figure": svg and Figure(title="Problems by band", svg=svg),
        "contents": contents(inputs.curated),
        "stages": [chosen(inputs, stage) for stage in inputs.curated["stage"].unique().sort()],
        "warnings": [printable(warning) for item in inputs.sets for warning in item.manifest.get("warnings", [])],
    }


def counted(curated: pl.DataFrame) -> pl.DataFrame:
    """name (stage and dataset), band, problems; in the order of the stages."""
    counts = curated.group_by("stage", "dataset", "band").len("problems").sort("stage", "dataset", "band")
    names = [f"{policy_title(stage)} · {label(dataset, 24)}" for stage, dataset in counts.select("stage", "dataset").iter_rows()]
    return counts.with_columns(name=pl.Series(names, dtype=pl.String)).select("name", "band", "problems")


def contents(curated: pl.DataFrame) -> Table:
    """Each stage and dataset with its problems by band and the range of their accuracy."""
    rows = []
    for (stage, dataset), part in curated.sort("stage", "dataset").group_by("stage", "dataset", maintain_order=True):
        bands = [f"{part.filter(pl.col('band') == band).height:,}" for band in BANDS]
        accuracy = part.select(low=pl.col("accuracy").min(), mean=pl.col("accuracy").mean(), high=pl.col("accuracy").max()).row(0)
        rows.append((policy_title(str(stage)), label(str(dataset)), f"{len(part):,}", *bands, *(percent(value, 0) for value in accuracy)))
    heads = ("stage", "dataset", "#problems", *(f"#{band}" for band in BANDS), "#lowest", "#mean", "#highest")
    return table("Curated problems by stage and dataset, with the accuracy of the policy that was sampled", heads, rows)


def chosen(inputs: Inputs, stage: str) -> dict[str, Any]:
    """How a stage was chosen: its rules, what the query was given, and the query."""
    rules = inputs.curated.filter(pl.col("stage") == stage)["rule"].drop_nulls().unique().sort()
    [facts] = [item.manifest["stages"][stage] for item in inputs.sets if stage in item.manifest["stages"]]
    return {
        "title": policy_title(stage),
        "rules": [printable(rule) for rule in rules],
        "parameters": [(name, written(value)) for name, value in sorted(facts["parameters"].items())],
        "sql": printable(facts["query"]),
    }


def written(value: Any) -> str:
    """A parameter as the SQL saw it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
