"""The `flow` decorator of this project: Prefect's, but for dry runs, the signs of life of flows within flows, and the temporary server.

Within `planning()` a call runs the plain function, whose tasks then plan. A run of a recipe keeps which artifacts its steps made, and
ends `Done, but` where something was missing that could not be had.

Prefect waits up to a second at the end of every flow for the thread that sends its signs of life: three seconds of a rerun in which all is
cached. A flow within a flow lives and dies with it, in one process; where nobody has asked for signs of life by setting how often they
come (as `serve` does), the outermost flow alone sends them.
"""

import inspect
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, get_current_settings, temporary_settings

from flows.server.temporary import use_ours
from tasks.steps.lean_prefect import Flow
from tasks.steps.naming import RECIPE, of_recipe
from tasks.steps.planning import PLANNER
from tasks.steps.run_log import faults_said_by_caller, server_gone
from tasks.steps.runs import run_of
from tasks.steps.shortfalls import SHORTFALLS

P = ParamSpec("P")
R = TypeVar("R")


class PlannableFlow(Flow[P, R]):
    """A Prefect flow that can be dry-run."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if PLANNER.get():
            return self.fn(*args, **kwargs)
        if not PREFECT_API_URL.value():
            use_ours()
        with signs_of_life(), told_to_caller(), of_recipe(self.recipe_of(*args, **kwargs) or RECIPE.get()):
            try:
                return super().__call__(*args, **kwargs)
            except Exception as error:
                if gone := server_gone(error):
                    raise gone from error
                raise

    def recipe_of(self, *args: Any, **kwargs: Any) -> str:
        """The name of the recipe, or the study, that a call is given; "" without one."""
        given = inspect.signature(self.fn).bind_partial(*args, **kwargs).arguments
        return getattr(given.get("recipe") or given.get("study"), "name", "")


def signs_of_life() -> AbstractContextManager[Any]:
    """Prefect's settings for a flow that is called here: without signs of life inside another one, unless they are asked for."""
    asked = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.name in os.environ
    if asked or not FlowRunContext.get() or get_current_settings().flows.heartbeat_frequency is None:
        return nullcontext()
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


def told_to_caller() -> AbstractContextManager[Any]:
    """Keeps faults off the console while the outermost flow runs that is called here; a flow that Prefect itself has started says them."""
    return nullcontext() if FlowRunContext.get() else faults_said_by_caller()


def flow(*, name: str, **options: Any) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Decorate a flow; `options` are Prefect's."""
    return lambda fn: PlannableFlow(recorded(fn), name=name, **options)


def recorded(fn: Callable[P, R]) -> Callable[P, R]:
    """A flow's function, which keeps the steps of a recipe's run (tasks/steps/runs.py): its own, or those of the flow that it is in."""
    signature = inspect.signature(fn)
    if "recipe" not in signature.parameters:
        return fn

    @wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if PLANNER.get():
            return fn(*args, **kwargs)
        recipe = signature.bind(*args, **kwargs).arguments.get("recipe")
        with run_of(recipe.name if recipe else "", fn.__name__):
            return done_but(fn(*args, **kwargs))

    return run


def done_but(result: Any) -> Any:
    """What a flow gives; of the outermost one whose steps fell short as a state of that name, which Prefect shows, and takes the result
    from."""
    context = FlowRunContext.get()
    if not SHORTFALLS or context is None or context.flow_run is None or context.flow_run.parent_task_run_id:
        return result
    from prefect.states import Completed

    said = "; ".join(f"{step}: {short.what}: {short.why}" for step, short in SHORTFALLS.items())
    return Completed(name="Done, but", message=f"{said}. Run it again to try them again", data=result)
