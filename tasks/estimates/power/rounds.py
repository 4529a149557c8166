"""How many rounds it takes to decide rightly how hard a problem is: to keep or drop it, or which of five bands it is of.

A problem is kept where its accuracy more likely than not lies between two thresholds, given k right of n rounds and the prior of its
profile: the decision that curation takes. How often that is right follows from the prior alone, summed over every k. No rule that sees the
same rounds is right more often, under this prior. All of it is ours.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasks.estimates.posterior import Posterior, posterior_of
from tasks.estimates.prior import Prior

MOST_ROUNDS = 1024  # beyond, a share is told to be out of reach

Shares = np.ndarray


@dataclass(frozen=True)
class Kept:
    """To be decided: whether an accuracy lies between `low` and `high`."""

    low: float
    high: float

    def right(self, known: Posterior) -> Shares:
        """The chance that the likelier side is the right one, for every outcome."""
        inside = known.between(self.low, self.high)
        return np.maximum(inside, 1 - inside)

    def right_by_share(self, known: Posterior) -> Shares:
        """The same where the raw share k / n decides, and not the posterior."""
        share, inside = known.k / known.n, known.between(self.low, self.high)
        return np.where((share >= self.low) & (share <= self.high), inside, 1 - inside)


@dataclass(frozen=True)
class Bands:
    """To be decided: which of the bands between `edges` an accuracy is of."""

    edges: tuple[float, ...]

    def right(self, known: Posterior) -> Shares:
        """The chance that the likeliest band is the right one, for every outcome."""
        ends = (0.0, *self.edges, 1.0)
        return np.max([known.between(*pair) for pair in itertools.pairwise(ends)], axis=0)


Right = Callable[[Posterior], Shares]


def expected_right(prior: Prior, rounds: int, right: Right) -> float:
    """The share of decisions that will be right after so many rounds of every problem, under the prior."""
    k = np.arange(rounds + 1)
    chances = posterior_of([0], [0], prior).predictive(rounds)[0]
    return float(chances @ right(posterior_of(k, np.full_like(k, rounds), prior)))


def measured_right(prior: Prior, outcomes: tuple[Shares, Shares, Shares], right: Right) -> float:
    """The share of decisions that is expected to be right as problems are measured: k of n right of so many problems each, whatever rule
    stopped the rounds."""
    k, n, problems = outcomes
    return float(problems @ right(posterior_of(k, n, prior)) / problems.sum())


def rounds_for(prior: Prior, share: float, right: Right) -> int | None:
    """The fewest rounds after which so large a share of decisions is right; None where MOST_ROUNDS are too few. One more round never makes
    the best decision worse, so the first number that is enough can be halved towards."""
    low, high = 1, 1
    while expected_right(prior, high, right) < share:
        if high >= MOST_ROUNDS:
            return None
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if expected_right(prior, middle, right) >= share else (middle + 1, high)
    return low
