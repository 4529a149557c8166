"""Prints rows as tables: cells are shown as they are, never read as markup."""

import json
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from tasks.reporting.wording import printable

MOST_ROWS = 1000
CAPTION_WIDTH = 72


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
    """A value as a cell: null dimmed, fractions to six digits, lists and records as JSON."""
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    if isinstance(value, list | dict):
        return Text(printable(json.dumps(value, ensure_ascii=False, default=str)))
    return Text(printable(str(value)))
