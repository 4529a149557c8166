"""The import task: responses made elsewhere, as a profile like any other. Cached by the files' and the problems' content."""

import logging
from pathlib import Path
from typing import Any

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.problems.tables import read_problems
from tasks.sampling.imported.rollouts import imported_rollouts
from tasks.sampling.imported.settings import ImportSettings, panel_files, panel_id
from tasks.sampling.profile import write_profile
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest

VERSION = 1
logger = logging.getLogger(__name__)


def panel_policy(settings: ImportSettings) -> Policy:
    """The panel as a policy: it has rollouts and difficulty, but no model to run."""
    return Policy(policy_id=panel_id(settings, panel_files(settings)), name=settings.panel, model="", kind="panel")


class ImportRequest(StepRequest):
    """Problems, and the files of a panel's responses to them."""

    problems: tuple[Artifact, ...]
    settings: ImportSettings

    def target(self) -> Artifact:
        panel, problems = panel_policy(self.settings).policy_id, [source.content for source in self.problems]
        inputs = {"version": VERSION, "panel": panel, "problems": problems}
        return artifact(self.home, "profiles", inputs)

    def said(self) -> str:
        return f"import the answers of {self.settings.panel}"

    def foretold(self) -> dict[str, Any]:
        return {"policy_name": self.settings.panel}


@room_task(name="import rollouts")
def import_panel(request: ImportRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Append the panel's responses to the lake and name them as a profile of as many rounds as it has answers to a problem."""
    lake, settings = Lake(request.home), request.settings
    files, policy, sampling_id = panel_files(settings), panel_policy(settings), digest(["imported", settings.panel])
    found = imported_rollouts(files, settings, read_problems(request.problems), policy.policy_id, sampling_id)
    rows = found.rollouts
    policy.record(lake)
    lake.record("samplings", {"sampling_id": sampling_id, "template": "imported", "hints": False, "settings": settings.model_dump_json()})
    with lake.writing("rollouts", policy.policy_id, sampling_id) as partition:
        shard = lake.append(partition, "rollouts", rows, digest(rows["problem_id"].to_list()))
    problems = [source.key for source in request.problems]
    facts = {"policy_id": policy.policy_id, "sampling_id": sampling_id, "rounds": found.rounds, "problems": problems}
    write_profile(folder, lake, rollouts=[shard], facts=facts)
    return {**facts, "policy_name": policy.name, "answers": len(rows), "files": [path.name for path in files], "notes": found.notes}


def say_notes(profile: Artifact) -> None:
    """Log what there is to say about a panel's files, whenever they were read."""
    notes = profile.manifest.get("notes")
    for note in notes if profile.is_complete and isinstance(notes, list) else ():
        logger.warning(note)
