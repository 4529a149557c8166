"""The flows as deployments offer them: a recipe's name and a few well-named changes, which make a form that a person can fill in.

Each does what the flow of the same name does, in the same flow run. The lake is the worker's (DIFFICULTY_PRIOR_HOME) and no parameter: who
may start a run does not choose where it writes. No flow is retried as a whole, since bad input would be, too; its tasks are, where that
can help. What a run that broke has done is cached: start it again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import State
from prefect.states import Completed

from flows.recipe import Recipe, default_home, load_recipe
from flows.serve.forms import (
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


def written(named: Mapping[str, Any], changes: Sequence[str]) -> list[str]:
    """The changes that a form gives by name, and then its others, as a recipe takes them."""
    return [*(f"{key}={value}" for key, value in named.items() if value is not None), *changes]


def changed(recipe: str, changes: Sequence[str], **named: Any) -> Recipe:
    """A recipe with changes; in names, `__` stands for the dot of a key. Raises InputError that names the key at fault."""
    return load_recipe(recipe, written({name.replace("__", "."): value for name, value in named.items()}, changes))


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
) -> None:
    """The whole method: profile, curate, train both stages, evaluate, report. What is done is skipped."""
    from flows.pipeline import pipeline as run

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
    run.fn(settings, default_home())


@deployed(name="profile", run_name="profile {recipe}", days=7)
def profile(recipe: RecipeName = "starter", rounds: Rounds = None, engine: Engine = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Sample every problem several rounds, grade, and measure how hard each is. What is done is skipped."""
    from flows.profile import profile as run

    run.fn(changed(recipe, changes, sampling__rounds=rounds, sampling__engine=engine, seed=seed), default_home())


@deployed(name="curate", run_name="curate {recipe}", days=7)
def curate(
    recipe: RecipeName = "starter",
    stage1_size: Stage1Size = None,
    stage2_size: Stage2Size = None,
    seed: Seed = None,
    changes: Changes = (),
) -> None:
    """Choose the problems of both stages from how hard they are, which is measured first where it is not known yet."""
    from flows.curate import curate as run

    run.fn(changed(recipe, changes, curation__stage1__size=stage1_size, curation__stage2__size=stage2_size, seed=seed), default_home())


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
    from flows.train import train as run

    settings = changed(recipe, changes, training__stage1__steps=stage1_steps, training__stage2__steps=stage2_steps, seed=seed)
    run.fn(settings, default_home(), last_stage)


@deployed(name="evaluate", run_name="evaluate {recipe}", days=14)
def evaluate(recipe: RecipeName = "starter", samples: Samples = None, seed: Seed = None, changes: Changes = ()) -> None:
    """Compare the base policy and both stages on the held-out problems, once they are trained. What is done is skipped."""
    from flows.evaluate import evaluate as run

    run.fn(changed(recipe, changes, evaluation__samples=samples, seed=seed), default_home())


@deployed(name="recurate", run_name="recurate {recipe}", days=1)
def recurate(recipe: RecipeName = "starter", bound: Bound = None, changes: Changes = ()) -> State:
    """Measure the current policy where something is new, and change the sets in use when they have drifted by more than the bound."""
    from flows.recurate import recurate as run

    return Completed(message=run.fn(changed(recipe, changes, recuration__bound=bound), default_home()).message)


@deployed(name="study", run_name="study {study}", days=30)
def study(study: StudyName = "study", seeds: Seeds = None, parallel: Parallel = None, changes: Changes = ()) -> None:
    """Compare arms over seeds at equal compute: what does each part of the method add? What is done is skipped."""
    from flows.arms import load_study
    from flows.study import study as run

    run.fn(load_study(study, written({"seeds": seeds, "parallel": parallel}, changes)), default_home())
