"""Prefect cache policies over our fingerprints: a task is `Cached` exactly when the artifact it would make is there.

Prefect's own policies cannot promise that: INPUTS hashes a path, not what it holds; TASK_SOURCE sees neither helpers nor SQL files; an
unhashable input turns caching off without a word; a `None` key in a compound policy is dropped. Here a task is given `plan`, a function
of the same arguments that names the artifact from the content of every input and of every SQL or template file used. The record of the
cached result lies *inside* that artifact's folder, so a deleted artifact takes its record along and is a miss. (A moved lake is a miss
too, since a record holds the artifact's place; its tasks then find their artifacts there and end at once.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect.context import TaskRunContext

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.steps.how_far import forget_attempts
from tasks.steps.lean_prefect import CachePolicy, Task
from tasks.steps.naming import recipe_first
from tasks.steps.planning import PLANNER, Work, arguments_of, step_name
from tasks.steps.run_log import log_to_runs
from tasks.steps.runs import note_step

P = ParamSpec("P")
R = TypeVar("R")
log_to_runs()


@dataclass
class ArtifactPolicy(CachePolicy):
    """The key of a task run is the place of the record inside the artifact that `plan` names for its arguments."""

    plan: Callable[..., Artifact] | None = None

    def compute_key(self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any) -> str | None:
        assert self.plan is not None
        try:
            target = self.plan(**inputs)
        except InputError:
            return None  # the task itself plans again and raises it, once and without Prefect's traceback around it
        return str(target.path / f".prefect-{digest(str(target.path))[:8]}.json").lstrip("/")


class RoomTask(Task[P, R]):
    """A task that knows what it would make (`plan`) and sample (`work`): within `planning()` a call plans it, elsewhere it runs."""

    def __init__(self, fn: Callable[P, R], *, plan: Callable[P, R], work: Callable[P, Work] | None = None, **options: Any) -> None:
        self.step_name = options.pop("task_run_name", None) or options["name"]  # never Prefect's, which ends in digits
        self.plan = plan
        self.work = work
        super().__init__(fn, **{**options, "task_run_name": self.run_name})

    def run_name(self, parameters: dict[str, Any]) -> str:
        """What a run is called among those of all recipes."""
        return recipe_first(step_name(self, parameters))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if planner := PLANNER.get():
            return planner.step(self, *args, **kwargs)
        made = super().__call__(*args, **kwargs)
        note_step(self.name, made)
        if isinstance(made, Artifact):
            forget_attempts(made.home, self.run_name(arguments_of(self, *args, **kwargs)))
        return made


def room_task(
    plan: Callable[P, Artifact], *, name: str, work: Callable[P, Work] | None = None, retries: int = 0, **options: Any
) -> Callable[[Callable[P, Artifact]], Task[P, Artifact]]:
    """Decorate a room's task: cached by `plan`, result kept as JSON, retried only where a retry can help (never for bad input).

    `work` says of the same arguments what the task samples, for `--plan`.
    """

    def decorate(fn: Callable[P, Artifact]) -> Task[P, Artifact]:
        return RoomTask(
            fn,
            plan=plan,
            work=work,
            name=name,
            cache_policy=ArtifactPolicy(plan=plan),
            persist_result=True,
            result_storage=Path("/"),
            result_serializer="json",
            retries=retries,
            retry_delay_seconds=2,
            retry_condition_fn=fault_may_pass,
            **options,
        )

    return decorate


def uncached_task(plan: Callable[P, R], *, name: str, **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate a task that runs every time; `plan` gives what it will give, `options` are Prefect's."""
    return lambda fn: RoomTask(fn, plan=plan, name=name, **options)


def fault_may_pass(task: Task, run: Any, state: Any) -> bool:
    """Whether trying again can help: not when the input is at fault."""
    try:
        state.result()
    except InputError:
        return False
    except Exception:  # noqa: BLE001 - whatever it was, it was not the input
        return True
    return False
