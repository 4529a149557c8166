"""A room's task: what its request would make is looked for, skipped where it is there, and built where it is not.

It is `Cached`, for Prefect, exactly when the artifact is there, and short of nothing that another run may have. Prefect's own policies
cannot promise that: INPUTS hashes a path, not what it holds; TASK_SOURCE sees neither helpers nor SQL files; an unhashable input turns
caching off without a word; a `None` key in a compound policy is dropped. Here a request names the artifact from the content of every input
and of every SQL or template file used. The record of the cached result lies *inside* that artifact's folder, so a deleted artifact takes
its record along and is a miss. (A moved lake is a miss too, since a record holds the artifact's place; its tasks then find their artifacts
there and end at once.)
"""

import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import WRAPPER_ASSIGNMENTS, update_wrapper
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect.context import TaskRunContext

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, building
from tasks.lake.layout import MANIFEST
from tasks.steps.how_far import forget_attempts
from tasks.steps.lean_prefect import CachePolicy, Task
from tasks.steps.naming import recipe_first
from tasks.steps.planning import PLANNER
from tasks.steps.request import StepRequest
from tasks.steps.run_log import log_to_runs
from tasks.steps.runs import note_step
from tasks.steps.shortfalls import SHORTFALLS

P = ParamSpec("P")
R = TypeVar("R")
Request = TypeVar("Request", bound=StepRequest)
Build = Callable[[Request, Artifact, Path], dict[str, Any]]
"""Makes what a request asks for: given the request, the artifact and the folder that it is made in; gives the manifest's facts."""
log_to_runs()


class ArtifactPolicy(CachePolicy):
    """The key of a task run is the place of the record inside the artifact that its request names."""

    def compute_key(self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any) -> str | None:
        try:
            target = inputs["request"].target()
        except InputError:
            return None  # the task itself asks again and raises it, once and without Prefect's traceback around it
        name = f".prefect-{digest(str(target.path))[:8]}"
        if target.is_complete and not inputs["request"].is_done(target):
            name += f"-{(target.path / MANIFEST).stat().st_mtime_ns}"  # a miss, as every attempt writes another manifest
        return str(target.path / f"{name}.json").lstrip("/")


class RoomTask(Task[[Request], Artifact]):
    """A task that is given a request: within `planning()` a call plans it, elsewhere it runs."""

    def __init__(self, fn: Callable[[Request], Artifact], **options: Any) -> None:
        super().__init__(fn, **options, task_run_name=self.run_name)  # type: ignore[arg-type]

    def run_name(self, parameters: dict[str, Any]) -> str:
        """What Prefect shows of a run: the request says it."""
        return run_name(parameters["request"])

    def __call__(self, request: Request) -> Any:  # type: ignore[override]
        if planner := PLANNER.get():
            return planner.step(self.name, request)
        made = super().__call__(request)
        note_step(self.name, made)
        if short := request.shortfall(made):
            SHORTFALLS[run_name(request)] = short
        forget_attempts(made.home, run_name(request))
        return made


def run_name(request: StepRequest) -> str:
    """What a run of a step is called among those of all recipes (never by Prefect, whose names end in digits)."""
    return recipe_first(request.said())


def room_task(
    *, name: str, resume: bool = False, then: Callable[[Any, Artifact], None] | None = None, retries: int = 0
) -> Callable[[Build[Request]], Task[[Request], Artifact]]:
    """Decorate a function that builds what a request asks for: skipped where that is there, result kept as JSON, retried only where a
    retry can help (never for bad input).

    With `resume` its folder still holds what an earlier, killed attempt left. `then` is called with the request and the artifact once
    that is complete.
    """

    def decorate(build: Build[Request]) -> Task[[Request], Artifact]:
        return RoomTask(
            made_by(build, resume, then),
            name=name,
            cache_policy=ArtifactPolicy(),
            persist_result=True,
            result_storage=Path("/"),
            result_serializer="json",
            retries=retries,
            retry_delay_seconds=2,
            retry_condition_fn=fault_may_pass,
        )

    return decorate


def made_by(build: Build[Request], resume: bool, then: Callable[[Any, Artifact], None] | None) -> Callable[[Request], Artifact]:
    """The function that gives a request's artifact: as it is there, or built. Input that is at fault leaves nothing behind."""

    def made(request: Request) -> Artifact:
        target = request.target()
        if request.is_done(target):
            return target
        facts: dict[str, Any] = {}
        with building(target, facts, resume=resume) as folder:
            try:
                facts.update(build(request, target, folder))
            except InputError:
                with suppress(OSError):
                    folder.rmdir()  # empty: nothing was begun
                raise
        if then:
            then(request, target)
        return target

    named = [name for name in WRAPPER_ASSIGNMENTS if name != "__annotations__"]
    update_wrapper(made, build, assigned=named)
    del made.__wrapped__  # type: ignore[attr-defined]  # Prefect asks it for its parameters
    return made


class UncachedTask(Task[P, R]):
    """A task that runs every time; within `planning()` a call gives what it will give (`gives`, of the same arguments)."""

    def __init__(self, fn: Callable[P, R], *, gives: Callable[P, Any], said: str, **options: Any) -> None:
        self.gives, self.said = gives, said
        super().__init__(fn, **options, task_run_name=self.run_name)  # type: ignore[arg-type]

    def run_name(self, parameters: dict[str, Any]) -> str:
        """What Prefect shows of a run: the words of its declaration, with its arguments in them."""
        return recipe_first(self.said.format(**parameters))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if planner := PLANNER.get():
            bound = inspect.signature(self.fn).bind(*args, **kwargs)
            bound.apply_defaults()
            planner.every_run(self.name, self.said.format(**bound.arguments), bound.arguments)
            return self.gives(*args, **kwargs)
        made = super().__call__(*args, **kwargs)
        note_step(self.name, made)
        return made


def uncached_task(gives: Callable[P, Any], *, name: str, task_run_name: str = "", **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate a task that runs every time; `gives` says what it will give, `options` are Prefect's."""
    return lambda fn: UncachedTask(fn, gives=gives, said=task_run_name or name, name=name, **options)


def fault_may_pass(task: Task, run: Any, state: Any) -> bool:
    """Whether trying again can help: not when the input is at fault."""
    try:
        state.result()
    except InputError:
        return False
    except Exception:  # noqa: BLE001 - whatever it was, it was not the input
        return True
    return False
