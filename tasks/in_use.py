"""What a recipe trains on now: a small file per recipe that names the sets chosen last, the stages trained last, and what was compared.

Everything else in the lake is content-addressed and stays for ever; which of it is in use is a decision, and this is where it is kept.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.planning import PLANNER
from tasks.remote import send_file
from tasks.store import Artifact, write_text

FOLDER = "in_use"


class InUse(BaseModel):
    """The curated sets in use, the stages trained last by name, and the key of the sets that re-curation compared last and did not take."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sets: str
    stages: dict[str, str] = {}
    declined: str | None = None


def path_of(home: Path, recipe: str) -> Path:
    """The file of a recipe, by its name."""
    return home / FOLDER / f"{recipe}.json"


def in_use(home: Path, recipe: str) -> InUse | None:
    """What a recipe uses; None before it has curated anything."""
    path = path_of(home, recipe)
    return InUse.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def use(home: Path, recipe: str, **changes: Any) -> None:
    """Keep what a recipe uses from now on; nothing in a dry run, and nothing is written where nothing changes."""
    if PLANNER.get():
        return
    before = in_use(home, recipe)
    now = InUse.model_validate({**(before.model_dump() if before else {}), **changes})
    if now == before:
        return
    path = path_of(home, recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(now.model_dump(), indent=1))
    send_file(path)


def sets_in_use(home: Path, used: InUse) -> Artifact:
    """The curated sets in use."""
    return Artifact(home=home, kind="curated", key=used.sets)
