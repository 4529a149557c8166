"""The views of the lake in a published file, and the place that they read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.lake.compacted import live, manifests, retired
from tasks.lake.database import writable
from tasks.lake.lake import GLOBS, RELATIONS, SHARDED
from tasks.warehouse.meanings import comment_on

if TYPE_CHECKING:
    import duckdb


def create_live_view(connection: duckdb.DuckDBPyConnection, relation: str, root: str, home: Path) -> None:
    """A view of the lake at `root` (the home as a DuckDB glob, or an s3:// address) that sees files written after it was made; in a lake
    that was made the relation's empty file is there for its glob to match.

    Of what is compacted by now it names the large files, and passes over the folders that these retired.
    """
    from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

    every = manifests(home) if relation in SHARDED else []
    compacted = [f"{root}/{name}" for part in live(every, relation) for name in part.files]
    gone = [f"/{folder}/" for folder in sorted(retired(every)) if folder.startswith(f"{relation}/")]
    rows = connection.from_parquet([f"{root}/{GLOBS[relation]}", *compacted], filename=bool(gone), union_by_name=relation not in SHARDED)
    for folder in gone:
        rows = rows.filter(~FunctionExpression("contains", ColumnExpression("filename"), ConstantExpression(folder)))
    rows.project(", ".join(f'"{column}"' for column in RELATIONS[relation])).create_view(relation)


def point_views(path: Path, root: str, home: Path, files: Any = None) -> None:
    """Make the views of a published database read the lake at `root`, the home's DuckDB glob or the s3:// address that the home is a copy
    of, which `files` (fsspec) can read."""
    import duckdb

    with writable(path) as where, closing(duckdb.connect(where)) as connection:
        if files is not None:
            connection.register_filesystem(files)
        for relation in RELATIONS:
            create_live_view(connection, relation, root, home)
        comment_on(connection, connection.execute("select current_database()").fetchall()[0][0], RELATIONS)
        place = root if files is not None else str(home)
        connection.execute("update meta set value = $place where key = 'home'", {"place": place})
