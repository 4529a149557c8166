"""Prints what a grader found: how many responses got each verdict, and which problems changed band."""

from collections.abc import Mapping

import polars as pl
from rich.console import Console
from rich.text import Text

from flows.commands.printing.rows import rows_table
from tasks.reporting.wording import percent


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
