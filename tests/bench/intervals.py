"""Intervals and tests that are to hold: of means over few problems, of problems that are versions of one, and of a study's many arms."""

from collections.abc import Callable, Iterator

import numpy as np

from tasks.estimates.family import differences, judge
from tests.bench.row import Row
from tests.sql.small_slices import GAINS, LEVELS, Draw, coverage, gains, levels, true_gain, true_level

SIZES = {5: 20_000, 20: 10_000, 100: 4_000, 1000: 1_000}
"""Problems of a slice, and how many slices are drawn."""
LEAST, GOAL = 0.93, "≥ 93%"
STUDIES, ARMS, SEEDS, FALSE = 10_000, 12, 8, 0.05
Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
SPREADS: dict[str, Noise] = {
    "normal": lambda chance, shape: chance.normal(size=shape),
    "skewed": lambda chance, shape: (chance.gamma(4, size=shape) - 4) / 2,
}
"""How a run's accuracy spreads over seeds."""


def rows() -> list[Row]:
    """The lines of the table."""
    return [
        *(held(f"accuracy of a slice, {name}", 0, true_level(draw), levels_of(draw)) for name, draw in LEVELS.items()),
        *(held(f"gain on a slice, {name}", -1, true_gain(before), gains_of(before)) for name, before in GAINS.items()),
        versions(),
        *alarms(),
    ]


def levels_of(draw: Draw) -> Callable[[np.random.Generator, tuple[int, int]], np.ndarray]:
    """Draws observed accuracies of a population."""
    return lambda chance, shape: levels(draw, chance, shape)


def gains_of(before: tuple[Draw, float]) -> Callable[[np.random.Generator, tuple[int, int]], np.ndarray]:
    """Draws observed differences of a population."""
    return lambda chance, shape: gains(before, chance, shape)


def held(what: str, lowest: int, truth: float, draw: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]) -> Row:
    """How often the 95% interval holds the population's mean, for each number of problems."""
    chance = np.random.default_rng(5)
    shares = {problems: coverage(draw(chance, (slices, problems)), truth, lowest) for problems, slices in SIZES.items()}
    said = ", ".join(f"{share:.1%} of {problems:,}" for problems, share in shares.items())
    return Row(f"95% intervals that hold the {what}", said, GOAL, min(shares.values()) >= LEAST)


def versions(size: int = 5) -> Row:
    """The same where every problem is there in several versions, each as hard as the others."""
    chance, draw = np.random.default_rng(6), LEVELS["U"]
    shares = {}
    for clusters, slices in ((5, 20_000), (20, 10_000), (100, 4_000)):
        shared = np.broadcast_to(draw(chance, (slices, clusters))[:, :, None], (slices, clusters, size))
        shares[clusters] = coverage(chance.binomial(8, shared) / 8, true_level(draw), 0)
    said = ", ".join(f"{share:.1%} of {clusters}" for clusters, share in shares.items())
    return Row(f"the same where each problem is there in {size} versions", said, GOAL, min(shares.values()) >= LEAST)


def alarms() -> Iterator[Row]:
    """In how many studies without any effect some arm is significant."""
    for name, noise in SPREADS.items():
        for times in (1, 2):
            share = false_alarms(noise, times)
            more = ", the baseline with twice the seeds" if times > 1 else ""
            what = f"studies of {ARMS} equal arms, {SEEDS} seeds, {name}{more}: some arm significant"
            goal = (f"≤ {FALSE:.0%}", share <= FALSE) if name == "normal" else ()
            yield Row(what, f"{share:.1%} of {STUDIES:,}", *goal)


def false_alarms(noise: Noise, times: int) -> float:
    """The share of studies in which some arm's family-wise p is at most FALSE."""
    chance, found = np.random.default_rng(7), 0
    for _ in range(STUDIES):
        scores = noise(chance, (ARMS + 1, times * SEEDS))
        baseline = dict(enumerate(scores[0]))
        judged = judge([differences(dict(enumerate(arm[:SEEDS])), baseline) for arm in scores[1:]], 1 - FALSE)
        found += any(one.family_p is not None and one.family_p <= FALSE for one in judged)
    return found / STUDIES
