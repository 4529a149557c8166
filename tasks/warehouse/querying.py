"""Asks the published warehouse: one SELECT that can read the lake through it and nothing else, and write nothing.

`query` gives rows to programs, `answer` every value as text or JSON to people; either may be asked to EXPLAIN a SELECT, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
from pydantic import Field

from tasks.base.errors import InputError
from tasks.base.settings import Settings
from tasks.estimates.settings import DifficultySettings
from tasks.lake.compacted import FOLDER
from tasks.lake.database import connect, literal
from tasks.lake.lake import GLOBS, RELATIONS, Lake
from tasks.warehouse.attaching import attach_published
from tasks.warehouse.cells import Cells, as_json, as_text, held_by_polars
from tasks.warehouse.interruption import OutOfTime, closing_unless_busy, compute
from tasks.warehouse.relations import sql_files
from tasks.warehouse.seen import SCHEMA_VERSION

if TYPE_CHECKING:
    import duckdb

DIGITS = 12  # of a confidence that is worked out from its quantile
READING_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
HIDING_FUNCTIONS = {"query", "json_execute_serialized_sql"}
SKIPPED = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
EXPLAIN = re.compile(
    rf"^{SKIPPED}explain\b{SKIPPED}(?P<analyze>analyze\b)?{SKIPPED}(?P<form>\(\s*format\s+\w+\s*\))?(?P<select>.*)$",
    re.IGNORECASE | re.DOTALL,
)
T = TypeVar("T")


class QueryLimits(Settings):
    """What a query may use: `rows` returned (None: all), `seconds`, `memory` as DuckDB writes it ("2GB"), `threads`. More is an error."""

    rows: int | None = Field(default=None, ge=0)
    seconds: float = Field(default=60.0, gt=0)
    memory: str = "2GB"
    threads: int = Field(default=2, gt=0)


def query(lake: Lake, sql: str, parameters: Mapping[str, Any] | None = None, *, limits: QueryLimits | None = None) -> pl.DataFrame:
    """The rows of one SELECT over the published warehouse, which can read the lake through it and nothing else, and write nothing.

    `parameters` are the values of those that it names, as `$name`: bound, so that nothing in them is read as SQL. Columns of types that
    polars does not have (INTERVAL, UNION, BIT, …) are text. Raises InputError for SQL that is wrong or does more than read, a query that
    takes too long or gives too many rows, and a warehouse that is not yet published or from a newer version.
    """
    limits = limits or QueryLimits()
    rows = asked(lake, sql, parameters or {}, limits, lambda rows: held_by_polars(rows).pl())
    return few_enough(rows, sql, limits)


def named_query(lake: Lake, name: str, **parameters: Any) -> pl.DataFrame:
    """The rows of the query of that name in `sql/queries/`, with these values. Raises as `query` does."""
    return query(lake, sql_files("queries")[name].read_text(encoding="utf-8"), parameters)


def published_edges(lake: Lake) -> DifficultySettings:
    """The bands' edges and the intervals' confidence that the published warehouse was made with."""
    found = query(lake, "select low, hard_below, medium_below, high, z from parameters").row(0, named=True)
    confidence = round(2 * NormalDist().cdf(found.pop("z")) - 1, DIGITS)
    return DifficultySettings(**found, confidence=confidence)


def answer(lake: Lake, sql: str, *, limits: QueryLimits | None = None, json: bool = False) -> Cells:
    """The rows of such a SELECT with values of every type as text, or as JSON. Raises as `query` does."""
    limits = limits or QueryLimits()
    cells = asked(lake, sql, {}, limits, as_json if json else as_text)
    few_enough(cells.rows, sql, limits)
    return cells


def few_enough(rows: pl.DataFrame, sql: str, limits: QueryLimits) -> pl.DataFrame:
    """The rows. Raises InputError where there are more than allowed."""
    if limits.rows is not None and len(rows) > limits.rows:
        raise InputError(f"the query gives more than {limits.rows:,} rows; aggregate, add a LIMIT, or allow more (--rows):\n{sql}")
    return rows


def asked(lake: Lake, sql: str, parameters: Mapping[str, Any], limits: QueryLimits, take: Callable[[duckdb.DuckDBPyRelation], T]) -> T:
    """What `take` makes of the rows, of which there may be one too many."""
    with closing_unless_busy(open_published(lake, limits)) as connection, sql_errors_named(sql, limits, " (--seconds)", " (--memory)"):
        explained = EXPLAIN.match(sql)
        select = explained["select"] if explained else sql
        check_only_reads(connection, select)

        def work() -> T:
            most = None if limits.rows is None else limits.rows + 1
            if explained:
                how = f"{explained['analyze'] or ''} {explained['form'] or ''}"
                return take(connection.sql(f"explain {how} {select}", params={**parameters}))
            if parameters:
                return take(connection.sql(f"select * from (\n{select}\n) limit $most_rows", params={**parameters, "most_rows": most}))
            # through query() the SQL is a bound value, and DuckDB itself refuses writes in its WITH clause; it takes no parameters, though
            return take(connection.sql("select * from query($sql) limit $rows", params={"sql": select, "rows": most}))

        return compute(connection, limits.seconds, work)


def open_published(lake: Lake, limits: QueryLimits) -> duckdb.DuckDBPyConnection:
    """A locked connection to the published warehouse. It is attached, not opened, because one process shares an opened file, settings and
    all, between its connections, and would go on seeing a file that has been replaced."""
    if not lake.warehouse.is_file():
        raise InputError(f"no warehouse at {lake.warehouse}: nothing is published yet; `difficulty-prior profile <recipe>` makes it")
    connection = connect(threads=limits.threads, memory_limit=limits.memory, temp_directory="")
    attach_published(connection, lake)
    connection.execute("use warehouse")
    check_schema(connection, lake)
    folders = sorted({FOLDER, *(GLOBS[relation].split("/")[0] for relation in RELATIONS)})
    [(home,)] = connection.execute("select any_value(value) from meta where key = 'home'").fetchall()
    places = [
        place / folder for place in {lake.home, Path(home or lake.home)} for folder in folders
    ]  # of one lake, under two names perhaps
    allowed = [*map(str, places), *map(literal, places)]  # DuckDB compares the views' globs as they are written
    connection.execute("set allowed_directories = $allowed", {"allowed": allowed})
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def check_schema(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Raise InputError where a newer version has published the warehouse, or an older one whose marts are not those of now."""
    [(version,)] = connection.execute("select value::int from meta where key = 'schema_version'").fetchall()
    if version > SCHEMA_VERSION:
        raise InputError(
            f"{lake.warehouse} has schema {version}, published by a newer difficulty-prior; this one knows schemas up to {SCHEMA_VERSION}: "
            "upgrade it (pip install --upgrade difficulty-prior), or open the file with DuckDB itself"
        )
    if version < SCHEMA_VERSION:
        raise InputError(
            f"{lake.warehouse} has schema {version}, published by an older difficulty-prior, and lacks relations of schema "
            f"{SCHEMA_VERSION}; `difficulty-prior publish --home {lake.home}` makes it anew from the lake, without sampling anything"
        )


@contextmanager
def sql_errors_named(sql: str, limits: QueryLimits, more_time: str = "", more_memory: str = "") -> Iterator[None]:
    """Turn DuckDB's errors about SQL that a person wrote into InputErrors that show it, and say how to allow more where one can."""
    import duckdb

    try:
        yield
    except (OutOfTime, duckdb.InterruptException) as error:
        raise InputError(
            f"the query took more than {limits.seconds:g} s and was stopped; narrow it or allow more time{more_time}:\n{sql}"
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise InputError(f"the query needs more than {limits.memory} of memory; narrow it or allow more{more_memory}:\n{sql}") from error
    except duckdb.Error as error:
        raise InputError(f"the query failed: {error}\nin:\n{sql}") from error


def check_only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise InputError unless `sql` is one SELECT that writes nothing.

    Its type alone does not tell: DuckDB 2.0 runs `with x as (copy … to 'file')`, also from inside a string given to the functions in
    HIDING_FUNCTIONS, and folders that may be read may then be written. So the parsed statement is looked through.
    """
    types = [statement.type.name for statement in connection.extract_statements(sql)]
    if types != ["SELECT"]:
        raise InputError(
            f"a query is one SELECT (or FROM, WITH, DESCRIBE, SUMMARIZE, SHOW), but this is {' and '.join(types) or 'empty'}:\n{sql}"
        )
    parsed = json.loads(connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0][0])
    if parsed["error"]:
        raise InputError(f"the query cannot be checked ({parsed['error_message']}); write it as a plain SELECT:\n{sql}")
    for node in nodes_of(parsed["statements"]):
        kind, function = str(node.get("type", "")), str(node.get("function_name", "")).lower()
        if kind.endswith("_NODE") and kind not in READING_NODES:
            raise InputError(f"the warehouse is read-only, but the query holds a {kind.split('_')[0]}:\n{sql}")
        if function in HIDING_FUNCTIONS:
            raise InputError(f"function {function}() runs SQL hidden in a string; write that SQL into the query itself:\n{sql}")


def nodes_of(tree: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a tree."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from nodes_of(branch)
