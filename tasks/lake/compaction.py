"""Puts the many small shards of a partition into few large files, sorted by problem, without disturbing who reads or resumes.

The large files are an artifact (see compacted.py). Its appearing retires the small shards at once for all that lists shards in Python;
published views change over with the publish that follows. The small ones stay for readers that have the old warehouse open, and are
deleted by a later compaction, when they have been retired for `keep_hours` and the published file no longer reads them.
"""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from filelock import Timeout
from pydantic import Field

from tasks.base.errors import InputError
from tasks.base.settings import Settings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.compacted import FOLDER, Compacted, live, manifests, partition_of
from tasks.lake.database import connect, literal
from tasks.lake.lake import RELATIONS, SHARDED, Lake
from tasks.lake.layout import EMPTY, MANIFEST
from tasks.lake.published import publishing, remembered
from tasks.lake.storage import drop

VERSION = 1
ROW_GROUP = 8192  # rows that a reader must hold at once: no more than in a shard
WAIT_S = 1.0
HOUR_S = 3600.0
ORDER = {"rollouts": "problem_id, round, sample", "verdicts": "problem_id, gold_id, round, sample"}
logger = logging.getLogger(__name__)


class CompactionSettings(Settings):
    """A partition is compacted when it has at least `min_shards` small shards; what is retired is kept for `keep_hours`."""

    min_shards: int = Field(default=8, ge=2)
    keep_hours: float = Field(default=24.0, ge=0)


def compact(lake: Lake, settings: CompactionSettings) -> list[Artifact]:
    """Compact every partition that has many small shards. One in which a flow is just writing is left for the next time, with a warning.

    The views of the published warehouse go on reading the small shards until it is published again; do that next.
    """
    made: list[Artifact] = []
    for relation in SHARDED:
        for name in sorted({partition_of(folder.as_posix()) for folder in folders(lake, relation)}):
            try:
                with lake.lock(lake.partition(relation, name)).acquire(timeout=WAIT_S):
                    made += compact_partition(lake, relation, name, settings)
            except Timeout:
                logger.warning(f"{relation}/{name} is being written; it is left as it is until the next compaction")
    return made


def folders(lake: Lake, relation: str) -> list[Path]:
    """The folders of a relation's shards, retired ones too, without the empty file's."""
    return [path for path in (lake.home / relation).glob("*") if path.is_dir() and path.name != EMPTY]


def compact_partition(lake: Lake, relation: str, name: str, settings: CompactionSettings) -> Iterator[Artifact]:
    """Write a partition's shards as one file, together with those compacted before that are no larger than they."""
    folder = lake.partition(relation, name)
    small = [path for path in lake.shards(folder) if path.parent == folder]
    if len(small) < settings.min_shards:
        return
    rows = count_rows(small)
    older = [part for part in live(manifests(lake.home), relation) if part.partition == name]
    taken = [part for part in older if part.rows <= rows]
    files = [*small, *(lake.home / file for part in taken for file in part.files)]
    retires = sorted({folder.relative_to(lake.home).as_posix(), *(part.folder for part in taken), *retired_by(taken)})
    target = artifact(lake.home, FOLDER, {"version": VERSION, "relation": relation, "partition": name, "retires": retires})
    facts = {"relation": relation, "partition": name, "retires": retires, "rows": count_rows(files)}
    with building(target, facts) as aside:
        write_sorted(relation, files, aside / f"{relation}.parquet")
        if (written := count_rows([aside / f"{relation}.parquet"])) != facts["rows"]:
            raise InputError(f"compacting {folder} wrote {written} of {facts['rows']} rows; nothing is changed, run it again")
    yield target


def retired_by(parts: list[Compacted]) -> set[str]:
    """All folders that these compacted partitions have retired: whoever takes them in stands for those as well."""
    return {folder for part in parts for folder in part.retires}


def write_sorted(relation: str, files: list[Path], path: Path) -> None:
    """Write the rows of shards to one file, sorted, so that the statistics of its row groups tell where a problem is."""
    columns = ", ".join(f'"{column}"' for column in RELATIONS[relation])
    with closing(connect()) as connection:
        connection.from_parquet([literal(file) for file in files]).create_view("shards")
        connection.execute(
            f"copy (select {columns} from shards order by {ORDER[relation]}) to $path "
            f"(format parquet, compression zstd, row_group_size {ROW_GROUP})",
            {"path": str(path)},
        )


def count_rows(files: list[Path]) -> int:
    """How many rows Parquet files have, by their footers."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in files)


def sweep_retired(lake: Lake, settings: CompactionSettings) -> list[str]:
    """Delete what has been retired for long enough and is not read by the published warehouse; gives the folders."""
    swept = []
    with publishing(lake):  # so that none goes while a publish reads it
        read = read_by_the_published(lake)
        for part in manifests(lake.home):
            manifest = lake.home / part.folder / MANIFEST
            if not read.issuperset(part.files) or not manifest.is_file():  # gone with a later one that has taken it in
                continue
            old = manifest.stat().st_mtime <= time.time() - settings.keep_hours * HOUR_S
            for folder in part.retires if old else ():
                place = lake.home / folder
                if place.is_dir():
                    shutil.rmtree(place)
                    drop(lake.home, folder)
                    swept.append(folder)
    return swept


def read_by_the_published(lake: Lake) -> set[str]:
    """The shards that the last publish has read, relative to the home; none where that is not known."""
    kept = remembered(lake)
    return set().union(*(kept["state"]["files"][relation] for relation in SHARDED)) if kept else set()
