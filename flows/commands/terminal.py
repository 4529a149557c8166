"""What the commands print: rows of a query, and the outcome of a run. Cells are shown as they are, never read as markup."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from rich.bar import Bar
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.near import NONE_LEFT, near_sentence, near_trained
from tasks.reporting.summary import average_title, place_title, read_scores, shown_places
from tasks.reporting.wording import MISSING, change, p_value, percent, percent_interval, points, points_interval, policy_title, printable
from tasks.steps.planning import State, Step
from tasks.warehouse.dictionary import Relation

MOST_ROWS = 1000
CAPTION_WIDTH = 72
UNKNOWN = "unknown until ingested"
PLANNED = {
    State.cached: "green",
    State.to_do: "bold",
    State.waits: "dim",
    State.unknown: "yellow",
    State.missing: "red",
    State.every_run: "dim",
}
SWEEP_BAR = 12
SAID = {"up": "green", "down": "red", "unclear": "dim", "": "dim"}


def rows_table(rows: pl.DataFrame) -> Table:
    """The rows of a query as a table; of many, the first MOST_ROWS, saying so."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name, dtype in rows.schema.items():
        table.add_column(Text(printable(name)), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in rows.head(MOST_ROWS).iter_rows():
        table.add_row(*(cell(value) for value in row))
    if len(rows) > MOST_ROWS:
        table.min_width = CAPTION_WIDTH
        table.caption = Text(f"the first {MOST_ROWS:,} of {len(rows):,} rows; --format csv or json gives all")
    return table


def cell(value: Any) -> Text:
    """A value as a cell."""
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    if isinstance(value, list | dict):
        return Text(printable(json.dumps(value, ensure_ascii=False, default=str)))
    return Text(printable(str(value)))


def relations_table(relations: Sequence[Relation]) -> Table:
    """Every relation in a line."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for head in ("relation", "kind", "what it holds"):
        table.add_column(head, overflow="fold")
    for relation in relations:
        table.add_row(Text(relation.name, style="bold"), Text(relation.kind, style="dim"), Text(relation.purpose))
    return table


def print_relation(console: Console, relation: Relation) -> None:
    """Print what a relation holds, and what its columns mean."""
    console.print(Text.assemble((relation.name, "bold"), f": {relation.purpose}"))
    for head, text in (("one row per", relation.grain), ("made from", ", ".join(relation.inputs)), ("holds", relation.invariants)):
        if text and text != "none":
            console.print(Text.assemble((f"{head:<12}", "dim"), text))
    console.print()
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("column", "type", "unit", "meaning"):
        table.add_column(name, overflow="fold")
    for column in relation.columns:
        style = "bold" if column.name in relation.key else ""
        table.add_row(Text(column.name, style=style), Text(column.type, style="dim"), Text(column.unit), Text(column.meaning))
    console.print(table)


def print_run(console: Console, *, evaluation: Artifact, report: Artifact, warehouse: Path) -> None:
    """Print how the policies compare, and where the report and the warehouse lie."""
    print_evaluation(console, evaluation)
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


def print_study(console: Console, *, summary: Artifact, report: Artifact) -> None:
    """Print a study's arms, and where its page lies."""
    heads = ("arm", "accuracy", "interval", "to baseline", "its interval", "p")
    table = Table(*heads, title=Text("Held-out accuracy over seeds", style="bold"), title_justify="left", box=SIMPLE, pad_edge=False)
    for row in read_parquet(summary.file("study.parquet")).iter_rows(named=True):
        table.add_row(*map(Text, (printable(row["arm"]), *study_cells(row))))
    console.print(table)
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


def verdict_counts(counts: Mapping[str, int]) -> Text:
    """How many responses got each verdict, and the accuracy: `correct` over those that count."""
    total, share = sum(counts.values()), accuracy_of(counts)
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
    accuracy = "" if share is None else f"; accuracy {percent(share)}"
    return Text(f"{total:,} responses{': ' if said else ''}{said}{accuracy}")


def accuracy_of(counts: Mapping[str, int]) -> float | None:
    """The share of correct verdicts among those that count; None where none does."""
    scored = sum(counts.get(verdict, 0) for verdict in ("correct", "incorrect", "unparseable"))
    return counts.get("correct", 0) / scored if scored else None


def print_changes(console: Console, changed: pl.DataFrame, judged: pl.DataFrame) -> None:
    """Print which problems changed band under another grader, and how many were judged."""
    if judged.is_empty():
        console.print("No other grader has judged these responses: there is nothing to compare with.")
        return
    if changed.is_empty():
        console.print("No problem changed band.")
    else:
        console.print(rows_table(changed))
    console.print()
    console.print(rows_table(judged))


def print_sweep(
    console: Console, profile: Mapping[str, Any], pairs: pl.DataFrame, sizes: pl.DataFrame, recommended: tuple[float, float], reason: str
) -> None:
    """Print the pairs of thresholds with the share of wasted groups as a bar, the set sizes beside, and what is recommended."""
    console.print(Text(f"{profile['policy'] or profile['policy_id']}: {profile['problems']:,} problems", style="bold"))
    has_set = sizes["overlap"].null_count() == 0
    heads = [f"chosen of {size}{' (in the present set)' if has_set else ''}" for size in sizes["size"].unique().sort()]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for head in ("low", "high", "kept", "of fresh rounds", "no gradient", "", "variance", "change side", *heads):
        table.add_column(head, justify="left" if head == "" else "right")
    for row in pairs.iter_rows(named=True):
        here = sizes.filter(low=row["low"], high=row["high"]).sort("size")
        cells = [f"{chosen} ({same})" if has_set else str(chosen) for chosen, same in here.select("chosen", "in_present_set").iter_rows()]
        table.add_row(*sweep_cells(row), *cells, style="bold green" if (row["low"], row["high"]) == recommended else "")
    console.print(table)
    said = f"take {recommended[0]:g} to {recommended[1]:g}: {reason}" if pairs["kept"].sum() else reason
    console.print(Text(said, style="bold"), soft_wrap=True)


def sweep_cells(row: Mapping[str, Any]) -> list[Any]:
    """The figures of one pair of thresholds."""
    share = row["zero_signal_share"]
    wasted = [MISSING, ""] if share is None else [percent(share), Bar(size=1, begin=0, end=share, width=SWEEP_BAR)]
    variance = MISSING if row["reward_variance"] is None else f"{row['reward_variance']:.3f}"
    kept = [f"{row['low']:g}", f"{row['high']:g}", f"{row['kept']:,}", f"{row['expected_kept']:,.0f}"]
    return [*kept, *wasted, variance, percent(row["switch_share"])]


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
    """One row of the summary."""
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


def print_plan(console: Console, steps: Sequence[Step], missing: Sequence[str], completions: int | None, tokens: int | None) -> None:
    """Print a dry run: every task in order, what is cached and why not, the completions and tokens still to expect, and what is missing."""
    table = Table(header_style="bold", box=SIMPLE, pad_edge=False)
    for head, justify in (("", "right"), ("step", "left"), ("state", "left"), ("completions", "right"), ("tokens at most", "right")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    table.add_column("why", overflow="fold")
    for step in steps:
        left, most = (step.work.left, step.work.most_tokens) if step.work else (None, None)
        samples = step.work is not None and step.work.completions != 0
        at_most = step.work is not None and step.work.up_to
        counts = [Text(said) if samples else Text("") for said in (count(left, up_to=at_most), count(most))]
        why = Text("see below" if step.state is State.missing else "\n".join(map(printable, step.why)))
        table.add_row(Text(str(step.number)), Text(printable(step.name)), Text(step.state, style=PLANNED[step.state]), *counts, why)
    console.print(table)
    states = Counter(step.state for step in steps)
    console.print(", ".join(f"{number} {state}" for state, number in states.items()), highlight=False)
    up_to = any(step.work.up_to for step in steps if step.work and step.work.left)
    known = f"{count(completions, up_to=up_to)} completions, at most {count(tokens)} tokens"
    console.print(f"to be sampled: {known if completions is not None else UNKNOWN}", highlight=False)
    for line in missing:
        console.print(Text.assemble(("missing  ", "bold red"), printable(line)), soft_wrap=True)


def print_remarks(console: Console, warnings: Sequence[str], notes: Sequence[str]) -> None:
    """Print what a plan warns of, and what it notes."""
    for lines, head in ((warnings, ("warning  ", "bold yellow")), (notes, ("note     ", "dim"))):
        for line in lines:
            console.print(Text.assemble(head, printable(line)), soft_wrap=True)


def count(number: int | None, *, up_to: bool = False) -> str:
    """A number of a plan (`up_to`: it may be less), or that nobody knows it."""
    return "unknown" if number is None else f"{'up to ' if up_to else ''}{number:,}"
