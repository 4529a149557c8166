"""A dry run: a flow is called as it is, and every task in it is planned in place of being executed, so no order is written twice.

A step's request names the artifact that it would make. Where that is there, the step is cached; where it is not, a `Planned` stands for
it, and whatever takes that as an input can only be named, not keyed. What nobody can know of it before it is made is `Unknown`, which is
no number and decides nothing. Nothing is run, and nothing is written.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pydantic import BaseModel, PrivateAttr
from pydantic_core import to_jsonable_python

from tasks.base.errors import InputError, NotReachable
from tasks.base.settings import Settings
from tasks.lake.artifacts import Artifact
from tasks.lake.layout import ASIDE, MANIFEST
from tasks.lake.looking import looking
from tasks.steps.shortfalls import Shortfall

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
    to be drawn, and the tokens of these, at most and likely. `up_to`: the completions, too, are at most so many, since an artifact that
    is not made yet says how many."""

    problems: int | None = None
    completions: int | None = None
    left: int | None = None
    most_tokens: int | None = None
    likely_tokens: int | None = None
    up_to: bool = False


@dataclass(frozen=True)
class Step:
    """A task of the flow, the `number`th: `kind` and `key` of its artifact (None: not known yet), `why` it is not cached, and its arguments
    in two parts: `inputs`, the artifacts in each ("kind/key", or the step that will make it), and `settings`."""

    number: int
    name: str
    task: str
    state: State
    kind: str | None = None
    key: str | None = None
    why: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    work: Work | None = None


class Unknown:
    """A fact of an artifact that is not made yet, and each part of it. It reads as "unknown"; to count with it, to compare it or to decide
    by it raises InputError, so that no plan takes it for a number. Ask `is_known` first."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __str__(self) -> str:
        return "unknown"

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return "unknown"

    def __getitem__(self, name: object) -> "Unknown":
        return Unknown(f"{self.what}, {name}")

    def refuse(self, *_: object) -> NoReturn:
        """Raise InputError that names the fact."""
        raise InputError(f"{self.what}: not known before that step has run")

    __bool__ = __len__ = __iter__ = __contains__ = __int__ = __float__ = __index__ = __round__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __neg__ = refuse
    __hash__ = None  # type: ignore[assignment]


def is_known(fact: object) -> bool:
    """Whether a fact of an artifact is known: always, where it is made."""
    return not isinstance(fact, Unknown)


@dataclass(frozen=True, eq=False)
class Foretold(Mapping[str, Any]):
    """The manifest of an artifact that is not made: the facts that its request already settles, and every other one `Unknown`."""

    step: int
    facts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name] if name in self.facts else Unknown(f"step {self.step}, {name}")

    def __contains__(self, name: object) -> bool:
        return name in self.facts or bool(Unknown(f"step {self.step}, {name}"))

    def __iter__(self) -> Iterator[str]:
        return iter(Unknown(f"what the manifest of step {self.step} holds"))

    def __len__(self) -> int:
        return len(Unknown(f"what the manifest of step {self.step} holds"))


class Planned(Artifact):
    """The artifact of a step that has not been made. Its files are named as they will be; of what it holds, only what its request settles
    is known (`foretold`), and of its problems at most how many there are."""

    step: int
    problems: int | None = None
    _foretold: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return False

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What its manifest will say, as far as anybody can know."""
        return Foretold(self.step, self._foretold)

    @property
    def content(self) -> str:
        raise InputError(f"step {self.step} has not been run: what it makes is not known")

    def file(self, name: str) -> Path:
        return self.path / name


def most_problems(source: Artifact) -> int | None:
    """How many problems an ingested source has, or one that is not made may have (None: not known)."""
    return source.problems if isinstance(source, Planned) else int(source.manifest["counts"]["problems"])


def all_problems(sources: Sequence[Artifact]) -> int | None:
    """How many problems several sources have at most (None: of one of them that is not known)."""
    counts = [most_problems(source) for source in sources]
    return None if None in counts else sum(filter(None, counts))


class Asked(Protocol):
    """What a planner needs of a request for an artifact (`request.StepRequest`)."""

    def arguments(self) -> Mapping[str, Any]: ...
    def target(self) -> Artifact: ...
    def is_done(self, target: Artifact) -> bool: ...
    def shortfall(self, made: Artifact) -> Shortfall | None: ...
    def said(self) -> str: ...
    def work(self) -> Work | None: ...
    def foretold(self) -> dict[str, Any]: ...


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

    def step(self, task: str, asked: Asked) -> Artifact:
        """Plan one call of the task of that name; gives its artifact, or what stands for it."""
        given = asked.arguments()
        state, target, why = self.judge(asked)
        work = asked.work() if state is not State.cached else None
        self.note(Step(len(self.steps) + 1, asked.said(), task, state, why=why, work=work), given, target)
        if target and state is State.cached:
            return target
        if again := next((made for made in self.planned if made == target), None):
            return again
        number, problems = len(self.steps), work.problems if work else None
        place = {"kind": target.kind if target else task, "key": target.key if target else f"step-{number}"}
        self.planned.append(Planned(home=Path(given["home"]).absolute(), **place, step=number, problems=problems))
        self.planned[-1]._foretold = asked.foretold()
        return self.planned[-1]

    def every_run(self, task: str, said: str, given: Mapping[str, Any]) -> None:
        """Plan one call of a task that runs every time, and makes no artifact."""
        waits = self.waits(given)
        self.note(Step(len(self.steps) + 1, said, task, State.waits if waits else State.every_run, why=waits), given)

    def note(self, step: Step, given: Mapping[str, Any], target: Artifact | None = None) -> None:
        """Keep a step, with what it is given and makes."""
        kind, key = (target.kind, target.key) if target else (None, None)
        self.steps.append(replace(step, kind=kind, key=key, inputs=inputs_of(given), settings=settings_of(given)))

    def judge(self, asked: Asked) -> tuple[State, Artifact | None, list[str]]:
        """State, artifact (None where it cannot be named) and reasons of a call."""
        if waits := self.waits(asked.arguments()):
            return State.waits, None, waits
        try:
            target = asked.target()
        except NotReachable as error:
            return State.unknown, None, [f"unknown until ingested: {str(error).split(' (')[0]}"]
        except (InputError, FileNotFoundError) as error:
            return State.missing, None, [str(error)]
        if again := next((made.step for made in self.planned if made == target), None):
            return State.waits, target, [f"made by step {again}"]
        if asked.is_done(target):
            return State.cached, target, []
        short = asked.shortfall(target) if target.is_complete else None
        return State.to_do, target, [f"{short.what}: tried again"] if short else why_not_made(target)

    def waits(self, given: Mapping[str, Any]) -> list[str]:
        """What a call waits for, in one line; none where all that it is given is there."""
        steps = sorted({earlier.step for earlier in self.earlier(list(given.values()))})
        return [f"waits for {', '.join(f'step {step}' for step in steps)}"] if steps else []

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
