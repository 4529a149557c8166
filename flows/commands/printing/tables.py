"""Prints a report's tables in a terminal."""

from rich.table import Table as Printed
from rich.text import Text

from tasks.reporting.table import Table


def printed_table(part: Table) -> Printed:
    """A report's table for a terminal."""
    shown = Printed(title=Text(part.caption, style="bold"), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for head, is_number in part.heads:
        shown.add_column(Text(head), justify="right" if is_number else "left")
    for row in part.rows:
        shown.add_row(*(Text(str(value)) for value in row))
    return shown
