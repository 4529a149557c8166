"""Prints the answer of a query: as a table where it fits the terminal, else record by record, as an explained plan where it is one."""

import re

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.commands.printing.rows import MOST_ROWS
from tasks.reporting.wording import printable
from tasks.warehouse.cells import FRACTIONS, NUMBERS, Cells

DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
SHORT, READABLE, WORD, GAP = 12, 40, 72, 2
PLAN = ["explain_key", "explain_value"]


def print_answer(console: Console, answer: Cells, *, full: bool = False) -> None:
    """Print the rows; of many, the first MOST_ROWS, saying so. Ids are cut to their first SHORT digits unless `full`."""
    if answer.rows.columns == PLAN:
        for text in answer.rows["explain_value"]:
            console.print(Text(text), soft_wrap=True)
        return
    first = answer.rows.head(MOST_ROWS).iter_rows()
    shown = [[cell(value, kind, full) for value, kind in zip(row, answer.kinds, strict=True)] for row in first]
    heads = [printable(name) for name in answer.rows.columns]
    if shown and width_of(heads, shown) > console.width:
        print_records(console, heads, shown)
    else:
        console.print(table(heads, shown, answer.kinds))
    for line in notes(answer, full):
        console.print(Text(line, style="dim"), soft_wrap=True)


def cell(value: str | None, kind: str, full: bool) -> Text:
    """A value as a cell: null dimmed, fractions to six digits, ids cut short unless `full`."""
    if value is None:
        return Text("null", style="dim")
    if kind in FRACTIONS:
        return Text(f"{float(value):.6g}")
    return Text(f"{value[:SHORT]}…" if not full and DIGEST.fullmatch(value) else printable(value))


def width_of(heads: list[str], rows: list[list[Text]]) -> int:
    """The width of a table in which every cell can be read."""
    widths = [max(len(head), *(least_width(row[place]) for row in rows)) for place, head in enumerate(heads)]
    return sum(widths) + GAP * (len(widths) - 1)


def least_width(value: Text) -> int:
    """The width of a cell that can be read: as wide as it is, up to READABLE, beyond which it may be folded, but not within a word."""
    longest = max(map(len, value.plain.split()), default=0)
    return min(value.cell_len, max(READABLE, min(longest, WORD)))


def table(heads: list[str], rows: list[list[Text]], kinds: tuple[str, ...]) -> Table:
    """The rows side by side, numbers to the right."""
    drawn = Table(header_style="bold", box=None, pad_edge=False)
    for head, kind in zip(heads, kinds, strict=True):
        drawn.add_column(Text(head), justify="right" if kind in NUMBERS else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def print_records(console: Console, heads: list[str], rows: list[list[Text]]) -> None:
    """Print rows that are too wide for a table one below the other, a line a column."""
    for number, row in enumerate(rows, start=1):
        console.print(Text(f"row {number}", style="dim"))
        record = Table(box=None, show_header=False, pad_edge=False)
        record.add_column(style="bold", no_wrap=True)
        record.add_column(overflow="fold")
        for head, value in zip(heads, row, strict=True):
            record.add_row(head, value)
        console.print(record)


def notes(answer: Cells, full: bool) -> list[str]:
    """What the table does not show: rows beyond MOST_ROWS, and the rest of ids."""
    rows = answer.rows
    shortened = any(DIGEST.fullmatch(value) for row in rows.head(MOST_ROWS).iter_rows() for value in row if value)
    cut = [f"the first {MOST_ROWS:,} of {len(rows):,} rows; --format csv or json gives all"] if len(rows) > MOST_ROWS else []
    return [*cut, *(["ids are cut short; --full shows them whole"] if shortened and not full else [])]
