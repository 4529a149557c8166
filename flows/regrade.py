"""Regrade: the present grader judges the responses that the lake holds; nothing is sampled. What changed is in the mart grader_changes."""

from pathlib import Path

from prefect.runtime import flow_run

from flows.plannable import flow
from flows.profile import ingested
from flows.recipe import Recipe
from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings
from tasks.grading.stored import stored_profiles
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


def regrade_name() -> str:
    """What a regrading is called."""
    recipe = flow_run.parameters.get("recipe")
    return f"regrade the answers to {recipe.name}" if recipe else "regrade every stored answer"


@flow(name="regrade", flow_run_name=regrade_name, validate_parameters=True)
def regrade(home: Path, recipe: Recipe | None = None) -> list[Artifact]:
    """Grade every stored profile, or with a recipe those of its problems (of whatever policy), and publish with the recipe's bands."""
    home = open_home(home)
    grading, difficulty, adaptive = GradingSettings(), DifficultySettings(), None
    among: tuple[Artifact, ...] = ()
    if recipe:
        grading, difficulty, adaptive = recipe.grading, recipe.difficulty, recipe.adaptive
        parts = ingested(recipe, home)  # answers can be judged anew whatever the recipe's parts share
        among = (*parts.train, *parts.heldout)
    profiles = stored_profiles(Lake(home), among)
    if not profiles:
        raise InputError(
            f"the lake at {home} holds no responses{' to the problems of ' + recipe.name if recipe else ''}: nothing to regrade"
        )
    requests = [GradeRequest(home=home, profile=profile, problems=problems, settings=grading) for profile, problems in profiles]
    graded = [grade_rollouts(request) for request in requests]
    publish_warehouse(home, difficulty, adaptive)
    return graded
