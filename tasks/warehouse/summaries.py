"""What marts need of all shards, kept from one publish to the next, so that a publish reads only the shards that are new.

A summary (`sql/summaries/`) can be made of some shards and merged with that of others: its file says which columns are summed, or'ed or
maximised, and all others are its key. Of each folder of shards the summaries are kept in `aside/summaries/`, a part for the shards that
were new at each publish until there are many (so a key may have a row in each), with the names, sizes and times of the shards they cover
and the digest of the SQL that made them. Where a shard was changed or is gone, or the SQL is another, the folder is summed up anew;
deleting `aside/summaries/` costs nothing but that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.base.files import digest, sync, write_text
from tasks.lake.database import connect, literal
from tasks.lake.lake import RELATIONS, SHARDED, Lake
from tasks.lake.layout import ASIDE, EMPTY
from tasks.warehouse.building import open_over
from tasks.warehouse.order import in_order, sql_digests
from tasks.warehouse.relations import catalogue, summaries
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb

INDEX = "index.json"
MOST_PARTS = 8
Files = dict[str, str]


def summarised(relation: str) -> list[str]:
    """The summaries that are made of a relation."""
    return [name for name in summaries() if RELATIONS.keys() & set(in_order([name])) == {relation}]


def refreshed(lake: Lake, files: Mapping[str, list[Path]]) -> dict[str, list[Path]]:
    """The files of every summary over the shards among `files`, brought up to date."""
    found: dict[str, list[Path]] = {}
    for relation in SHARDED:
        for folder, shards in by_folder(files[relation]).items():
            place = lake.home / ASIDE / "summaries" / relation / folder.name
            for part in refresh(place, relation, shards):
                for name, file in part.items():
                    found.setdefault(name, []).append(place / file)
    return found


def by_folder(shards: Iterable[Path]) -> dict[Path, list[Path]]:
    """The shards by their folder, without the relation's empty one."""
    folders: dict[Path, list[Path]] = {}
    for path in shards:
        if path.parent.name != EMPTY:
            folders.setdefault(path.parent, []).append(path)
    return folders


def refresh(place: Path, relation: str, shards: list[Path]) -> list[Files]:
    """The parts of one folder's summaries: the names of their files by summary. Who calls this holds the publisher's lock."""
    place.mkdir(parents=True, exist_ok=True)
    before, sql = read_index(place), digest(sql_digests(*summarised(relation)))
    present = {path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in shards}
    goes_on = before.get("sql") == sql and before["shards"].items() <= present.items()
    known, parts = (before["shards"], before["parts"]) if goes_on else ({}, [])
    if new := [path for path in shards if path.name not in known]:
        parts = [*parts, summarise(place, relation, new, digest(present)[:12])]
        parts = parts if len(parts) <= MOST_PARTS else [fold(place, parts, digest(parts)[:12])]
        write_text(place / INDEX, json.dumps({"sql": sql, "shards": present, "parts": parts}))
        for leftover in {path.name for path in place.glob("*.parquet")} - {file for part in parts for file in part.values()}:
            (place / leftover).unlink()
    return parts


def read_index(place: Path) -> dict[str, Any]:
    """What is known of a folder's summaries."""
    path = place / INDEX
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def summarise(place: Path, relation: str, shards: list[Path], mark: str) -> Files:
    """Sum these shards up in files of that mark. All are whole numbers, so that any number of threads gives the same."""
    names = summarised(relation)
    sources = sorted({source for name in names for source in catalogue()[name].inputs})
    with closing(open_over({relation: shards}, MartSettings(threads=os.cpu_count() or 1), wanted=sources)) as connection:
        selects = {name: summaries()[name].read_text(encoding="utf-8") for name in names}
        return {name: write_part(connection, select, place / f"{name}-{mark}.parquet") for name, select in selects.items()}


def fold(place: Path, parts: list[Files], mark: str) -> Files:
    """One part in the place of many."""
    made = {}
    with closing(connect(threads=os.cpu_count() or 1)) as connection:
        for name in parts[0]:
            connection.from_parquet([literal(place / part[name]) for part in parts]).create_view(f"{name}_parts")
            made[name] = write_part(connection, merged(connection, name, f"{name}_parts"), place / f"{name}-{mark}.parquet")
    return made


def merged(connection: duckdb.DuckDBPyConnection, name: str, parts: str) -> str:
    """The SELECT that merges the rows of a summary's parts, each column in its type."""
    aggregates = catalogue()[name].merged_by
    described = connection.execute(f"describe {parts}").fetchall()
    columns = [
        f"{aggregates[column]}({column})::{dtype} as {column}" if column in aggregates else column for column, dtype, *_ in described
    ]
    return f"select {', '.join(columns)} from {parts} group by all"


def write_part(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> str:
    """Write what a SELECT gives; gives the name of the file. Nothing counts on it before the index names it."""
    connection.execute(f"copy ({select}\n) to $path (format parquet, compression zstd)", {"path": str(target)})
    with target.open("rb") as file:
        os.fsync(file.fileno())
    sync(target.parent)
    return target.name
