"""Who has judged in a lake, and since when: kept before a grader's first verdict, since neither its name nor a file's time tells it.

An id is made of a version or of a file's digest, which follow no order, and the time of a shard is lost when a lake is copied or compacted.
"""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.grading.rules.order import GRADER_VERSION
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.grading.workers.verifier import find_verifier
from tasks.lake.compacted import live, manifests, partition_of
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.lake.published import read_meta
from tasks.warehouse.querying import query
from tasks.warehouse.seen import SCHEMA_VERSION

RELATION = "graders"
KNOWN = "select grader_id, grader from grader_order order by place"


def keep_grader(lake: Lake, settings: GradingSettings) -> None:
    """Keep that a grader is about to judge for the first time; nothing where it has judged, whether or not that was kept."""
    name = grader_id(settings)
    path = lake.home / RELATION / f"{digest(name)}.parquet"
    if path.exists() or has_judged(lake, name):
        return
    row = {"grader_id": name, "name": called(settings), "first_judged": datetime.now(UTC).replace(tzinfo=None)}
    write_parquet(pl.DataFrame([row], schema=RELATIONS[RELATION]), path)


def has_judged(lake: Lake, name: str) -> bool:
    """Whether the lake holds a verdict of this grader."""
    folders = {path.parent.as_posix() for path in lake.home.glob("verdicts/*/*.parquet")}
    partitions = {partition_of(folder) for folder in folders} | {part.partition for part in live(manifests(lake.home), "verdicts")}
    return any(partition.startswith(f"{name}-") for partition in partitions)


def called(settings: GradingSettings) -> str:
    """What people call a grader: `grader-2`, or a verifier's file and function; with the datasets that others judge, and the judge that has
    the second word."""
    others = [f"{name} by {named(one.verifier)}" for name, one in sorted(settings.by_dataset.items()) if one.verifier != settings.verifier]
    second = [f"second opinion of {settings.second.model}"] if settings.second else []
    return ", ".join([named(settings.verifier), *others, *second])


def named(verifier: str | None) -> str:
    """What people call our grader, or a verifier."""
    if verifier is None:
        return f"grader-{GRADER_VERSION}"
    found = find_verifier(verifier)
    return f"{found.path.name}:{found.function}"


def check_grader(lake: Lake, asked: str | None) -> None:
    """Raise InputError, before anything is graded, for a name that no grader of the lake has; silent where the warehouse cannot say yet."""
    if asked and lake.warehouse.is_file() and read_meta(lake.warehouse).get("schema_version") == str(SCHEMA_VERSION):
        find_grader(lake, asked)


def find_grader(lake: Lake, asked: str) -> str:
    """The id of the grader of that name, or of which that is the beginning of name or id. Raises InputError, with all there are, for
    none and for several. A verifier as `path/to/file.py:function` is also found by its file as it is now."""
    known = query(lake, KNOWN).rows()
    exact = [id for id, name in known if asked in (id, name)]
    place, _, function = asked.rpartition(":")
    begins = f"{Path(place).name}:{function}" if place.endswith(".py") else asked
    found = exact or [id for id, name in known if id.startswith(asked) or name.startswith(begins)]
    if len(found) > 1 and place.endswith(".py") and Path(place).is_file():
        found = [id for id in found if id == find_verifier(asked).id] or found
    if len(found) != 1:
        listed = ", ".join(name for _, name in known) or "none"
        said = "no grader of this lake is called" if not found else f"{len(found)} graders of this lake may be"
        raise InputError(f"--against: {said} {asked!r}; in the order in which they first judged they are: {listed}")
    return found[0]
