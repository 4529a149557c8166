"""The `flow` decorator of this project: Prefect's, but within `planning()` a call runs the plain function, whose tasks then plan."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Flow

from tasks.planning import PLANNER

P = ParamSpec("P")
R = TypeVar("R")


class PlannableFlow(Flow[P, R]):
    """A Prefect flow that can be dry-run."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs) if PLANNER.get() else super().__call__(*args, **kwargs)


def flow(*, name: str, **options: Any) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Decorate a flow; `options` are Prefect's."""
    return lambda fn: PlannableFlow(fn, name=name, **options)
