"""Prints the data dictionary: every relation in a line, or one with its columns."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.warehouse.dictionary import Relation


def relations_table(relations: Sequence[Relation]) -> Table:
    """Every relation in a line: its kind, and what it holds."""
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
