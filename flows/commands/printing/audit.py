"""Prints what an audit has found: how wrong the grader is, where, and which problems that moves."""

import polars as pl
from rich.console import Console
from rich.text import Text

from flows.commands.printing.rows import rows_table
from flows.commands.printing.tables import printed_table
from tasks.auditing.result import Result
from tasks.reporting.audited import agreement, found, moved, nobody, parts


def print_result(console: Console, result: Result) -> None:
    """Print each audited grader, the problems that change band, and how people agree."""
    if result.graders.is_empty():
        console.print(Text(nobody("difficulty-prior audit")), soft_wrap=True)
    for (_,), rows in result.graders.group_by("grader_id", maintain_order=True):
        console.print(Text(found(rows.filter(pl.col("part") == "all").row(0, named=True))), soft_wrap=True)
        for part in parts(rows):
            console.print()
            console.print(printed_table(part))
    for rows in (result.bands, result.sets):
        if not rows.is_empty():
            console.print()
            console.print(Text(moved(int(rows["other_band"].sum()), int(rows["problems"].sum()))))
            console.print(rows_table(rows.drop("grader_id", "set_id", strict=False)))
    for line in agreement(result.agreement):
        console.print(Text(line), soft_wrap=True)
