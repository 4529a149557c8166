"""The flows as deployments offer them: a recipe's name and a few well-named changes, which make a form that a person can fill in.

Each does what the flow of the same name does, in the same flow run. The lake is the worker's (DIFFICULTY_PRIOR_HOME) and no parameter: who
may start a run does not choose where it writes. No flow is retried as a whole, since bad input would be, too; its tasks are, where that
can help. What a run that broke has done is cached: start it again. Settings are read before the flow is imported, to be refused at once.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from prefect import State
from prefect.states import Completed

from flows.recipe import Recipe, load_recipe
from flows.server.backing import RUN_ID
from flows.service.forms import (
    Bound,
    Changes,
    Engine,
    LastStage,
    Parallel,
    RecipeName,
    Rounds,
    Samples,
    Seed,
    Seeds,
    Stage1Size,
    Stage1Steps,
    Stage2Size,
    Stage2Steps,
    StudyName,
    deployed,
)
from tasks.base.output import outlive_readers
from tasks.lake.artifacts import Artifact
from tasks.lake.layout import default_home
from tasks.reporting.served import address_of
from tasks.reporting.task import PAGE
from tasks.steps.naming import RECIPE

if RUN_ID in os.environ:  # a run, whose output its worker reads
    outlive_readers()


def written(named: Mapping[str, Any], changes: Sequence[str]) -> list[str]:
    """The changes that a form gives by name, and then its others, as a recipe takes them."""
    return [*(f"{key}={value}" for key, value in named.items() if value is not None), *changes]


def changed(recipe: str, changes: Sequence[str], **named: Any) -> Recipe:
    """A recipe with changes; in names, `__` stands for the dot of a key. Raises InputError that names the key at fault."""
    settings = load_recipe(recipe, written({name.replace("__", "."): value for name, value in named.items()}, changes))
    RECIPE.set(settings.name)  # this process runs nothing else
    return settings


def with_report(report: Artifact) -> State:
    """The end of a run that tells where its report can be opened."""
    return Completed(message=f"report: {address_of(report.file(PAGE), report.path.parent)}")


@deployed(name="difficulty-prior", run_name="{recipe}", days=14)
def pipeline(
    recipe: RecipeName = "starter",
    rounds: Rounds = None,
    stage1_size: Stage1Size = None,
    stage2_size: Stage2Size = None,
    stage1_steps: Stage1Steps = None,
    stage2_steps: Stage2Steps = None,
    engine: Engine = None,
    seed: Seed = None,
    changes: Changes = (),
) -> State:
    """The whole method: profile, curate, train both stages, evaluate, report. What is done is skipped."""
    settings = changed(
        recipe,
        changes,
        sampling__rounds=rounds,
        curation__stage1__size=stage1_size,
        curation__stage2__size=stage2_size,
        training__stage1__steps=stage1_steps,
        training__stage2__steps=stage2_steps,
        sampling__engine=engine,
        seed=seed,
    )
    from flows.pipeline import pipeline as run

    return with_report(run.fn(settings, default_home()).report)


@deployed(name="profile", run_name="profile {recipe}", days=7)
def profile(recipe: RecipeName = "starter", rounds: Rounds = None, engine: Engine = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Sample every problem several rounds, grade, and measure how hard each is. What is done is skipped."""
    settings = changed(recipe, changes, sampling__rounds=rounds, sampling__engine=engine, seed=seed)
    from flows.profile import profile as run

    run.fn(settings, default_home())


@deployed(name="curate", run_name="curate {recipe}", days=7)
def curate(
    recipe: RecipeName = "starter",
    stage1_size: Stage1Size = None,
    stage2_size: Stage2Size = None,
    seed: Seed = None,
    changes: Changes = (),
) -> None:
    """Choose the problems of both stages from how hard they are, which is measured first where it is not known yet."""
    settings = changed(recipe, changes, curation__stage1__size=stage1_size, curation__stage2__size=stage2_size, seed=seed)
    from flows.curate import curate as run

    run.fn(settings, default_home())


@deployed(name="train", run_name="train {recipe} to {last_stage}", days=14)
def train(
    recipe: RecipeName = "starter",
    last_stage: LastStage = "stage2",
    stage1_steps: Stage1Steps = None,
    stage2_steps: Stage2Steps = None,
    seed: Seed = None,
    changes: Changes = (),
) -> None:
    """Train a stage on its curated problems, once those before it are trained. What is done is skipped."""
    settings = changed(recipe, changes, training__stage1__steps=stage1_steps, training__stage2__steps=stage2_steps, seed=seed)
    from flows.train import train as run

    run.fn(settings, default_home(), last_stage)


@deployed(name="evaluate", run_name="evaluate {recipe}", days=14)
def evaluate(recipe: RecipeName = "starter", samples: Samples = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Compare the base policy and both stages on the held-out problems, once they are trained. What is done is skipped."""
    settings = changed(recipe, changes, evaluation__samples=samples, seed=seed)
    from flows.evaluate import evaluate as run

    run.fn(settings, default_home())


@deployed(name="recurate", run_name="recurate {recipe}", days=1)
def recurate(recipe: RecipeName = "starter", bound: Bound = None, changes: Changes = ()) -> State:
    """Measure the current policy where something is new, and change the sets in use when they have drifted by more than the bound."""
    settings = changed(recipe, changes, recuration__bound=bound)
    from flows.recurate import recurate as run

    return Completed(message=run.fn(settings, default_home()).message)


@deployed(name="study", run_name="study {study}", days=30)
def study(study: StudyName = "study", seeds: Seeds = None, parallel: Parallel = None, changes: Changes = ()) -> State:
    """Compare arms over seeds at equal compute: what does each part of the method add? What is done is skipped."""
    from flows.arms import load_study

    settings = load_study(study, written({"seeds": seeds, "parallel": parallel}, changes))
    from flows.study import study as run

    RECIPE.set(settings.name)
    return with_report(run.fn(settings, default_home()).report)
