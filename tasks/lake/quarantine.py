"""Shards that a fault of the disk has cut short: found by their first and last bytes, and put aside with all that counts on them.

A shard is written aside and renamed when it is whole, so only a fault below us leaves half of one. It would stop every query over its
relation. It is moved to `quarantine/`, and so are the artifacts that name it: their task is then no longer cached, and the next run draws
or grades again just what was in it. With a shard of rollouts go the shards of verdicts about them, which would have nothing to be read by.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tasks.base.errors import InputError
from tasks.lake.compacted import FOLDER, manifests
from tasks.lake.counting import counting_on
from tasks.lake.layout import QUARANTINE
from tasks.lake.storage import drop_broken

MAGIC, LEAST = b"PAR1", 12
MOST_LOOKS, MOST_AWAY, PAUSE_S = 50, 10, 0.02
logger = logging.getLogger(__name__)


def is_whole(path: Path) -> bool:
    """Whether a Parquet file begins and ends as one, with room for the footer that it says it has."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < LEAST or file.read(4) != MAGIC:
            return False
        file.seek(-8, os.SEEK_END)
        footer, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    return magic == MAGIC and footer + LEAST <= size


def whole_shards(home: Path, listed: Callable[[], list[Path]], then: Callable[[], None]) -> list[Path]:
    """The shards that `listed` gives, all of which can be read: broken ones are put into quarantine first, each with a warning that
    names it, until there is none (where one stood for others that a compaction had replaced, these count again), and `then` follows.

    A file that goes meanwhile has been compacted, or set aside by another process. One that stays away, though its partition is listed,
    is lost, and counts as broken.
    """
    some_broken, away = False, 0
    for _ in range(MOST_LOOKS):
        shards = listed()
        try:
            broken = [path for path in shards if not is_whole(path)]
        except FileNotFoundError as error:
            away += 1
            if away < MOST_AWAY:
                time.sleep(PAUSE_S)
                continue
            broken, why = [Path(error.filename)], "is gone"
        else:
            why = "is cut short"
        if not broken:
            if some_broken:
                then()
            return shards
        some_broken, away = True, 0
        for path in broken:
            set_aside(home, path, why)
    raise InputError(f"the shards of {home} break faster than they can be set aside; look at the disk")


def set_aside(home: Path, path: Path, why: str) -> None:
    """Move a shard that cannot be used (of a compacted partition: the partition) and the artifacts that count on it to `quarantine/`."""
    name = path.relative_to(home).as_posix()
    broken = name.rpartition("/")[0] if name.startswith(f"{FOLDER}/") else name
    stood_for = (folder for found in manifests(home) if found.folder == broken for folder in found.retires)
    dependents = list(counting_on(home, {broken, *stood_for}))
    for moved in (*dependents, broken):
        target = home / QUARANTINE / moved
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(home / moved, target)
        drop_broken(home, moved, target)
    logger.warning(
        f"{path} {why} and now lies in {home / QUARANTINE / broken}, with the {len(dependents)} artifacts that name it; the rest of "
        "the lake is used, and the next run of their recipe samples or grades again what was in it"
    )
