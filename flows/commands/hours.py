"""How long what a plan leaves to be sampled and trained should take: at the pace that this lake has measured, and at a published one
(`published`)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import TypeVar

import polars as pl

from flows.commands.costs import HOUR
from flows.commands.doctor import has_gpu
from flows.commands.published import LEAST_HOURS, on_gpus
from flows.recipe import Recipe
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.reporting.wording import duration
from tasks.sampling.engines import declared
from tasks.sampling.settings import SamplingSettings
from tasks.steps.planning import Step
from tasks.training.pace import Ahead, Expected, Pace, as_large, descended, expected, paces
from tasks.training.settings import StageSettings
from tasks.training.timing import load_of, means_of, timed_stages

N = TypeVar("N", int, float)


def expected_hours(recipe: Recipe, policy: Policy, steps: Sequence[Step], home: Path) -> list[str]:
    """What is known of the time that sampling and training take, a sentence each, and of GPU-hours; nothing of what is not to be done."""
    return [
        *sampling_time(recipe, policy, steps, home),
        *training_time(recipe, policy, steps, home),
        *on_gpus(recipe, policy, steps),
    ]


def sampling_time(recipe: Recipe, policy: Policy, steps: Sequence[Step], home: Path) -> Iterator[str]:
    """How long the engine takes for what is left to be profiled and evaluated, by what each of its processes took in this lake for the
    recipe's policy."""
    works = [step.work for step in steps if step.task == "sample" and step.work]
    count, sampling = total(work.left for work in works), recipe.sampling
    if not count:
        return
    drawn = drawn_so_far(Lake(home), policy, sampling)
    if drawn is None:
        yield f"how long sampling takes is not known yet: {sampling.engine} has drawn nothing with {policy.name} in this lake"
        return
    more = max(1.0, sampling.max_tokens / drawn.max_tokens)
    taken = count * drawn.seconds / drawn.responses * more
    each = f"each of {sampling.replicas} processes of " if sampling.replicas > 1 else ""
    upwards = f", counted upwards only for max_tokens {drawn.max_tokens} → {sampling.max_tokens}" if drawn.is_other else ""
    engine, most = declared(sampling), any(work.up_to for work in works) or drawn.is_other
    yield (
        f"sampling should take {'at most' if most else 'about'} {duration(taken / sampling.replicas)}"
        f"{on_cards(taken * engine.gpus(sampling) if engine.cards else None)}: {count:,} completions at the "
        f"{drawn.responses / drawn.seconds:,.3g} a second that {each}{sampling.engine} took for {policy.name} in this lake{upwards}"
    )


@dataclass(frozen=True)
class DrawnSoFar:
    """Responses of at most `max_tokens`, in so many seconds of a process; `is_other` where a recipe asks for another most."""

    responses: int
    seconds: float
    max_tokens: int
    is_other: bool


def drawn_so_far(lake: Lake, policy: Policy, sampling: SamplingSettings) -> DrawnSoFar | None:
    """What the engine has drawn with a policy in a lake: of the `max_tokens` that is asked for, or else of the one of most responses."""
    draws = lake.scan("draws").filter(pl.col("seconds") > 0, policy_id=policy.policy_id, engine=sampling.engine)
    ways = lake.scan("samplings").select("sampling_id", "max_tokens").unique("sampling_id")
    known = draws.join(ways, on="sampling_id").group_by("max_tokens").agg(pl.col("responses", "seconds").sum())
    rows = {row.pop("max_tokens"): row for row in known.sort("responses").collect().iter_rows(named=True)}
    if not rows:
        return None
    longest = sampling.max_tokens if sampling.max_tokens in rows else [*rows][-1]
    return DrawnSoFar(**rows[longest], max_tokens=longest, is_other=longest != sampling.max_tokens)


def training_time(recipe: Recipe, policy: Policy, steps: Sequence[Step], home: Path) -> Iterator[str]:
    """How long the stages that are left take, by what finished ones of this lake took on this machine; and of which of them nobody knows,
    and why."""
    left = {step.settings["stage"]: step for step in steps if step.task == "train" and step.work}
    if not left:
        return
    near = Near(Lake(home), policy)
    stages = {name: recipe.stages[name].train for name in left}
    found = {name: near.time_of(stages[name], step) for name, step in left.items()}
    if known := {name: time for name, time in found.items() if isinstance(time, Expected)}:
        yield trained_in(known, stages)
    for why in dict.fromkeys(time for time in found.values() if isinstance(time, str)):
        names = [name for name, time in found.items() if time == why]
        yield f"how long {' and '.join(names)} {'takes' if len(names) == 1 else 'take'} on this machine is not known: {why}"


def trained_in(times: Mapping[str, Expected], stages: Mapping[str, StageSettings]) -> str:
    """How long stages take together and each, and what that was measured on."""
    seconds, most = sum(time.seconds for time in times.values()), any(time.unlike for time in times.values())
    cards = total(None if (of := processes(stages[name])) is None else of * time.seconds for name, time in times.items())
    alike = defaultdict[tuple[Pace, tuple[str, ...]], list[str]](list)
    for name, time in times.items():
        how = "at most" if time.unlike else "about"
        alike[time.pace, time.unlike].append(f"{name} {how} {duration(time.seconds)} ({stages[name].steps:,} steps)")
    parts = "; ".join(f"{', '.join(each)} at {measured(*by)}" for by, each in alike.items())
    given = "with prompts and answers as long as before and without loading"
    return f"training should take {'at most' if most else 'about'} {duration(seconds)}{on_cards(cards)}, {given}: {parts}"


def measured(pace: Pace, unlike: Sequence[str]) -> str:
    """A pace, what took it, and what of it is only counted upwards."""
    whose = "this policy" if pace.own else "another policy with as many weights"
    upwards = f", counted upwards only for {', '.join(unlike)}" if unlike else ""
    stages = f"{pace.stages} stage{'s' * (pace.stages > 1)} of {whose}"
    spread = f" ({pace.fastest:.3g} to {pace.slowest:.3g})" if pace.stages > 1 else ""
    return f"the {pace.step:.3g} s a step{spread} that {pace.steps:,} steps of {stages} took in this lake on this machine{upwards}"


class Near:
    """The finished stages of a lake that can tell how long one of this policy takes on this machine."""

    def __init__(self, lake: Lake, policy: Policy) -> None:
        self.there = timed_stages(lake.home)
        self.here = [stage for stage in self.there if stage.host == gethostname()]
        self.own = descended(lake, policy.policy_id)
        ids = self.own | as_large(lake, policy, {stage.policy_id for stage in self.here} - self.own)
        self.alike = [stage for stage in self.here if stage.policy_id in ids]

    def time_of(self, settings: StageSettings, step: Step) -> Expected | str:
        """How long a stage that is to be trained should take, or why nobody knows."""
        drawn = step.work.completions if step.work else None
        if drawn is None:
            return "how many validation problems it answers is not known yet"
        ahead = ahead_of(settings, drawn)
        same = [stage for stage in self.alike if not ahead.differs(stage)]
        return expected(ahead, paces(same, self.own)) if same else self.why_none(ahead)

    def why_none(self, ahead: Ahead) -> str:
        """Why none of the stages tells anything of this one."""
        if not self.there:
            return "no finished stage of this lake says how long it took"
        if not self.here:
            return f"the stages of this lake were trained on {', '.join(sorted({stage.host for stage in self.there}))}"
        if not self.alike:
            return "no stage of this policy, or of one with as many weights, has been trained here"
        nearest = min((ahead.differs(stage) for stage in self.alike), key=len)
        return f"no stage has been trained here like it; the nearest differs in {', '.join(nearest)}"


def ahead_of(settings: StageSettings, drawn: int) -> Ahead:
    """A stage that is to be trained and draws so many completions in all, refills not counted."""
    watched, asked = drawn - settings.completions, settings.validation
    answers = watched // asked.times(settings.steps) if asked else 0
    held = settings.model_dump(mode="json")
    return Ahead(means_of(held), load_of(held, answers), settings.steps, watched)


def processes(settings: StageSettings) -> int | None:
    """How many GPUs a stage trains on, where there are any; None where its launch config decides."""
    return settings.processes or (None if settings.accelerate else 1)


def on_cards(seconds: float | None) -> str:
    """GPU-hours of so many seconds of a GPU, in brackets; "" where this machine has none, or there are too few to say."""
    return f" ({seconds / HOUR:,.1f} GPU-hours)" if seconds and seconds / HOUR >= LEAST_HOURS and has_gpu() else ""


def total(parts: Iterable[N | None]) -> N | None:
    """The sum, or None where a part is not known."""
    known = list(parts)
    return None if None in known else sum(part for part in known if part is not None)
