"""Train: GRPO stages with difficulty-weighted advantages; the second starts from the first and carries difficulty hints."""

from dataclasses import dataclass, replace
from pathlib import Path

from flows.curate import Curated, curate
from flows.events import STAGE_FINISHED, tell
from flows.plannable import flow
from flows.profile import Profiled, answered, measured, sampled_until_settled
from flows.recipe import Recipe
from tasks.curation.task import CurationRequest, curate_sets
from tasks.curation.validation_task import ValidationRequest, export_validation
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import Policy
from tasks.reporting.task import show_new
from tasks.steps.in_use import in_use, use
from tasks.steps.planning import PLANNER
from tasks.training.cautions import Asking, asking
from tasks.training.task import StageRequest, stage_policy, train_stage
from tasks.warehouse.home import open_home


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
    keep_stages(recipe, home, trained)
    show_new(recipe.name, trained.curated.profiled.difficulty, *trained.sets)
    return trained


def keep_stages(recipe: Recipe, home: Path, trained: Trained) -> None:
    """Keep the stages as those in use, and tell of each that was not before."""
    stages = {name: stage.key for name, stage in zip(recipe.training.stages, trained.stages, strict=False)}
    used = in_use(home, recipe.name)
    use(home, recipe.name, stages=stages)
    for name, key in stages.items():
        if PLANNER.get() is None and (used is None or used.stages.get(name) != key):
            tell(STAGE_FINISHED, recipe.name, stage=name, key=key)


def train_stages(recipe: Recipe, home: Path, curated: Curated, last_stage: str | None = None) -> Trained:
    """Each stage from the policy that the one before it left."""
    sets, policies = [curated.sets], [curated.profiled.base]
    stages: list[Artifact] = []
    watched, evaluated = validation_problems(recipe, home, curated), evaluated_as(recipe)
    for name, settings in recipe.training.stages.items():
        if stages and recipe.reprofile:
            sets.append(chosen_anew(recipe, home, curated, policies[-1], name))
        asked = {
            "prompting": recipe.prompting,
            "grading": recipe.grading,
            "seed": recipe.seed,
            "validation": watched,
            "evaluated": evaluated,
        }
        stage = train_stage(StageRequest(home=home, policy=policies[-1], curated=sets[-1], stage=name, settings=settings, **asked))
        policies.append(stage_policy(stage, name, policies[-1]))
        stages.append(stage)
        if name == last_stage:
            break
    return Trained(curated, tuple(sets), tuple(stages), tuple(policies))


def evaluated_as(recipe: Recipe) -> Asking:
    """How a recipe asks held-out problems."""
    return asking(recipe.prompting, recipe.sampling, False, *((True,) if recipe.evaluation.hints else ()))


def policies_in_use(recipe: Recipe, home: Path, base: Policy) -> list[Policy]:
    """The base policy and those that the recipe's stages left when they were last trained, in order."""
    policies, used = [base], in_use(home, recipe.name)
    for name, key in (used.stages if used else {}).items():
        policies.append(stage_policy(Artifact(home=home, kind="stages", key=key), name, policies[-1]))
    return policies


def profiled_with(recipe: Recipe, home: Path, profiled: Profiled, policy: Policy) -> Profiled:
    """The same problems, by how hard they are for another policy."""
    graded = sampled_until_settled(recipe, home, policy, profiled.train)
    return replace(profiled, graded=graded, difficulty=measured(recipe, home, graded, profiled.train))


def chosen_anew(recipe: Recipe, home: Path, curated: Curated, policy: Policy, stage: str) -> Artifact:
    """A stage's set by how hard the problems are for a policy trained since they were first measured."""
    assert recipe.reprofile
    problems, rounds = curated.profiled.train, recipe.reprofile.rounds or recipe.sampling.rounds
    difficulty = measured(recipe, home, answered(recipe, home, policy, problems, rounds), problems)
    rules, earlier = recipe.curation.only(stage), curated.profiled.difficulty
    request = {"difficulty": difficulty, "problems": problems, "settings": rules, "seed": recipe.seed, "earlier": earlier}
    return curate_sets(CurationRequest(home=home, **request))


def validation_problems(recipe: Recipe, home: Path, curated: Curated) -> Artifact | None:
    """The problems that stages watch themselves with, apart from those trained on and held out; None where no stage does."""
    if not any(stage.validation for stage in recipe.training.stages.values()):
        return None
    others = (*curated.profiled.train, *curated.profiled.heldout)
    return export_validation(ValidationRequest(home=home, problems=curated.profiled.validation, others=others))
