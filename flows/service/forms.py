"""The parameters that deployments offer, and the decorator that puts their descriptions into the form of the Prefect UI."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_type_hints

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
BY_STAGE = "^ *[a-z0-9_]+ *= *[1-9][0-9]* *(, *[a-z0-9_]+ *= *[1-9][0-9]* *)*$"

RecipeName = Annotated[
    str,
    Field(min_length=1, description="starter, mathvision, paper, or the path of a YAML file on the worker's machine."),
]
StudyName = Annotated[str, Field(min_length=1, description="The shipped study, or the path of a YAML file on the worker's machine.")]
Rounds = Annotated[int | None, Field(ge=1, le=4096, description="How often every problem is sampled (sampling.rounds).")]
Seed = Annotated[int | None, Field(ge=0, description="The seed that every other seed is derived from (seed).")]
Engine = Annotated[EngineName | None, Field(description="What draws the responses (sampling.engine).")]
Sizes = Annotated[
    str | None,
    Field(pattern=BY_STAGE, description="The most problems that stages get, as in `NAME=200, OTHER=50` (stages.NAME.choose.size)."),
]
Steps = Annotated[
    str | None, Field(pattern=BY_STAGE, description="Training steps of stages, as in `NAME=100, OTHER=50` (stages.NAME.train.steps).")
]
LastStage = Annotated[str | None, Field(min_length=1, description="The stage to end with; what it starts from is trained first.")]
Samples = Annotated[int | None, Field(ge=1, le=4096, description="How often every held-out problem is answered (evaluation.samples).")]
Seeds = Annotated[int | None, Field(ge=2, le=64, description="Runs of every arm, one a seed (seeds).")]
Parallel = Annotated[
    int | None, Field(ge=1, description="Seeds that run side by side, each on its own GPU or share of the cores (parallel).")
]
Bound = Annotated[
    float | None,
    Field(ge=0, le=1, description="The drift beyond chance above which new sets are written (recuration.bound): 0.1 is a tenth of a set."),
]
Changes = Annotated[
    tuple[str, ...],
    Field(description="Any other settings, each as KEY=VALUE, as in stages.NAME.train.weighting.family=linear."),
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
    return run_name.format(**{name: "the end" if value is None else value for name, value in given.items()})


def described(fn: Callable[..., Any]) -> str:
    """The parameters of a function with the descriptions of their types, a line each, as docstrings have them."""
    hints, defaults = get_type_hints(fn, include_extras=True), inspect.signature(fn).parameters
    return "\n".join(f"    {name}: {description(hints[name])}{kept(defaults[name].default)}" for name in defaults)


def by_stage(said: str | None, setting: str) -> dict[str, str]:
    """A field that gives stages numbers, as changes of a recipe: the setting's dotted key in each stage, and its value.

    Raises InputError for a stage that is given two.
    """
    pairs = [pair.replace(" ", "").split("=") for pair in said.split(",")] if said else []
    names = [name for name, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise InputError(f"{said!r} gives stage {twice} two values; give one")
    return {f"stages.{name}.{setting}": value for name, value in pairs}


def description(hint: Any) -> str:
    """What an annotated type says of itself."""
    return next(part.description for part in get_args(hint) if isinstance(part, FieldInfo) and part.description)


def kept(default: Any) -> str:
    """What an empty field means."""
    return " Empty: as the recipe says." if default is None else ""
