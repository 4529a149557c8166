"""Writes the file that is published: its marts as tables, the lake's relations and the marts with their words as views.

It is stored so that DuckDB 1.2 and newer open it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.lake.database import literal
from tasks.lake.lake import RELATIONS, Lake
from tasks.warehouse.building import create_macros
from tasks.warehouse.meanings import comment_on
from tasks.warehouse.order import in_order
from tasks.warehouse.pointing import create_live_view
from tasks.warehouse.relations import ARTIFACTS, PARAMETERS, STOPPING_EDGES, models, published_tables, summaries
from tasks.warehouse.worded import SCHEMA, create_views

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"


def write_database(connection: duckdb.DuckDBPyConnection, path: Path, lake: Lake, facts: Mapping[str, str]) -> None:
    """Write the marts as tables of the schema `marts`, and the lake's relations and the marts with their words as views, to a new file."""
    source = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute(f"attach $path as warehouse (storage_version '{STORAGE_VERSION}')", {"path": str(path)})
    connection.execute("use warehouse")
    create_macros(connection)
    write_meta(connection, facts)
    connection.execute(f"create schema {SCHEMA}")
    for name in in_order([*RELATIONS, *models()], summaries()):
        if name in RELATIONS:
            create_live_view(connection, name, literal(lake.home), lake.home)
        elif name in published_tables() or name in (PARAMETERS, STOPPING_EDGES, ARTIFACTS):
            connection.execute(f"create table {stored(name)} as from {source}.main.{name}")
    create_views(connection, published_tables())
    comment_on(connection, "warehouse")
    connection.execute(f"use {source}")
    connection.execute("detach warehouse")


def stored(name: str) -> str:
    """Where a published file called `warehouse` holds the rows of a table."""
    return f"warehouse.{SCHEMA if name in published_tables() else 'main'}.{name}"


def write_meta(connection: duckdb.DuckDBPyConnection, facts: Mapping[str, str]) -> None:
    """The table `meta`: what the file says of itself."""
    connection.execute(
        "create or replace table meta as select unnest($keys) as key, unnest($values) as value",
        {"keys": list(facts), "values": list(facts.values())},
    )
