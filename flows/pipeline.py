"""The whole method, top to bottom: problems → rollouts → verdicts → difficulty → curated sets → stages → evaluation → report.

A recipe that holds no problems out has no evaluation, and its report says so.
"""

from dataclasses import dataclass
from pathlib import Path

from flows.evaluate import Evaluated, evaluate
from flows.plannable import flow
from flows.recipe import Recipe
from flows.train import train
from tasks.lake.artifacts import Artifact
from tasks.reporting.task import ReportRequest, report_run
from tasks.steps.how_far import forget_recipe
from tasks.steps.planning import PLANNER
from tasks.warehouse.home import open_home
from tasks.warehouse.task import publish_warehouse


@dataclass(frozen=True)
class PipelineRun:
    """What a run leaves: the evaluation (with all it rests on), the report, and the published warehouse."""

    evaluated: Evaluated
    report: Artifact
    warehouse: Path


@flow(name="difficulty-prior", flow_run_name="run {recipe.name}", validate_parameters=True)
def pipeline(recipe: Recipe, home: Path) -> PipelineRun:
    """Run everything that is not done yet."""
    home = open_home(home)
    evaluated = evaluate(recipe, home) if recipe.problems.can_evaluate else Evaluated(train(recipe, home), None)
    trained, profiled = evaluated.trained, evaluated.trained.curated.profiled
    shown = {
        "difficulty": profiled.difficulty,
        "sets": trained.sets,
        "stages": trained.stages,
        "problems": profiled.train,
        "others": (*profiled.heldout, *profiled.validation),
    }
    page = report_run(ReportRequest(home=home, name=recipe.name, evaluation=evaluated.evaluation, **shown))
    published = publish_warehouse(home, recipe.difficulty, recipe.adaptive)
    if PLANNER.get() is None:
        forget_recipe(home, recipe.name)
    return PipelineRun(evaluated, page, published)
