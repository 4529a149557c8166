"""Prints the outcome of a run: how the policies compare, the arms of a study, and where what was made lies."""

from pathlib import Path
from typing import Any

import polars as pl
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.compared import NO_OTHER_PROBLEMS, comparison_sentence
from tasks.reporting.near import NONE_LEFT, near_sentence, near_trained
from tasks.reporting.summary import average_title, place_title, read_scores, shown_places
from tasks.reporting.wording import (
    MISSING,
    NOT_EVALUATED,
    change,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    policy_title,
    printable,
)

SAID = {"up": "green", "down": "red", "unclear": "dim", "": "dim"}


def print_run(console: Console, *, evaluation: Artifact | None, report: Artifact, warehouse: Path) -> None:
    """Print how the policies compare, or that nothing was evaluated, and where the report and the warehouse lie."""
    if evaluation:
        print_evaluation(console, evaluation)
    else:
        console.print(Text(NOT_EVALUATED), soft_wrap=True)
    console.print()
    for name, path in (("report", report.file("report.html")), ("warehouse", warehouse)):
        console.print(Text.assemble((f"{name:<10}", "dim"), (printable(str(path)), "bold")), soft_wrap=True)


def print_evaluation(console: Console, evaluation: Artifact) -> None:
    """Print how the policies compare on all held-out problems, how many of these are nearly the same as some that were trained on, and how
    the policies compare without them."""
    console.print(summary_table(read_scores(evaluation), "Held-out accuracy"))
    near = near_trained(evaluation)
    if said := near_sentence(near):
        console.print(Text(said), soft_wrap=True)
    if near and near.copies:
        console.print()
        title = f"Held-out accuracy without the near-duplicates: {near.left:,} of {near.heldout:,} problems"
        console.print(summary_table(near.without, title) if near.left else Text(NONE_LEFT))


def summary_table(summary: pl.DataFrame, title: str) -> Table:
    """avg@k of every policy, hint setting and dataset, with intervals and the paired difference to base in percentage points."""
    table = Table(title=Text(title, style="bold"), title_justify="left", header_style="bold", box=SIMPLE, pad_edge=False)
    for head, justify in (("dataset", "left"), ("policy", "left"), ("hints", "left"), (average_title(summary), "right")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for head in ("interval", "to base", "its interval"):
        table.add_column(head, justify="right")
    for place in shown_places(summary):
        rows = summary.filter(pl.col("dataset") == place[0], pl.col("split") == place[1]).sort("hints", maintain_order=True)
        for number, row in enumerate(rows.iter_rows(named=True)):
            table.add_row(*summary_cells(row, "" if number else place_title(*place)), end_section=number == len(rows) - 1)
    return table


def summary_cells(row: dict[str, Any], place: str) -> list[Text]:
    """A policy's cells in the table: its average, interval, and difference to base, coloured where the interval leaves no doubt."""
    style = SAID[change(row["difference"], row["difference_low"], row["difference_high"])]
    is_base = row["difference"] is None
    return [
        Text(place, style="bold"),
        Text(policy_title(row["policy"])),
        Text("on" if row["hints"] else "off", style="" if row["hints"] else "dim"),
        Text(percent(row["accuracy"])),
        Text(percent_interval(row["accuracy_low"], row["accuracy_high"]), style="dim"),
        Text(MISSING if is_base else points(row["difference"]), style=style),
        Text(points_interval(row["difference_low"], row["difference_high"]), style="dim"),
    ]


def print_study(console: Console, *, summary: Artifact, report: Artifact) -> None:
    """Print a study's arms, what its primary comparisons found, and where its page lies."""
    heads = ("arm", "accuracy", "interval", "to baseline", "its interval", "family-wise p")
    table = Table(*heads, title=Text("Held-out accuracy over seeds", style="bold"), title_justify="left", box=SIMPLE, pad_edge=False)
    for row in read_parquet(summary.file("study.parquet")).iter_rows(named=True):
        table.add_row(*map(Text, (printable(row["arm"]), *study_cells(row))))
    console.print(table)
    for row in read_parquet(summary.file("study_comparisons.parquet")).filter(family="primary").iter_rows(named=True):
        console.print(Text(comparison_sentence(row)), soft_wrap=True)
    console.print(Text(NO_OTHER_PROBLEMS, style="dim"), soft_wrap=True)
    console.print(Text.assemble((f"{'report':<10}", "dim"), (printable(str(report.file("report.html"))), "bold")), soft_wrap=True)


def study_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """An arm of a study: accuracy and the difference to the baseline, with intervals and p."""
    return (
        percent(row["accuracy"]),
        percent_interval(row["accuracy_low"], row["accuracy_high"]),
        points(row["difference"]),
        points_interval(row["difference_low"], row["difference_high"]),
        p_value(row["p_value"]),
    )
