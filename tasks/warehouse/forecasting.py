"""The forecasts of each stage, kept from one publish to the next, since a stage that is done never changes, and a lake has many.

`aside/forecasts/` holds a file for each stage, named after the stage and what its rows were made of: the versions of the schema and of the
replay, the SQL of groups, and the names, sizes and times of its files. Deleting the folder costs nothing but the replay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import polars as pl

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake, write_parquet
from tasks.lake.layout import ASIDE
from tasks.warehouse.building import open_over
from tasks.warehouse.order import sql_digests
from tasks.warehouse.relations import ARTIFACTS, FORECAST, STG_GROUPS
from tasks.warehouse.replaying import profile_file, stages_in
from tasks.warehouse.seen import SCHEMA_VERSION

FOLDER = "forecasts"
VERSION = 2
"""Of what a replay says: 2 has no `signal` of groups that are not whole, and takes a problem without a profile to be like the others of its
dataset, as the trainer does."""
Files = Mapping[str, list[Path]]


def kept_forecasts(lake: Lake, files: Files) -> list[Path]:
    """The files of every stage's forecasts, those of new stages made. Who calls this holds the publisher's lock."""
    place, stages = lake.home / ASIDE / FOLDER, stages_in(files["groups"])
    by_stage = {key: [path for path in files["groups"] if path.parents[1].name == key] for key in stages}
    sql = digest(sql_digests(STG_GROUPS))
    kept = {key: place / f"{key}-{mark(stages[key], by_stage[key], sql)}.parquet" for key in stages}
    new = [key for key, path in kept.items() if not path.is_file()]
    for key, rows in forecasts_of(new, by_stage, files[ARTIFACTS]).items():
        write_parquet(rows, kept[key])
    for leftover in set(place.glob("*.parquet")) - set(kept.values()):
        leftover.unlink()
    return list(kept.values())


def mark(stage: Artifact, groups: list[Path], sql: str) -> str:
    """What tells that a stage's forecasts were made of other files, or otherwise."""
    read = [path for path in (*groups, profile_file(stage)) if path]
    return digest([SCHEMA_VERSION, VERSION, sql, [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in read]])[:12]


def forecasts_of(stages: Iterable[str], groups: Mapping[str, list[Path]], artifacts: list[Path]) -> dict[str, pl.DataFrame]:
    """The forecasts of these stages, without a row for those of which nothing can be forecast."""
    given = {"groups": [path for key in stages for path in groups[key]], ARTIFACTS: artifacts}
    if not given["groups"]:
        return {}
    with closing(open_over(given, wanted=[FORECAST])) as connection:
        made = connection.table(FORECAST).pl()
    return {key: made.filter(pl.col("stage_id") == key) for key in stages}
