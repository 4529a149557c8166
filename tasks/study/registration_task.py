"""Writes down which comparisons a study names as its primary ones, before its runs begin. Cached by the study's name and the list, so that
it keeps the time at which the list was first given."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.base.files import write_text
from tasks.lake.artifacts import Artifact, artifact
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest
from tasks.study.registration import Pair

VERSION = 1
FILE = "primary.json"


class RegistrationRequest(StepRequest):
    """The primary comparisons of the study of that name, in their order."""

    name: str
    primary: tuple[Pair, ...]

    def target(self) -> Artifact:
        return artifact(self.home, "registrations", {"version": VERSION, "name": self.name, "primary": self.primary})

    def said(self) -> str:
        return f"write down what {self.name} compares"


@room_task(name="register")
def register_study(request: RegistrationRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Write the list down, with the time."""
    write_text(folder / FILE, json.dumps(request.primary))
    return {"name": request.name, "primary": request.primary, "registered_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"}
