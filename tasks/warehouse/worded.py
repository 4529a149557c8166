"""The marts as people read them: beside every digest of a policy, a way of sampling, a grader or an artifact what it is called.

A mart's rows are kept without words, in the schema `marts` of the published file, and a view of its name adds them. So words are those of
now, however old the rows; no artifact holds them; and nothing is computed anew where only a name is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from tasks.lake.database import quoted
from tasks.warehouse.meanings import OTHER_SIDES, WORDS
from tasks.warehouse.relations import catalogue, models, views

if TYPE_CHECKING:
    import duckdb

SCHEMA = "marts"


def worded(name: str, columns: Iterable[str], place: str) -> str:
    """The SELECT of a mart's columns, those in `place`, each digest followed by its words but for those that the mart has itself."""
    held, selected, joins = list(columns), [], []
    for column in held:
        selected.append(f"mart.{quoted(column)}")
        side = next((side for side in OTHER_SIDES if side and column.startswith(side)), "")
        source, key, words = WORDS.get(column.removeprefix(side), ("", "", ()))
        added = [word for word in words if side + word not in held]
        if added and source != name:
            alias = quoted(f"words of {column}")
            joins.append(f"left join {source} as {alias} on mart.{quoted(column)} = {alias}.{key}")
            selected += [f"{said(word, alias, column)} as {side}{word}" for word in added]
    return f"select {', '.join(selected)} from {place} as mart {' '.join(joins)}"


def said(word: str, alias: str, column: str) -> str:
    """The SQL of a word: where nothing is known of a policy, sampling or grader it goes by its digest, and nothing hints at hints."""
    others = {"hints": "false", "recipe": "null", "is_newest": "null"}
    return f"coalesce({alias}.{word}, {others.get(word, f'mart.{quoted(column)}')})"


def columns_of(connection: duckdb.DuckDBPyConnection, place: str) -> list[str]:
    """The names of a table's columns."""
    return [name for name, *_ in connection.execute(f"describe {place}").fetchall()]


def create_views(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """In a database whose schema `marts` holds these tables and which has the lake's relations: a view for each of them, with words, and
    all that is a view itself."""
    held = set(tables)
    for name in views_in_order(held):
        if name in held:
            sql = worded(name, columns_of(connection, f"{SCHEMA}.{quoted(name)}"), f"{SCHEMA}.{name}")
        else:
            sql = models()[name].read_text(encoding="utf-8")
        connection.execute(f"create or replace view main.{name} as {sql}")


def views_in_order(tables: set[str]) -> list[str]:
    """The names of all views, each after those that it reads."""
    graph: dict[str, Iterable[str]] = {name: catalogue()[name].inputs for name in views()}
    sources = {source for source, *_ in WORDS.values()}
    graph |= {name: sources - {name} if name not in sources else () for name in tables}
    known = tables | set(views())
    return [name for name in TopologicalSorter(dict(sorted(graph.items()))).static_order() if name in known]
