"""What marts need of all shards, kept from one publish to the next, so that a publish reads only the shards that are new.

A summary (`sql/summaries/`) can be made of some shards and merged with that of others: its file says which columns are summed, or'ed or
maximised, and all others are its key. Of each folder of shards the summaries are kept in `aside/summaries/`, with the names, sizes and
times of the shards they cover and the digest of the SQL that made them. Where a shard was changed or is gone, or the SQL is another,
the folder is summed up anew; deleting `aside/summaries/` costs nothing but that.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.difficulty.settings import DifficultySettings
from tasks.lake import RELATIONS, SHARDED, Lake
from tasks.layout import ASIDE, EMPTY
from tasks.store import digest, sync_folder, write_text
from tasks.warehouse import in_order, literal, open_over, sql_digests, summaries

if TYPE_CHECKING:
    import duckdb

MERGED_LINE = re.compile(r"^-- merged by: (.*)$", re.MULTILINE)
MERGED_BY = re.compile(r"(sum|max|bit_or)\((\w+)\)")
INDEX = "index.json"


def summarised(relation: str) -> list[str]:
    """The summaries that are made of a relation."""
    return [name for name in summaries() if RELATIONS.keys() & set(in_order([name])) == {relation}]


def merged_by(name: str) -> dict[str, str]:
    """The aggregate that merges each column of a summary that is not of its key, as the header of its file says."""
    line = MERGED_LINE.search(summaries()[name].read_text(encoding="utf-8"))
    if line is None:
        raise ValueError(
            f"{summaries()[name]} has no `-- merged by: ...` line in its header; name an aggregate for each column but the key's"
        )
    return {column: aggregate for aggregate, column in MERGED_BY.findall(line[1])}


def refreshed(lake: Lake, files: Mapping[str, list[Path]]) -> dict[str, list[Path]]:
    """The files of every summary over the shards among `files`, brought up to date."""
    found: dict[str, list[Path]] = {}
    for relation in SHARDED:
        for folder, shards in by_folder(files[relation]).items():
            place = lake.home / ASIDE / "summaries" / relation / folder.name
            for name, path in refresh(place, relation, shards).items():
                found.setdefault(name, []).append(path)
    return found


def by_folder(shards: Iterable[Path]) -> dict[Path, list[Path]]:
    """The shards by their folder, without the relation's empty one."""
    folders: dict[Path, list[Path]] = {}
    for path in shards:
        if path.parent.name != EMPTY:
            folders.setdefault(path.parent, []).append(path)
    return folders


def refresh(place: Path, relation: str, shards: list[Path]) -> dict[str, Path]:
    """The summaries of one folder of shards. Only one process refreshes at a time: it holds the publisher's lock."""
    names = summarised(relation)
    place.mkdir(parents=True, exist_ok=True)
    before, sql = read_index(place), digest(sql_digests(*names))
    present = {path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in shards}
    known = before["shards"] if before.get("sql") == sql and before["shards"].items() <= present.items() else {}
    if known != present or not known:
        new = [path for path in shards if path.name not in known]
        files = write_summaries(place, relation, new, before["files"] if known else {}, digest(present)[:8])
        write_text(place / INDEX, json.dumps({"sql": sql, "shards": present, "files": files}))
        for leftover in {path.name for path in place.glob("*.parquet")} - set(files.values()):
            (place / leftover).unlink()
    return {name: place / file for name, file in read_index(place)["files"].items()}


def read_index(place: Path) -> dict[str, Any]:
    """What is known of a folder's summaries."""
    path = place / INDEX
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_summaries(place: Path, relation: str, shards: list[Path], before: Mapping[str, str], mark: str) -> dict[str, str]:
    """Summarise these shards, merge what was there before, and write it under new names; gives the names of the files."""
    names = summarised(relation)
    with closing(open_over({relation: shards}, DifficultySettings(), wanted=names, threads=os.cpu_count() or 1)) as connection:
        for name in names:
            rows = merged(connection, name, place / before[name]) if name in before else f"from {name}"
            target = place / f"{name}-{mark}.parquet"
            connection.execute(f"copy ({rows}) to $path (format parquet, compression zstd)", {"path": str(target)})
            with target.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(place)
    return {name: f"{name}-{mark}.parquet" for name in names}


def merged(connection: duckdb.DuckDBPyConnection, name: str, before: Path) -> str:
    """The SELECT that merges a summary with an earlier one, each column in its type."""
    connection.from_parquet(literal(before)).create_view(f"{name}_before")
    aggregates = merged_by(name)
    columns = [
        f"{aggregates[column]}({column})::{dtype} as {column}" if column in aggregates else column
        for column, dtype, *_ in connection.execute(f"describe {name}").fetchall()
    ]
    return f"select {', '.join(columns)} from (from {name}_before union all by name from {name}) group by all"
