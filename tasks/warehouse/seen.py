"""The lake as one publish sees it: its files as they lie at one moment, and what tells the next publish that they are others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.files import digest, file_digest
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.lake.layout import ASIDE, MANIFEST, PROGRESS
from tasks.warehouse.made import ARTIFACT_COLUMNS
from tasks.warehouse.order import sql_digests
from tasks.warehouse.relations import ARTIFACTS, models, sql_files
from tasks.warehouse.settings import MartSettings

SCHEMA_VERSION = 6
"""Of the published file: 6 has hinted groups and selections, 5 estimates, 4 audits, 3 words beside digests and `runs`, 2 `lineage` and
`artifacts`."""

Inventory = dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class Seen:
    """What one publish is made of: the lake's files as they lay at one moment, their inventory and settings in two forms (`state`, which
    tells the next publish what is new, and `facts`, which the file says of itself), and the settings."""

    lake: Lake
    files: dict[str, list[Path]]
    state: dict[str, Any]
    facts: dict[str, str]
    settings: MartSettings


def see(lake: Lake, settings: MartSettings) -> Seen:
    """The lake as it lies now. Raises FileNotFoundError where a file goes at this very moment."""
    files = snapshot(lake)
    artifacts = write_artifacts(lake)
    state = made_of(lake, files, artifacts, settings)
    facts = published_facts(lake, settings) | {"made_of": digest(state)}
    return Seen(lake, files | {ARTIFACTS: [artifacts]}, state, facts, settings)


def snapshot(lake: Lake) -> dict[str, list[Path]]:
    """The lake's files now. What is derived is listed before what it is derived from, so that a flow that is writing meanwhile never
    shows us a verdict whose rollout came after our look."""
    return {relation: lake.files(relation) for relation in reversed(RELATIONS)}


def write_artifacts(lake: Lake) -> Path:
    """The manifests of all complete artifacts as a table."""
    found = sorted(path for path in lake.home.glob(f"*/*/{MANIFEST}") if path.parts[-3] != ASIDE)
    rows = [
        (
            *path.parts[-3:-1],
            datetime.fromtimestamp(int(path.stat().st_mtime)),
            made_at(path.with_name(PROGRESS)),
            path.read_text(encoding="utf-8"),
        )
        for path in found
    ]
    table = lake.home / ASIDE / f"{ARTIFACTS}.parquet"
    write_parquet(pl.DataFrame(rows, schema=ARTIFACT_COLUMNS, orient="row"), table)
    return table


def made_at(progress: Path) -> datetime | None:
    """When an artifact was begun, as the file in it tells that says how far its step was; None where there is none that does."""
    try:
        return datetime.fromtimestamp(json.loads(progress.read_text(encoding="utf-8"))["began"], UTC).replace(tzinfo=None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_of(lake: Lake, files: Mapping[str, list[Path]], artifacts: Path, settings: MartSettings) -> dict[str, Any]:
    """What a publish is made of: its files, the table of artifacts, and the digests of its settings and SQL."""
    sql = sql_digests(*models()) | {path.name: file_digest(path) for path in sql_files("checks").values()}
    how = digest([SCHEMA_VERSION, sql, settings.difficulty, settings.adaptive])
    return {"files": inventory(lake, files), "how": how, "artifacts": file_digest(artifacts)}


def inventory(lake: Lake, files: Mapping[str, list[Path]]) -> Inventory:
    """Name, size and time of every file that is published."""
    return {
        relation: {path.relative_to(lake.home).as_posix(): [(told := path.stat()).st_size, told.st_mtime_ns] for path in paths}
        for relation, paths in files.items()
    }


def published_facts(lake: Lake, settings: MartSettings) -> dict[str, str]:
    """What the table `meta` says: the schema's version, where the lake lies, and the settings that the marts were made with."""
    facts = {"schema_version": str(SCHEMA_VERSION), "home": str(lake.home), "difficulty": settings.difficulty.model_dump_json()}
    return facts | ({"adaptive": settings.adaptive.model_dump_json()} if settings.adaptive else {})


def moved_since(seen: Seen) -> bool:
    """Whether a file that was seen is gone by now, no longer listed, or another one."""
    try:
        now = inventory(seen.lake, snapshot(seen.lake))
    except FileNotFoundError:
        return True
    return any(not files.items() <= now[relation].items() for relation, files in seen.state["files"].items())
