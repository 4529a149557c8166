"""Train: GRPO stages with difficulty-weighted advantages; the second starts from the first and carries difficulty hints."""

from dataclasses import dataclass
from pathlib import Path

from flows.curate import Curated, curate
from flows.plannable import flow
from flows.profile import answered, read_validation
from flows.recipe import Recipe
from tasks.curation.task import curate as choose
from tasks.curation.validation_task import export_validation
from tasks.difficulty.task import measure
from tasks.home import open_home
from tasks.policy import Policy
from tasks.reporting.task import show_new
from tasks.store import Artifact
from tasks.training.task import stage_policy
from tasks.training.task import train as train_stage


@dataclass(frozen=True)
class Trained:
    """The curated sets (with `reprofile` a second one, for stage 2), the stages trained on them, and the policies in order, base first."""

    curated: Curated
    sets: tuple[Artifact, ...]
    stages: tuple[Artifact, ...]
    policies: tuple[Policy, ...]


@flow(name="train", flow_run_name="train {recipe.name}", validate_parameters=True)
def train(recipe: Recipe, home: Path, last_stage: str | None = None) -> Trained:
    """Curate what is not curated yet, and train the stages, all or those up to `last_stage`."""
    home = open_home(home)
    trained = train_stages(recipe, home, curate(recipe, home), last_stage)
    show_new(recipe.name, trained.curated.profiled.difficulty, *trained.sets)
    return trained


def train_stages(recipe: Recipe, home: Path, curated: Curated, last_stage: str | None = None) -> Trained:
    """Each stage from the policy that the one before it left."""
    sets, policies = [curated.sets], [curated.profiled.base]
    stages: list[Artifact] = []
    watched = validation_problems(recipe, home, curated)
    for name, settings in recipe.training.stages.items():
        if stages and recipe.reprofile:
            sets.append(chosen_anew(recipe, home, curated, policies[-1], name))
        stage = train_stage(home, policies[-1], sets[-1], name, settings, recipe.prompting, recipe.grading, recipe.seed, watched)
        policies.append(stage_policy(stage, name, policies[-1]))
        stages.append(stage)
        if name == last_stage:
            break
    return Trained(curated, tuple(sets), tuple(stages), tuple(policies))


def chosen_anew(recipe: Recipe, home: Path, curated: Curated, policy: Policy, stage: str) -> Artifact:
    """A stage's set by how hard the problems are for a policy trained since they were first measured."""
    assert recipe.reprofile
    problems, rounds = curated.profiled.train, recipe.reprofile.rounds or recipe.sampling.rounds
    difficulty = measure(home, answered(recipe, home, policy, problems, rounds), problems, recipe.difficulty)
    return choose(home, difficulty, problems, recipe.curation.only(stage), recipe.seed, earlier=curated.profiled.difficulty)


def validation_problems(recipe: Recipe, home: Path, curated: Curated) -> Artifact | None:
    """The problems that stages watch themselves with, apart from those trained on and held out; None where no stage does."""
    if not any(stage.validation for stage in recipe.training.stages.values()):
        return None
    return export_validation(home, read_validation(recipe, home), (*curated.profiled.train, *curated.profiled.heldout))
