"""Train: GRPO stages with difficulty-weighted advantages, in order, each from the policy that the one before it left."""

from dataclasses import dataclass, replace
from pathlib import Path

from flows.curate import Curated, curate, set_for
from flows.events import STAGE_FINISHED, tell
from flows.plannable import flow
from flows.profile import Profiled, measured, sampled_until_settled
from flows.recipe import Recipe
from flows.reprofile import measured_anew
from tasks.base.errors import InputError, did_you_mean
from tasks.curation.task import CurationRequest, curate_sets
from tasks.curation.validation_task import ValidationRequest, export_validation
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy, base_policy
from tasks.policy.size import parameter_count
from tasks.reporting.task import show_new
from tasks.steps.in_use import in_use, use
from tasks.steps.planning import PLANNER
from tasks.training.cautions import Asking, asking, check_gradient_moves
from tasks.training.packages import check_packages
from tasks.training.succession import succession_of
from tasks.training.task import StageRequest, stage_policy, train_stage
from tasks.warehouse.home import open_home


@dataclass(frozen=True)
class Trained:
    """The curated sets (with `reprofile` one for each stage, else one for all), the stages trained on them, and the policies in order, base
    first."""

    curated: Curated
    sets: tuple[Artifact, ...]
    stages: tuple[Artifact, ...]
    policies: tuple[Policy, ...]

    def and_stage(self, name: str, stage: Artifact) -> "Trained":
        """These and one more stage, with the policy that it left."""
        left = stage_policy(stage, name, self.policies[-1])
        return replace(self, stages=(*self.stages, stage), policies=(*self.policies, left))


@flow(name="train", flow_run_name="train {recipe.name}", validate_parameters=True)
def train(recipe: Recipe, home: Path, last_stage: str | None = None) -> Trained:
    """Curate what is not curated yet, and train the stages, all or those up to `last_stage`. Raises InputError where there is none such."""
    check_stage(recipe, last_stage)
    home = open_home(home)
    check_stages_here(recipe, home)
    trained = train_stages(recipe, home, curate(recipe, home), last_stage)
    keep_stages(recipe, home, trained)
    show_new(recipe.name, trained.curated.profiled.difficulty, *trained.sets)
    return trained


def check_stage(recipe: Recipe, name: str | None) -> None:
    """Raise InputError, naming those there are, where a recipe has no stage of that name; None names none."""
    if name is not None and name not in recipe.stages:
        there = ", ".join(recipe.stages)
        raise InputError(f"recipe {recipe.name} has no stage {name!r}{did_you_mean(name, recipe.stages)}; it has {there}")


def check_stages_here(recipe: Recipe, home: Path) -> None:
    """Raise InputError, before anything is sampled, where a stage that was never trained needs a package that this machine lacks, or would
    move no weight. (A plan lists what is missing.)"""
    used, parameters = in_use(home, recipe.name), parameter_count(base_policy(recipe.policy))
    for name, stage in recipe.stages.items() if PLANNER.get() is None else ():
        if used is None or name not in used.stages:
            try:
                check_packages(stage.train)
                check_gradient_moves(stage.train, parameters)
            except InputError as error:
                raise InputError(f"stages.{name}: {error}") from error


def keep_stages(recipe: Recipe, home: Path, trained: Trained) -> None:
    """Keep the stages as those in use, and the policies that they left, and tell of each that was not before."""
    for policy in trained.policies[1:] if PLANNER.get() is None else ():
        policy.record(Lake(home))
    stages = {name: stage.key for name, stage in zip(recipe.stages, trained.stages, strict=False)}
    used = in_use(home, recipe.name)
    use(home, recipe.name, stages=stages)
    for name, key in stages.items():
        if PLANNER.get() is None and (used is None or used.stages.get(name) != key):
            tell(STAGE_FINISHED, recipe.name, stage=name, key=key)


def train_stages(recipe: Recipe, home: Path, curated: Curated, last_stage: str | None = None) -> Trained:
    """Each stage from the policy that the one before it left, all or those up to `last_stage`."""
    trained = Trained(curated, (curated.sets,), (), (curated.profiled.base,))
    difficulty, watched = curated.profiled.difficulty, validation_problems(recipe, home, curated)
    for name in recipe.stages:
        if trained.stages and recipe.anew:
            difficulty, chosen = chosen_anew(recipe, home, trained, name, difficulty)
            trained = replace(trained, sets=(*trained.sets, chosen))
        trained = trained.and_stage(name, train_stage(stage_request(recipe, home, trained, name, watched)))
        if name == last_stage:
            break
    return trained


def chosen_anew(recipe: Recipe, home: Path, trained: Trained, name: str, earlier: Artifact) -> tuple[Artifact, Artifact]:
    """How hard the problems are for the policy that the last of the `trained` stages left, and the set of the stage `name` by that.
    `earlier` is the difficulty that the stage before was chosen by."""
    profiled, last = trained.curated.profiled, trained.stages[-1]
    difficulty = measured_anew(recipe, home, profiled, last, trained.policies[-1])
    before = None if earlier == difficulty else earlier
    chosen = {"problems": profiled.train, "settings": set_for(recipe, name), "seed": recipe.seed, "trained": last}
    return difficulty, curate_sets(CurationRequest(home=home, difficulty=difficulty, earlier=before, **chosen))


def stage_request(recipe: Recipe, home: Path, trained: Trained, name: str, watched: Artifact | None) -> StageRequest:
    """The request for the stage `name`, which comes after those `trained` and is chosen by the last of their sets; `watched` are the
    problems that it validates on."""
    trains = {stage: held.train for stage, held in recipe.stages.items()}
    return StageRequest(
        home=home,
        policy=trained.policies[-1],
        curated=trained.sets[-1],
        stage=name,
        settings=trains[name],
        prompting=recipe.prompting,
        grading=recipe.grading,
        seed=recipe.seed,
        validation=watched,
        evaluated=evaluated_as(recipe) if recipe.problems.can_evaluate else None,
        bands=recipe.difficulty,
        succession=succession_of(trains, name, trained.stages[-1] if trained.stages else None),
    )


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


def validation_problems(recipe: Recipe, home: Path, curated: Curated) -> Artifact | None:
    """The problems that stages watch themselves with, apart from those trained on and held out; None where no stage does."""
    if not any(stage.train.validation for stage in recipe.stages.values()):
        return None
    others = (*curated.profiled.train, *curated.profiled.heldout)
    return export_validation(ValidationRequest(home=home, problems=curated.profiled.validation, others=others))
