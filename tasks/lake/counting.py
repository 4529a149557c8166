"""Artifacts that count on shards: shards only ever grow, so an artifact does not copy rows but names the shards that hold them.

The file that names them is the lake's, whatever room writes it through here and of whatever kind its artifact is: so the lake itself can
tell who counts on a shard that is lost.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.base.files import write_text
from tasks.lake.layout import ASIDE, MANIFEST, QUARANTINE, SHARDED

NAMED_IN = "shards.json"


def write_shards(folder: Path, facts: Mapping[str, Any]) -> None:
    """Name the shards that an artifact in the making counts on: under each relation of shards a list of paths relative to the lake's home.
    What else is in `facts` is the room's own."""
    write_text(folder / NAMED_IN, json.dumps(dict(facts), indent=1, sort_keys=True))


def read_shards(folder: Path) -> dict[str, Any]:
    """What `write_shards` wrote into an artifact. Raises FileNotFoundError for one that names no shards."""
    return json.loads((folder / NAMED_IN).read_text(encoding="utf-8"))


def counting_on(home: Path, lost: set[str]) -> Iterator[str]:
    """The complete artifacts, relative to the home, that name one of these shards, or one in these folders."""
    for path in sorted(home.glob(f"*/*/{NAMED_IN}")):
        kind = path.relative_to(home).parts[0]
        if kind in (ASIDE, QUARANTINE) or not path.with_name(MANIFEST).is_file():
            continue
        facts = read_shards(path.parent)
        named = [name for relation in SHARDED for name in facts.get(relation, ())]
        if any(name in lost or name.rpartition("/")[0] in lost for name in named):
            yield path.parent.relative_to(home).as_posix()
