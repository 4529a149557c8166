"""Prints what a grader found: how many responses got each verdict, and which problems changed band."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.text import Text

from flows.commands.printing.rows import rows_table
from tasks.grading.files.graded import FAULT, GradedFile
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


def faulty_lines(found: GradedFile, source: Path, out: Path) -> str:
    """How many lines of a file could not be graded, why the first of them could not, and where the others say it."""
    left = found.faulty - len(found.faults)
    more = [f"  and {left:,} more"] if left else []
    first = f"done, but {found.faulty:,} of {found.verdicts.total():,} lines of {source} could not be graded and are `unscorable`:"
    return "\n".join([first, *(f"  {fault}" for fault in found.faults), *more, f"Each says why in the field `{FAULT}` of {out}."])


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
