"""Prints what the doctor found."""

from rich.table import Table
from rich.text import Text

from flows.commands.doctor import Finding

COLOURS = {"ok": "green", "warning": "yellow", "fault": "bold red"}


def findings_table(findings: list[Finding]) -> Table:
    """What was found, a line each, with the fix below what needs one."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for style in ("", "bold", ""):
        table.add_column(style=style, overflow="fold")
    for found in findings:
        fix = f"\n→ {found.fix}" if found.fix else ""
        table.add_row(Text(found.level, style=COLOURS[found.level]), found.name, Text.assemble(found.said, (fix, "dim")))
    return table
