"""The parameters that deployments offer, and the decorator that puts their descriptions into the form of the Prefect UI."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, get_args, get_type_hints

from prefect import Flow, flow
from prefect.runtime import flow_run
from pydantic import Field
from pydantic.fields import FieldInfo

from flows.arms import load_study
from flows.recipe import load_recipe
from tasks.base.errors import InputError
from tasks.sampling.settings import EngineName

P = ParamSpec("P")
R = TypeVar("R")
DAY = 24 * 3600

RecipeName = Annotated[
    str,
    Field(min_length=1, description="starter, mathvision, paper, or the path of a YAML file on the worker's machine."),
]
StudyName = Annotated[str, Field(min_length=1, description="The shipped study, or the path of a YAML file on the worker's machine.")]
Rounds = Annotated[int | None, Field(ge=1, le=4096, description="How often every problem is sampled (sampling.rounds).")]
Seed = Annotated[int | None, Field(ge=0, description="The seed that every other seed is derived from (seed).")]
Engine = Annotated[EngineName | None, Field(description="What draws the responses (sampling.engine).")]
Stage1Size = Annotated[int | None, Field(ge=1, description="The most problems that stage 1 gets (curation.stage1.size).")]
Stage2Size = Annotated[int | None, Field(ge=1, description="The most problems that stage 2 gets (curation.stage2.size).")]
Stage1Steps = Annotated[int | None, Field(ge=1, description="Training steps of stage 1 (training.stage1.steps).")]
Stage2Steps = Annotated[int | None, Field(ge=1, description="Training steps of stage 2 (training.stage2.steps).")]
LastStage = Annotated[Literal["stage1", "stage2"], Field(description="The stage to end with; what it starts from is trained first.")]
Samples = Annotated[int | None, Field(ge=1, le=4096, description="How often every held-out problem is answered (evaluation.samples).")]
Seeds = Annotated[int | None, Field(ge=2, le=16, description="Runs of every arm, one a seed (seeds).")]
Parallel = Annotated[
    int | None, Field(ge=1, description="Seeds that run side by side, each on its own GPU or share of the cores (parallel).")
]
Bound = Annotated[
    float | None, Field(ge=0, le=1, description="The drift above which new sets are written (recuration.bound): 0.1 is a tenth of a set.")
]
Changes = Annotated[
    tuple[str, ...],
    Field(description="Any other settings, each as KEY=VALUE, as in training.stage1.weighting.family=linear."),
]


def deployed(*, name: str, run_name: str, days: float) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Decorate a flow as a deployment offers it: a run is named, checked against the parameters' types, and ended after so many days."""

    def decorate(fn: Callable[P, R]) -> Flow[P, R]:
        about = inspect.getdoc(fn) or ""
        fn.__doc__ = f"{about}\n\nArgs:\n{described(fn)}"  # where Prefect looks for the descriptions of parameters
        return flow(
            name=name, flow_run_name=partial(named, run_name), description=about, validate_parameters=True, timeout_seconds=days * DAY
        )(fn)

    return decorate


def named(run_name: str) -> str:
    """What a run of the given form is called: by the name of its recipe or study, which may be given as a path, else by what was given."""
    given = dict(flow_run.parameters)
    for parameter, load in (("recipe", load_recipe), ("study", load_study)):
        if parameter in given:
            try:
                given[parameter] = load(given[parameter]).name
            except InputError:  # which the run itself tells of
                continue
    return run_name.format(**given)


def described(fn: Callable[..., Any]) -> str:
    """The parameters of a function with the descriptions of their types, a line each, as docstrings have them."""
    hints, defaults = get_type_hints(fn, include_extras=True), inspect.signature(fn).parameters
    return "\n".join(f"    {name}: {description(hints[name])}{kept(defaults[name].default)}" for name in defaults)


def description(hint: Any) -> str:
    """What an annotated type says of itself."""
    return next(part.description for part in get_args(hint) if isinstance(part, FieldInfo) and part.description)


def kept(default: Any) -> str:
    """What an empty field means."""
    return " Empty: as the recipe says." if default is None else ""
