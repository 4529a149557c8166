"""Train: two GRPO stages with difficulty-weighted advantages; the second starts from the first and carries difficulty hints."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow

from flows.curate import Curated, curate
from flows.profile import read_validation
from flows.recipe import Recipe
from tasks.curation.validation_task import export_validation
from tasks.home import open_home
from tasks.policy import Policy
from tasks.store import Artifact
from tasks.training.task import stage_policy
from tasks.training.task import train as train_stage


@dataclass(frozen=True)
class Trained:
    """The curated sets, the stages trained on them, and the policies in order: base, stage 1, stage 2."""

    curated: Curated
    stages: tuple[Artifact, Artifact]
    policies: tuple[Policy, Policy, Policy]


@flow(name="train", flow_run_name="train {recipe.name}", validate_parameters=True)
def train(recipe: Recipe, home: Path) -> Trained:
    """Curate what is not curated yet, and train both stages."""
    home = open_home(home)
    curated = curate(recipe, home)
    base, settings = curated.profiled.base, recipe.training
    watched = validation_problems(recipe, home, curated)
    first = train_stage(home, base, curated.sets, "stage1", settings.stage1, recipe.prompting, recipe.grading, recipe.seed, watched)
    middle = stage_policy(first, "stage1", base)
    second = train_stage(home, middle, curated.sets, "stage2", settings.stage2, recipe.prompting, recipe.grading, recipe.seed, watched)
    return Trained(curated, (first, second), (base, middle, stage_policy(second, "stage2", middle)))


def validation_problems(recipe: Recipe, home: Path, curated: Curated) -> Artifact | None:
    """The problems that stages watch themselves with, apart from those trained on and held out; None where no stage does."""
    if not (recipe.training.stage1.validation or recipe.training.stage2.validation):
        return None
    return export_validation(home, read_validation(recipe, home), (*curated.profiled.train, *curated.profiled.heldout))
