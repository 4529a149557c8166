"""Estimates against simulation: whether intervals of p hold the truth as often as they say, and pass@k and zero-signal are right.

Four shapes of accuracies, one of which no single Beta describes; a fixed number of rounds, the rule that stops early, and another one that
looks only at k of n: it stops where right and wrong answers are three apart. `python -m tests.bench.estimates` runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.estimates.posterior import Posterior, posterior_of
from tasks.estimates.prior import MISFIT, prior_of
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.estimates.stopping import settled
from tests.bench.row import Row

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
Generator = np.random.Generator
LOW, HIGH = 0.084, 0.87
GROUP, MOST_DRAWS = 8, 16
LEAST, MOST, ERROR, FALSE_ALARMS = 0.93, 0.97, 0.005, 0.05
ROUNDS, SETS = (4, 8, 16), {100: 200, 2000: 40}
SHAPES: dict[str, Callable[[Generator, int], Numbers]] = {
    "U": lambda numbers, problems: numbers.beta(0.4, 0.4, problems),
    "falling": lambda numbers, problems: numbers.beta(0.5, 1.5, problems),
    "hump": lambda numbers, problems: numbers.beta(3.0, 3.0, problems),
    "20% impossible": lambda numbers, problems: np.where(numbers.random(problems) < 0.2, 0.0, numbers.beta(6.0, 2.0, problems)),
}
ONE_BETA = {"U": (0.4, 0.4), "falling": (0.5, 1.5), "hump": (3.0, 3.0), "flat": (1.0, 1.0)}
RULES = ("fixed", "predictive", "three apart")
APART = 3


@dataclass(frozen=True)
class Setup:
    """What is simulated: the shape, the most rounds of a problem, the rule that stops, and how many problems."""

    shape: str
    rounds: int
    rule: str = "fixed"
    problems: int = 2000


@dataclass(frozen=True)
class Judged:
    """Estimates less truth over one set, or the mean over several: the share of intervals that hold p, the errors of pass@1 …
    pass@MOST_DRAWS, the error of the share without a signal over what the thresholds keep, and whether the prior was a mixture."""

    coverage: float
    passes: Numbers
    zero_signal: float
    is_mixture: float


def simulated(setup: Setup, numbers: Generator) -> tuple[Numbers, Counts, Counts]:
    """The accuracies of problems, and k and n of each when its rule stopped."""
    p = SHAPES[setup.shape](numbers, setup.problems)
    right = np.cumsum(numbers.random((setup.problems, setup.rounds)) < p[:, None], axis=1, dtype=np.int64)
    n = stops(right, setup)
    return p, right[np.arange(setup.problems), n - 1], n


def stops(right: Counts, setup: Setup) -> Counts:
    """After how many rounds each problem stops, of the right answers up to each round (problems × rounds)."""
    n = np.full(setup.problems, setup.rounds)
    if setup.rule == "three apart":
        is_apart = abs(2 * right - np.arange(1, setup.rounds + 1)) >= APART
        n = np.where(is_apart.any(axis=1), is_apart.argmax(axis=1) + 1, n)
    if setup.rule == "predictive":
        first, every = max(setup.rounds // 4, 2), max(setup.rounds // 8, 1)
        for at in reversed(range(first, setup.rounds, every)):
            k = np.arange(at + 1)
            decided = settled(np.full(at + 1, at), k, setup.rounds, AdaptiveSettings(), (LOW, HIGH))
            n = np.where(decided[right[:, at - 1]], at, n)
    return n


def judged(setup: Setup, numbers: Generator) -> Judged:
    """One set: its prior is fitted to what was drawn, and each estimate is compared with the truth of that set."""
    p, k, n = simulated(setup, numbers)
    (ks, ns), place, problems = np.unique(np.stack([k, n]), axis=1, return_inverse=True, return_counts=True)
    prior, place = prior_of(ks, ns, problems), place.ravel()
    found = posterior_of(ks, ns, prior)
    low, high = (ends[place] for ends in found.interval(DifficultySettings().confidence))
    passes = [(1 - found.none_right(draws))[place].mean() - (1 - (1 - p) ** draws).mean() for draws in range(1, MOST_DRAWS + 1)]
    is_held = np.mean((low <= p) & (p <= high))
    return Judged(float(is_held), np.array(passes), zero_signal_error(found, place, p), float(prior.kind == "mixture"))


def zero_signal_error(found: Posterior, place: Counts, p: Numbers) -> float:
    """The error of the share of groups without a signal, over the problems that are more likely than not within the thresholds."""
    is_kept = (found.between(LOW, HIGH) >= 0.5)[place]
    truth = p**GROUP + (1 - p) ** GROUP
    return float(((1 - found.signal(GROUP))[place] - truth)[is_kept].mean()) if is_kept.any() else 0.0


def mean_judged(setup: Setup, sets: int, seed: int = 0) -> Judged:
    """The means over so many sets."""
    numbers = np.random.default_rng([seed, setup.rounds, setup.problems, *map(ord, setup.shape + setup.rule)])
    found = [judged(setup, numbers) for _ in range(sets)]
    means = (float(np.mean([getattr(one, name) for one in found])) for name in ("coverage", "zero_signal", "is_mixture"))
    coverage, zero_signal, is_mixture = means
    return Judged(coverage, np.mean([one.passes for one in found], axis=0), zero_signal, is_mixture)


def false_alarms(shape: str, rounds: int, problems: int, sets: int, seed: int = 0) -> float:
    """How often a set that one Beta made is said to need two."""
    numbers = np.random.default_rng([seed, rounds, problems, *map(ord, shape)])
    alarms = 0
    for _ in range(sets):
        counts = np.bincount(numbers.binomial(rounds, numbers.beta(*ONE_BETA[shape], problems)), minlength=rounds + 1)
        alarms += prior_of(np.arange(rounds + 1), np.full(rounds + 1, rounds), counts).misfit > MISFIT
    return alarms / sets


def told(found: dict[Setup, Judged], wanted: Callable[[Setup], bool], figure: Callable[[Setup, Judged], float]) -> tuple[str, float]:
    """The worst figure of each shape and rule among the wanted setups, in words, and the worst of all."""
    worst: dict[str, float] = {}
    for setup, judgement in found.items():
        if wanted(setup):
            name = f"{setup.shape}, {setup.rule}"
            worst[name] = max(worst.get(name, 0.0), figure(setup, judgement))
    return "; ".join(f"{name} {value:.4f}" for name, value in worst.items()), max(worst.values())


def coverage_row(found: dict[Setup, Judged], problems: int) -> Row:
    """How often intervals hold the truth: the least and the most of each shape and rule, over the numbers of rounds."""
    shares: dict[str, list[float]] = {}
    for setup, judgement in found.items():
        if setup.problems == problems:
            shares.setdefault(f"{setup.shape}, {setup.rule}", []).append(judgement.coverage)
    shown = "; ".join(f"{name} {min(values):.1%}–{max(values):.1%}" for name, values in shares.items())
    is_met = all(LEAST <= value <= MOST for values in shares.values() for value in values)
    what = f"95% posterior intervals that hold p, n = {', '.join(map(str, ROUNDS))}, {problems} problems, {SETS[problems]} sets each"
    return Row(what, shown, f"{LEAST:.0%} – {MOST:.0%}", is_met)


def pass_row(found: dict[Setup, Judged], what: str, wanted: Callable[[Setup], bool], *, is_goal: bool) -> Row:
    """The largest error of pass@1 … pass@MOST_DRAWS, in the mean over sets."""
    shown, worst = told(found, wanted, lambda _, judgement: float(np.abs(judgement.passes).max()))
    goal, is_met = (f"≤ {ERROR}", worst <= ERROR) if is_goal else ("", None)
    return Row(f"largest error of pass@1 … pass@{MOST_DRAWS}, {what}", shown, goal, is_met)


def rows() -> list[Row]:
    """All of it."""
    setups = [Setup(shape, rounds, rule, size) for size in SETS for shape in SHAPES for rule in RULES for rounds in ROUNDS]
    found = {setup: mean_judged(setup, SETS[setup.problems]) for setup in setups}
    many = max(SETS)
    signal, worst = told(found, lambda setup: setup.problems == many, lambda _, judgement: abs(judgement.zero_signal))
    alarms = {shape: max(false_alarms(shape, rounds, size, 400) for rounds in ROUNDS for size in SETS) for shape in ONE_BETA}
    caught = found[Setup("20% impossible", 8, "fixed", 100)].is_mixture
    return [
        *(coverage_row(found, problems) for problems in SETS),
        pass_row(
            found,
            f"n = 8 and 16, {many} problems",
            lambda setup: setup.problems == many and setup.rounds >= 8 and setup.rule != "three apart",
            is_goal=True,
        ),
        pass_row(
            found,
            f"n = 4, and stopping as early as 3: mostly beyond n, {many} problems",
            lambda setup: setup.problems == many and (setup.rounds == 4 or setup.rule == "three apart"),
            is_goal=False,
        ),
        Row(f"error of the share without a signal, G = {GROUP}, kept sets of {many} problems", signal, f"≤ {ERROR}", worst <= ERROR),
        Row(
            "one Beta said not to describe what one Beta made, the most often of n and problems",
            ", ".join(f"{shape} {share:.1%}" for shape, share in alarms.items()),
            f"≤ {FALSE_ALARMS:.0%}",
            max(alarms.values()) <= FALSE_ALARMS,
        ),
        Row("20% impossible beside Beta(6, 2) said to be no single Beta, n = 8, 100 problems", f"{caught:.1%}", "≥ 95%", caught >= 0.95),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.what}: {row.measured} (goal {row.goal or 'none'})")
