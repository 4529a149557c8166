"""The starter's tasks: draw its two datasets, and make its policy. Cached by their settings and the source of what draws and teaches."""

from pathlib import Path

from prefect import get_run_logger

from tasks.base.files import file_digest
from tasks.base.process import run_worker
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.prompting.prompt import template_digests
from tasks.prompting.settings import PromptingSettings
from tasks.starter.datasets import write_starter_datasets
from tasks.starter.settings import StarterDatasetSettings, StarterSettings, TeachingSpec
from tasks.steps.caching import room_task
from tasks.steps.progress import progress_shown

ROOM = Path(__file__).parent


def source_digests() -> dict[str, str]:
    """Digest of every module of this room: the starter's problems are its code."""
    return {path.name: file_digest(path) for path in sorted(ROOM.glob("*.py"))}


def plan_datasets(home: Path, settings: StarterDatasetSettings) -> Artifact:
    """The folder of datasets that `draw_datasets` makes of the same arguments."""
    return artifact(home, "starter-datasets", {"settings": settings.model_dump(), "source": source_digests()})


@room_task(plan_datasets, name="draw starter datasets", task_run_name="draw the starter's two datasets")
def draw_datasets(home: Path, settings: StarterDatasetSettings) -> Artifact:
    """Draw both synthetic datasets as JSON Lines with image folders, one folder each."""
    target = plan_datasets(home, settings)
    if target.is_complete:
        return target
    with building(target, {"settings": settings.model_dump()}) as folder:
        write_starter_datasets(folder, **settings.model_dump())
    return target


def plan_policy(home: Path, settings: StarterSettings) -> Artifact:
    """The model folder that `teach_policy` makes of the same arguments."""
    inputs = {"settings": settings.model_dump(), "source": source_digests(), "templates": template_digests(PromptingSettings())}
    return artifact(home, "starter-policies", inputs)


@room_task(plan_policy, name="teach starter policy", task_run_name="teach the starter policy from nothing", retries=1)
def teach_policy(home: Path, settings: StarterSettings) -> Artifact:
    """Make the starter policy from nothing, in a child process (some minutes on two cores)."""
    target = plan_policy(home, settings)
    if target.is_complete:
        return target
    with (
        building(target, {"settings": settings.model_dump()}) as folder,
        progress_shown("teaching the starter policy", folder) as on_progress,
    ):
        spec = TeachingSpec(output=folder, settings=settings)
        run_worker("tasks.starter.worker", spec, folder, log=get_run_logger().log, on_progress=on_progress)
    return target
