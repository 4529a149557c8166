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
    Sizes,
    Steps,
    StudyName,
    by_stage,
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


def changed(recipe: str, changes: Sequence[str], named: Mapping[str, Any]) -> Recipe:
    """A recipe with changes, those that the form names by their dotted keys. Raises InputError that names the key at fault."""
    settings = load_recipe(recipe, written(named, changes))
    RECIPE.set(settings.name)  # this process runs nothing else
    return settings


def with_report(report: Artifact) -> State:
    """The end of a run that tells where its report can be opened."""
    return Completed(message=f"report: {address_of(report.file(PAGE), report.path.parent)}")


@deployed(name="difficulty-prior", run_name="{recipe}", days=14)
def pipeline(
    recipe: RecipeName = "starter",
    rounds: Rounds = None,
    sizes: Sizes = None,
    steps: Steps = None,
    engine: Engine = None,
    seed: Seed = None,
    changes: Changes = (),
) -> State:
    """The whole method: profile, curate, train every stage, evaluate, report. What is done is skipped."""
    named = {
        "sampling.rounds": rounds,
        **by_stage(sizes, "choose.size"),
        **by_stage(steps, "train.steps"),
        "sampling.engine": engine,
        "seed": seed,
    }
    settings = changed(recipe, changes, named)
    import flows.pipeline

    return with_report(flows.pipeline.pipeline.fn(settings, default_home()).report)


@deployed(name="profile", run_name="profile {recipe}", days=7)
def profile(recipe: RecipeName = "starter", rounds: Rounds = None, engine: Engine = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Sample every problem several rounds, grade, and measure how hard each is. What is done is skipped."""
    settings = changed(recipe, changes, {"sampling.rounds": rounds, "sampling.engine": engine, "seed": seed})
    import flows.profile

    flows.profile.profile.fn(settings, default_home())


@deployed(name="curate", run_name="curate {recipe}", days=7)
def curate(
    recipe: RecipeName = "starter",
    sizes: Sizes = None,
    seed: Seed = None,
    changes: Changes = (),
) -> None:
    """Choose the problems of every stage from how hard they are, which is measured first where it is not known yet."""
    settings = changed(recipe, changes, {**by_stage(sizes, "choose.size"), "seed": seed})
    import flows.curate

    flows.curate.curate.fn(settings, default_home())


@deployed(name="train", run_name="train {recipe} to {last_stage}", days=14)
def train(
    recipe: RecipeName = "starter",
    last_stage: LastStage = None,
    steps: Steps = None,
    seed: Seed = None,
    changes: Changes = (),
) -> None:
    """Train a stage on its curated problems, once those before it are trained. What is done is skipped."""
    settings = changed(recipe, changes, {**by_stage(steps, "train.steps"), "seed": seed})
    import flows.train

    flows.train.train.fn(settings, default_home(), last_stage)


@deployed(name="evaluate", run_name="evaluate {recipe}", days=14)
def evaluate(recipe: RecipeName = "starter", samples: Samples = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Compare the base policy and what every stage left on the held-out problems, once they are trained. What is done is skipped."""
    settings = changed(recipe, changes, {"evaluation.samples": samples, "seed": seed})
    import flows.evaluate

    flows.evaluate.evaluate.fn(settings, default_home())


@deployed(name="recurate", run_name="recurate {recipe}", days=1)
def recurate(recipe: RecipeName = "starter", bound: Bound = None, changes: Changes = ()) -> State:
    """Measure the current policy where something is new, and change the sets in use when they have drifted by more than the bound."""
    settings = changed(recipe, changes, {"recuration.bound": bound})
    import flows.recurate

    return Completed(message=flows.recurate.recurate.fn(settings, default_home()).message)


@deployed(name="study", run_name="study {study}", days=30)
def study(study: StudyName = "study", seeds: Seeds = None, parallel: Parallel = None, changes: Changes = ()) -> State:
    """Compare arms over seeds at equal compute: what does each part of the method add? What is done is skipped."""
    from flows.arms import load_study

    settings = load_study(study, written({"seeds": seeds, "parallel": parallel}, changes))
    import flows.study

    RECIPE.set(settings.name)
    return with_report(flows.study.study.fn(settings, default_home()).report)
