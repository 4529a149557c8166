"""What a recipe trains on now: the sets chosen last, the stages trained last, and what was compared.

Everything else in the lake is content-addressed and stays for ever; which of it is in use is a decision, and this is where it is kept: a
small numbered file for each change, `in_use/RECIPE@NUMBER.json`, of which the last counts. None is ever changed, so that a copy of the lake
on object storage is brought up to date like the rest.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.base.files import write_text
from tasks.lake.artifacts import Artifact
from tasks.lake.storage import send_file
from tasks.steps.planning import PLANNER

FOLDER = "in_use"


class InUse(BaseModel):
    """The curated sets in use, the stages trained last by name, and the key of the sets that re-curation compared last and did not take."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sets: str
    stages: dict[str, str] = {}
    declined: str | None = None


def files_of(home: Path, recipe: str) -> list[Path]:
    """What a recipe has used, the file of the last change last."""
    return sorted((home / FOLDER).glob(f"{recipe}@*.json"))


def in_use(home: Path, recipe: str) -> InUse | None:
    """What a recipe uses; None before it has curated anything."""
    files = files_of(home, recipe)
    return InUse.model_validate_json(files[-1].read_text(encoding="utf-8")) if files else None


def use(home: Path, recipe: str, **changes: Any) -> None:
    """Keep what a recipe uses from now on; nothing in a dry run, and nothing is written where nothing changes."""
    if PLANNER.get():
        return
    before = in_use(home, recipe)
    now = InUse.model_validate({**(before.model_dump() if before else {}), **changes})
    if now == before:
        return
    path = home / FOLDER / f"{recipe}@{len(files_of(home, recipe)) + 1:06}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(now.model_dump(), indent=1))
    send_file(path)


def sets_in_use(home: Path, used: InUse) -> Artifact:
    """The curated sets in use."""
    return Artifact(home=home, kind="curated", key=used.sets)
