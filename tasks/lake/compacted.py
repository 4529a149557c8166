"""Which shards a compaction has put into few large files, and which folders it has retired by that.

A compacted partition is an artifact, `compacted/<key>/`, whose manifest names the folders that it `retires`: those hold the same rows in
many small files, and stay until their readers are gone. Whoever lists shards leaves retired folders out, and a published view names the
compacted files it reads and the folders it passes over. So every view ever published reads each row once: an old one the small files, a
new one the large ones. New shards of the partition go to a folder of the next number.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.lake.layout import MANIFEST

FOLDER = "compacted"
NUMBER = "~"  # parts a partition's name from the number of its folder: the second one of `a-b` is `a-b~2`


@dataclass(frozen=True)
class Compacted:
    """A compacted partition: where it lies (relative to the home), of which relation and partition, and the folders it retires."""

    folder: str
    relation: str
    partition: str
    retires: tuple[str, ...]
    files: tuple[str, ...]
    rows: int


def manifests(home: Path) -> list[Compacted]:
    """Every compacted partition of a lake, retired ones as well, at one moment: what is live and what is retired must come of one look,
    or a compaction that ends between two looks would count rows twice, or not at all."""
    while True:
        try:
            return [compacted(path) for path in sorted((home / FOLDER).glob(f"*/{MANIFEST}"))]
        except FileNotFoundError:  # one was deleted meanwhile
            continue


def compacted(manifest: Path) -> Compacted:
    """What a manifest says of its compacted partition."""
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    folder = f"{FOLDER}/{manifest.parent.name}"
    files = tuple(f"{folder}/{name}" for name in facts["files"])
    return Compacted(folder, facts["relation"], facts["partition"], tuple(facts["retires"]), files, facts["rows"])


def retired(every: Iterable[Compacted]) -> set[str]:
    """The folders whose rows lie in a compacted partition, relative to the home, whether or not they are still there."""
    return {folder for found in every for folder in found.retires}


def live(every: Sequence[Compacted], relation: str) -> list[Compacted]:
    """The compacted partitions of a relation that none has retired."""
    gone = retired(every)
    return [found for found in every if found.relation == relation and found.folder not in gone]


def partition_of(folder: str) -> str:
    """The name of the partition that a folder of shards is of."""
    return folder.rpartition("/")[2].split(NUMBER)[0]


def present_names(home: Path, names: list[str]) -> list[str]:
    """Where the rows of these shards lie now: names of shards as they were, those of retired folders' compacted files instead."""
    every = manifests(home)
    holder = {folder: found for found in every for folder in found.retires}
    present: dict[str, None] = {}
    for name in names:
        folder = name.rpartition("/")[0]
        files: tuple[str, ...] = (name,)
        while folder in holder:
            folder, files = holder[folder].folder, holder[folder].files
        present.update(dict.fromkeys(files))
    return list(present)
