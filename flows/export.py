"""Export: a curated set, found by its id or as the one that a recipe has made, for those who train elsewhere. Nothing is run for it."""

import logging
from pathlib import Path

from flows.recipe import Recipe, load_recipe, recipe_path
from flows.stages import Stage, default_stages
from flows.train import train
from tasks.base.errors import InputError
from tasks.curation.stages import stages_of
from tasks.exporting.export import WITH_WEIGHTS, Exported, export_set, find_set, measured_prompting, model_name
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import PolicySettings
from tasks.steps.planning import planning
from tasks.training.settings import StageSettings
from tasks.warehouse.home import at_hand

LOG = logging.getLogger(__name__)


def export(name: str, home: Path, *, to: str, out: Path, changes: list[str]) -> list[Path]:
    """Export the set of that id, its stages trained as those of the paper's names are by default, or a recipe's sets with its own. Gives
    the files."""
    home = at_hand(home).folder
    given = None if changes else find_set(home, name)
    if given:
        stages, model = usual_stages(given), model_name(PolicySettings().model)
        return export_set(Exported(dict.fromkeys(stages, given), stages, measured_prompting(home, given), model), to=to, out=out)
    try:
        recipe_path(name)
    except InputError as error:
        raise InputError(f"no curated set in {home} begins with {name!r}, and {error}") from error
    recipe = load_recipe(name, changes)
    if to in WITH_WEIGHTS:
        check_reward(recipe)
    sets, model = sets_of(recipe, home), model_name(recipe.policy.model)
    stages = {name: stage.train for name, stage in recipe.stages.items() if name in sets}
    return export_set(Exported(sets, stages, recipe.prompting, model), to=to, out=out)


def check_reward(recipe: Recipe) -> None:
    """Raise InputError where another than our grader gives the rewards of a recipe's stages."""
    grading = recipe.grading.in_training
    others = {f"grading.{place}": verifier for place, verifier in grading.verifiers.items()}
    if grading.second:
        others["grading.second"] = grading.second.model
    for place, judge in others.items():
        raise InputError(
            f"the reward of an export is our grader, and recipe {recipe.name} is judged by {judge}: export with --to datasets and give "
            f"your trainer that judge, or set {place}=null and put it into `judge` of the reward's file"
        )


def usual_stages(curated: Artifact) -> dict[str, StageSettings]:
    """How the stages of a set are trained where nobody says it: as the stages of their name that a recipe has by default, else as any."""
    usual = default_stages()
    return {name: Stage.model_validate(usual.get(name, {})).train for name in stages_of(curated)}


def sets_of(recipe: Recipe, home: Path) -> dict[str, Artifact]:
    """The curated set of each stage of a recipe, as far as they are made: a stage that is chosen anew may be left. Raises InputError where
    none is made yet."""
    with planning():
        sets = train(recipe, home).sets
    placed = {stage: sets[min(place, len(sets) - 1)] for place, stage in enumerate(recipe.stages)}
    made = {stage: curated for stage, curated in placed.items() if curated.is_complete}
    if not made:
        raise InputError(f"recipe {recipe.name} has no set in {home} yet: run difficulty-prior curate first; --plan says what is left")
    if left := [stage for stage in placed if stage not in made]:
        LOG.warning(
            "exported without %s, chosen by what its policy solves when the stage before is trained: run difficulty-prior train first; "
            "or curate and export with --set reprofile=null, which chooses every stage by the first difficulty",
            ", ".join(left),
        )
    return made
