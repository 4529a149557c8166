"""Makes relations over Parquet files: the SQL of `sql/` in an in-memory DuckDB, for a task, or for a file to be published.

DuckDB is imported where it is used: Prefect keeps flows alive to the very end of a process, and with them whatever their modules name,
and DuckDB, kept alive so long, prints pages of leak warnings as the last thing a person sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tasks.lake.database import connect, literal
from tasks.lake.lake import RELATIONS, SHARDED
from tasks.warehouse.made import MADE, create_parameters
from tasks.warehouse.order import in_order
from tasks.warehouse.relations import catalogue, derived, models, sql_files
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb


def open_over(
    files: Mapping[str, list[Path]], settings: MartSettings | None = None, *, wanted: Iterable[str] | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with macros, staging views and marts over the given Parquet files.

    `files` are those of a relation (a relation not named is empty) or of a mart (which is then read, not computed). `wanted` are the
    relations to make, with all they are made from (None: every one).
    """
    settings = settings or MartSettings()
    connection = connect(threads=settings.threads)
    create_parameters(connection, settings)
    create_macros(connection)
    for name in in_order([*RELATIONS, *models()] if wanted is None else wanted, files):
        if name == "verdicts" and name in files and settings.rounds is not None:
            create_limited_verdicts(connection, files[name], settings.rounds, settings.round_limits)
        else:
            create(connection, name, files, settings)
    return connection


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """The macros of `sql/macros/`."""
    for path in sql_files("macros").values():
        connection.execute(path.read_text(encoding="utf-8"))


def create(connection: duckdb.DuckDBPyConnection, name: str, files: Mapping[str, list[Path]], settings: MartSettings) -> None:
    """One relation, all of whose inputs are there: a view or a table, as its header says."""
    if name in files or name in RELATIONS:
        create_source(connection, name, files.get(name, []))
    elif name in MADE:
        MADE[name](connection, files, settings)
    elif name in derived():
        kind = "view" if catalogue()[name].is_view else "table"
        connection.execute(f"create {kind} {name} as {derived()[name].read_text(encoding='utf-8')}")


def create_source(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    """A view over Parquet files, or an empty table of the relation's columns where there is no file.

    Files of an artifact may be of an older layout and lack a column, some or all of them; it is null then. Shards all have the same ones.
    """
    if files:
        may_lack_columns = name in RELATIONS and name not in SHARDED
        held = connection.from_parquet([literal(path) for path in files], union_by_name=may_lack_columns)
        lacking = RELATIONS[name].keys() - set(held.columns) if may_lack_columns else ()
        if lacking:
            empty = connection.from_arrow(pl.DataFrame(schema=RELATIONS[name]).to_arrow())
            held = held.project(", ".join(["*", *(f"null::{empty.select(column).types[0]} as {column}" for column in sorted(lacking))]))
        held.create_view(name)
    else:
        connection.from_arrow(pl.DataFrame(schema=RELATIONS[name]).to_arrow()).create(name)


def create_limited_verdicts(connection: duckdb.DuckDBPyConnection, files: list[Path], rounds: int, limits: Path | None) -> None:
    """The verdicts in these files of the first so many rounds, and of a problem with a limit only those of the rounds below it."""
    from duckdb import ColumnExpression, ConstantExpression

    counted = connection.from_parquet([literal(path) for path in files]).filter(ColumnExpression("round") < ConstantExpression(rounds))
    if limits is None:
        counted.create_view("verdicts")
        return
    counted.create_view("first_rounds")
    connection.from_parquet(literal(limits)).create_view("round_limits")
    connection.execute(
        """create view verdicts as select first_rounds.* from first_rounds left join round_limits using (problem_id)
            where round < coalesce(round_limits.rounds, round + 1)"""
    )
