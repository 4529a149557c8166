"""A dry run: a flow is called as it is, and every task in it is planned in place of being executed, so no order is written twice.

A task's `plan` names the artifact that it would make. Where that is there, the task is cached; where it is not, a `Planned` stands for
it, and whatever takes that as an input can only be named, not keyed. Nothing is run, and nothing is written.
"""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, PrivateAttr
from pydantic_core import to_jsonable_python

from tasks.base.errors import InputError, NotReachable
from tasks.base.settings import Settings
from tasks.lake.artifacts import Artifact
from tasks.lake.layout import ASIDE, MANIFEST
from tasks.lake.looking import looking

MOST_DIFFERENCES = 5
DIGEST_DIGITS = 32


class State(StrEnum):
    """What a run would do with a step."""

    cached = "cached"
    to_do = "to do"
    waits = "waits"  # for the artifact of an earlier step: what it then makes, or finds, cannot be said yet
    unknown = "unknown"  # depends on something elsewhere that is not asked
    missing = "missing"  # an input is at fault
    every_run = "every run"


@dataclass(frozen=True)
class Work:
    """What a step will do, None where that is not known: `problems` it ingests (at most), `completions` it samples in all, those `left`
    to be drawn, and the tokens of these, at most and likely."""

    problems: int | None = None
    completions: int | None = None
    left: int | None = None
    most_tokens: int | None = None
    likely_tokens: int | None = None


@dataclass(frozen=True)
class Step:
    """A task of the flow, the `number`th: `kind` and `key` of its artifact (None: not known yet), `why` it is not cached, and its arguments
    in two parts: `inputs`, the artifacts in each ("kind/key", or the step that will make it), and `settings`."""

    number: int
    name: str
    task: str
    state: State
    kind: str | None
    key: str | None
    why: list[str]
    inputs: dict[str, Any]
    settings: dict[str, Any]
    work: Work | None = None


class Planned(Artifact):
    """The artifact of a step that has not been made. Its files are named as they will be; what it holds cannot be known, only assumed."""

    step: int
    problems: int | None = None
    _arguments: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        """What its task was given: of an artifact that is not made, all that can be said."""
        return self._arguments

    @property
    def manifest(self) -> dict[str, Any]:
        """Stands for the manifest in flows that ask one how to go on: every count in it is taken to call for more."""
        return Assumed()

    @property
    def content(self) -> str:
        raise InputError(f"step {self.step} has not been run: what it makes is not known")

    def file(self, name: str) -> Path:
        return self.path / name


def most_problems(source: Artifact) -> int | None:
    """How many problems an ingested source has, or one that is not made may have (None: not known)."""
    return source.problems if isinstance(source, Planned) else int(source.manifest["counts"]["problems"])


def all_problems(sources: Sequence[Artifact]) -> int | None:
    """How many problems several sources have at most."""
    counts = [most_problems(source) for source in sources]
    return None if None in counts else sum(filter(None, counts))


class Assumed(dict[str, Any]):
    """A manifest nobody has written: each fact is 1."""

    def __missing__(self, key: str) -> Any:
        return 1


class Plannable(Protocol):
    """What a planner needs of a task (`caching.RoomTask`)."""

    name: str
    fn: Callable[..., Any]
    step_name: Any
    plan: Callable[..., Any]
    work: Callable[..., Work] | None


@dataclass
class Planner:
    """Collects the steps of a dry run, in order."""

    steps: list[Step] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)

    def once(self, what: str, find: Callable[[], Any]) -> Any:
        """What `find` finds, looked for once: a dry run changes nothing."""
        if what not in self.known:
            self.known[what] = find()
        return self.known[what]

    def step(self, task: Plannable, *args: Any, **kwargs: Any) -> Any:
        """Plan one call of a task; gives its artifact, or what stands for it."""
        given = arguments_of(task, *args, **kwargs)
        state, target, why = self.judge(task, given)
        name = step_name(task, given)
        work = task.work(**given) if task.work and state is not State.cached else None
        kind, key = (target.kind, target.key) if isinstance(target, Artifact) else (None, None)
        number, parts = len(self.steps) + 1, (inputs_of(given), settings_of(given))
        self.steps.append(Step(number, name, task.name, state, kind, key, why, *parts, work))
        if state in (State.cached, State.every_run):
            return target
        if again := next((made for made in self.planned if made == target), None):
            return again
        home, problems = Path(given["home"]).absolute(), work.problems if work else None
        place = {"kind": kind or task.name, "key": key or f"step-{number}"}
        self.planned.append(Planned(home=home, **place, step=number, problems=problems))
        self.planned[-1]._arguments = given
        return self.planned[-1]

    def judge(self, task: Plannable, arguments: Mapping[str, Any]) -> tuple[State, Any, list[str]]:
        """State, artifact (None where it cannot be named) and reasons of a call."""
        if waits := sorted({earlier.step for earlier in self.earlier(list(arguments.values()))}):
            return State.waits, None, [f"waits for {', '.join(f'step {step}' for step in waits)}"]
        try:
            target = task.plan(**arguments)
        except NotReachable as error:
            return State.unknown, None, [f"unknown until ingested: {str(error).split(' (')[0]}"]
        except (InputError, FileNotFoundError) as error:
            return State.missing, None, [str(error)]
        if not isinstance(target, Artifact):
            return State.every_run, target, []
        if again := next((made.step for made in self.planned if made == target), None):
            return State.waits, target, [f"made by step {again}"]
        return (State.cached, target, []) if target.is_complete else (State.to_do, target, why_not_made(target))

    def earlier(self, value: Any) -> Iterator[Planned]:
        """The artifacts not made yet that an argument is, holds, or names a path in."""
        for leaf in leaves(value):
            if isinstance(leaf, Planned):
                yield leaf
            elif isinstance(leaf, str | Path):
                yield from (made for made in self.planned if Path(leaf).is_relative_to(made.path))


PLANNER: ContextVar[Planner | None] = ContextVar("planner", default=None)


@contextmanager
def planning() -> Iterator[Planner]:
    """Within this, calls of flows and tasks plan, and the lake is only looked at."""
    planner = Planner()
    token = PLANNER.set(planner)
    try:
        with looking():
            yield planner
    finally:
        PLANNER.reset(token)


def arguments_of(task: Plannable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of a call by name."""
    bound = inspect.signature(task.fn).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def step_name(task: Plannable, arguments: dict[str, Any]) -> str:
    """What a call's step is called among those of its recipe."""
    return task.step_name.format(**arguments) if isinstance(task.step_name, str) else task.step_name(parameters=arguments)


def leaves(value: Any) -> Iterator[Any]:
    """The artifacts and plain values in an argument, however deep."""
    if isinstance(value, Artifact) or not isinstance(value, BaseModel | Mapping | list | tuple):
        yield value
        return
    for part in dict(value).values() if isinstance(value, BaseModel | Mapping) else value:
        yield from leaves(part)


def inputs_of(arguments: Mapping[str, Any]) -> dict[str, list[str]]:
    """The artifacts in each argument: "kind/key", or which step will make it."""
    found = {name: [leaf for leaf in leaves(value) if isinstance(leaf, Artifact)] for name, value in arguments.items()}
    named = {name: [f"step {a.step}" if isinstance(a, Planned) else f"{a.kind}/{a.key}" for a in held] for name, held in found.items()}
    return {name: held for name, held in named.items() if held}


def settings_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are settings, or plain values, as JSON has them."""
    return {name: to_jsonable_python(value) for name, value in arguments.items() if isinstance(value, Settings | str | int | float | bool)}


def why_not_made(target: Artifact) -> list[str]:
    """Why an artifact is not there: how what it is made from differs from the nearest of its kind that is."""
    begun = ["an attempt was cut off; what it left is taken up"] if (target.home / ASIDE / f"{target.kind}-{target.key}").is_dir() else []
    before = list(made_before(target))
    if not before:
        return [*begun, f"new: nothing of kind {target.kind} was made in this lake yet"]
    if (named := dataset_of(target.made_from)) and named not in map(dataset_of, before):
        return [*begun, f"new: no dataset {' '.join(named)} was read into this lake yet"]
    nearest = min((differences(made, target.made_from) for made in before), key=len)
    more = [f"and {len(nearest) - MOST_DIFFERENCES} more"] if len(nearest) > MOST_DIFFERENCES else []
    return [*begun, *nearest[:MOST_DIFFERENCES], *more] or [f"it was made before and deleted, or is of another {target.kind}"]


def made_before(target: Artifact) -> Iterator[dict[str, Any]]:
    """What the other artifacts of a kind were made from."""
    for path in sorted((target.home / target.kind).glob(f"*/{MANIFEST}")):
        made = json.loads(path.read_text(encoding="utf-8")).get("made_from")
        if made:
            yield made


def dataset_of(made_from: Mapping[str, Any]) -> tuple[str, str] | None:
    """The name and the split of the dataset that an artifact holds; None where it holds none."""
    source = made_from.get("source")
    return (source["name"], source["split"]) if isinstance(source, dict) and {"name", "split"} <= source.keys() else None


def differences(before: Any, now: Any, place: str = "") -> list[str]:
    """How two JSON values differ, one line a place."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = sorted(before.keys() | now.keys())
        parts = (differences(before.get(name), now.get(name), f"{place}.{name}" if place else name) for name in names)
        return [line for part in parts for line in part]
    if before == now:
        return []
    return [f"{place} changed" if opaque(before) or opaque(now) else f"{place}: {before} → {now}"]


def opaque(value: Any) -> bool:
    """Whether a value says nothing to a person: a digest, or something with digests in it, or long."""
    text = json.dumps(value)
    return len(text) > 2 * DIGEST_DIGITS or (isinstance(value, str) and len(value) == DIGEST_DIGITS)
