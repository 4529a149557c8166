"""The starter's tasks: draw its two datasets, and make its policy. Cached by their settings and the source of what draws and teaches."""

from pathlib import Path
from typing import Any

from prefect import get_run_logger

from tasks.base.files import file_digest
from tasks.base.workers import Job, run_worker
from tasks.lake.artifacts import Artifact, artifact
from tasks.prompting.prompt import template_digests
from tasks.prompting.settings import PromptingSettings
from tasks.starter.datasets import write_starter_datasets
from tasks.starter.settings import StarterDatasetSettings, StarterSettings, TeachingSpec
from tasks.steps.caching import room_task
from tasks.steps.progress import progress_shown
from tasks.steps.request import StepRequest

ROOM = Path(__file__).parent


def source_digests() -> dict[str, str]:
    """Digest of every module of this room: the starter's problems are its code."""
    return {path.name: file_digest(path) for path in sorted(ROOM.glob("*.py"))}


class DatasetsRequest(StepRequest):
    """How many of the starter's problems to draw."""

    settings: StarterDatasetSettings

    def target(self) -> Artifact:
        return artifact(self.home, "starter-datasets", {"settings": self.settings.model_dump(), "source": source_digests()})

    def said(self) -> str:
        return "draw the starter's two datasets"


@room_task(name="draw starter datasets")
def draw_datasets(request: DatasetsRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Draw both synthetic datasets as JSON Lines with image folders, one folder each."""
    write_starter_datasets(folder, **request.settings.model_dump())
    return {"settings": request.settings.model_dump()}


class TeachRequest(StepRequest):
    """How the starter policy is taught."""

    settings: StarterSettings

    def target(self) -> Artifact:
        templates = template_digests(PromptingSettings())
        inputs = {"settings": self.settings.model_dump(), "source": source_digests(), "templates": templates}
        return artifact(self.home, "starter-policies", inputs)

    def said(self) -> str:
        return "teach the starter policy from nothing"


@room_task(name="teach starter policy", retries=1)
def teach_policy(request: TeachRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Make the starter policy from nothing, in a child process (some minutes on two cores)."""
    with progress_shown("teaching the starter policy", folder) as on_progress:
        spec = TeachingSpec(output=folder, settings=request.settings)
        run_worker(Job("tasks.starter.worker", spec, folder, libraries="tasks.policy.libraries"), get_run_logger().log, on_progress)
    return {"settings": request.settings.model_dump()}
