"""How long a stage that is still to be trained should take, by what others took: `Timed` stages of the same policy, or of one as large,
trained by the same means on the same machine.

Those that are most like it count. Where its steps have more to do than theirs, time grows with the completions of a step and with
`max_tokens`; where they have less, it stays, since nobody has measured what is saved. So a time that is not of equal steps is the most that
is to be expected.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.policy.size import parameter_count
from tasks.training.timing import Load, Timed

CHOOSING_S = 0.03  # of a step that chooses among 100,000 problems by an estimate, on one core: tests/bench/RESULTS.md
SPELT = {"completions": "completions a step", "refills": "refill.tries", "validated": "validation.every", "answers": "validation answers"}


@dataclass(frozen=True)
class Ahead:
    """A stage that is to be trained: by which means, what its steps have to do, how many there are, and how many answers to validation
    problems are drawn in all."""

    means: Mapping[str, Any]
    load: Load
    steps: int
    watched: int = 0

    def differs(self, stage: Timed) -> list[str]:
        """In what a finished stage differs so that it tells nothing of this one: its means, and hints, which make prompts longer."""
        means = [name for name, value in self.means.items() if stage.means[name] != value]
        return [*means, *(["hints"] if self.load.hints and not stage.load.hints else [])]


@dataclass(frozen=True)
class Pace:
    """What so many stages of equal steps took together, of the same policy (`own`) or of others as large; `fastest` and `slowest` are the
    seconds of a step in two of them."""

    own: bool
    load: Load
    stages: int
    fastest: float
    slowest: float
    steps: int
    seconds: float
    watched: int
    refilled: int

    @property
    def step(self) -> float:
        """Seconds of a step."""
        return self.seconds / self.steps


@dataclass(frozen=True)
class Expected:
    """How long a stage should take, in seconds, by which pace, and in what that is of other steps: `unlike` is empty for equal ones, and
    otherwise the time is the most to be expected."""

    seconds: float
    pace: Pace
    unlike: tuple[str, ...]


def expected(ahead: Ahead, paces: Sequence[Pace]) -> Expected:
    """The time of a stage by the pace that is most like it, of several that of the most steps."""
    pace = min(paces, key=lambda one: (len(unlike(ahead.load, one)), -one.steps))
    choosing = CHOOSING_S if ahead.load.chooses and not pace.load.chooses else 0.0
    return Expected(ahead.steps * (pace.step * more(ahead, pace) + choosing), pace, tuple(unlike(ahead.load, pace)))


def more(ahead: Ahead, pace: Pace) -> float:
    """By how much more a step has to do than those that were timed, at least 1.

    A step takes a l + b d, for l completions to learn from and d drawn beside these, with b <= a, as nothing is learnt from the latter. So
    it takes at most max(l' / l, (l' + d') / (l + d)) as long with l' and d'; longer completions are counted in proportion.
    """
    load, was, beside = ahead.load, pace.load, (pace.watched + pace.refilled) / pace.steps
    refills = pace.refilled / (pace.steps * was.completions) if load.refills == was.refills else load.refills
    drawn = load.completions * (1 + refills) + ahead.watched / ahead.steps
    most = max(1.0, load.completions / was.completions, drawn / (was.completions + beside))
    return most * max(1.0, load.max_tokens / was.max_tokens)


def unlike(load: Load, pace: Pace) -> list[str]:
    """In what a pace is of other steps than these, or of another policy."""
    pairs = ((field.name, getattr(pace.load, field.name), getattr(load, field.name)) for field in fields(Load))
    said = [f"{SPELT.get(name, name)} {was} → {now}" for name, was, now in pairs if was != now and name != "chooses"]
    estimated = ["problems chosen by an estimate"] if load.chooses and not pace.load.chooses else []
    return [*([] if pace.own else ["another policy"]), *said, *estimated]


def paces(stages: Iterable[Timed], ids: set[str]) -> list[Pace]:
    """Stages of equal steps taken together; `ids` are those of the policies that count as the same one."""
    alike = defaultdict[tuple[bool, Load], list[Timed]](list)
    for stage in stages:
        alike[stage.policy_id in ids, stage.load].append(stage)
    return [Pace(own, load, len(held), **summed(held)) for (own, load), held in alike.items()]


def summed(stages: Sequence[Timed]) -> dict[str, Any]:
    """What some stages took and drew together, and a step in the fastest and the slowest of them."""
    sums = {name: sum(getattr(stage, name) for stage in stages) for name in ("steps", "seconds", "watched", "refilled")}
    each = [stage.seconds / stage.steps for stage in stages]
    return {**sums, "fastest": min(each), "slowest": max(each)}


def descended(lake: Lake, policy_id: str) -> set[str]:
    """The ids of a policy and of all that were trained from it, as far as the lake knows them."""
    known = lake.scan("policies").select("policy_id", "parent_id").collect()
    found, new = {policy_id}, {policy_id}
    while new:
        new = set(known.filter(pl.col("parent_id").is_in(new))["policy_id"]) - found
        found |= new
    return found


def as_large(lake: Lake, policy: Policy, ids: set[str]) -> set[str]:
    """Those of some policies of a lake that have exactly as many weights as this one, where files at hand tell."""
    wanted = parameter_count(policy)
    known = lake.scan("policies").filter(pl.col("policy_id").is_in(ids)).select("policy_id", "model").collect()
    counts = {name: parameter_count(policy.model_copy(update={"model": placed(lake, model)})) for name, model in known.iter_rows()}
    return {name for name, count in counts.items() if count is not None and count == wanted}


def placed(lake: Lake, model: str) -> str:
    """Where a policy's model lies; one of the lake is recorded by its path in that."""
    inside = lake.home / model
    return str(inside) if inside.is_dir() else model
