"""Runs `sql/checks/`: what must hold of the relations before they are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.base.errors import InputError
from tasks.warehouse.relations import sql_files

if TYPE_CHECKING:
    import duckdb

FIRST_ROWS = 5


class CheckFailed(InputError):
    """A query of `sql/checks/` found rows that must not be. Retrying cannot help: what lies in the lake is at fault."""


def check(connection: duckdb.DuckDBPyConnection) -> None:
    """Run `sql/checks/`. Raises CheckFailed naming the first check that gives rows, with the first of them."""
    for name, path in sql_files("checks").items():
        check_rows(connection, name, path)


def check_rows(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Run one check. Raises CheckFailed naming it, with its first rows, when it gives any."""
    rows = connection.sql(path.read_text(encoding="utf-8")).limit(FIRST_ROWS).pl()
    if not rows.is_empty():
        shown = "\n".join(f"  {row}" for row in rows.to_dicts())
        raise CheckFailed(f"check {name} ({path}) failed; its first rows:\n{shown}\nThe published warehouse stays as it was")
