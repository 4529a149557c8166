"""How far a policy has moved as a whole, on the logarithm of the odds: one number for all problems, which a few hundred of them fix well.

Each problem's accuracy p becomes σ(logit p + shift). The shift is that of the largest likelihood of the later samples, p being as the
earlier ones say; whether there is one at all is asked by the test of the means (chance.py). One shift for all is ours.
"""

from dataclasses import dataclass

import numpy as np

from tasks.estimates.chance import Numbers, Twice, shift, two_sided
from tasks.estimates.posterior import Posterior

LARGEST = 6.0  # logits
GRID = np.linspace(-14.0, 14.0, 281)  # of logit p, the edges of cells


@dataclass(frozen=True)
class Shift:
    """How far a policy has moved, in logits, and how likely one that has not moves the mean of p as far or farther."""

    logits: float
    p_value: float


def shift_of(parts: list[tuple[Twice, Numbers]]) -> Shift:
    """The shift of outcomes answered twice and how many problems have each, of one or more datasets."""
    from scipy.optimize import minimize_scalar

    sums = [shift(twice, problems[None, :]) for twice, problems in parts]
    found, deviation = sum(part[0] for part in sums), np.sqrt(sum(part[2] ** 2 for part in sums))
    spreads = [spread(twice) for twice, _ in parts]

    def loss(logits: float) -> float:
        return -sum(float(problems @ likelihoods(twice, cells, logits)) for (twice, problems), cells in zip(parts, spreads, strict=True))

    best = minimize_scalar(loss, bounds=(-LARGEST, LARGEST), method="bounded")
    return Shift(float(best.x), float(two_sided(np.asarray(found), np.zeros(1), np.asarray(deviation))[0]))


def spread(twice: Twice) -> Numbers:
    """What the earlier samples say of logit p: the chance of each cell of GRID, outcomes × cells."""
    known = twice.posterior(twice.prior)
    below = [np.zeros(len(twice.k)), *(known.below(1 / (1 + np.exp(-edge))) for edge in GRID[1:-1]), np.ones(len(twice.k))]
    return np.diff(np.stack(below, axis=1), axis=1)


def likelihoods(twice: Twice, cells: Numbers, logits: float) -> Numbers:
    """The logarithm of each outcome's chance after a shift, but for what does not hang on it."""
    middle = (GRID[1:] + GRID[:-1]) / 2 + logits
    right, wrong = -np.logaddexp(0, -middle), -np.logaddexp(0, middle)
    logs = twice.later_k[:, None] * right + (twice.later_n - twice.later_k)[:, None] * wrong
    largest = logs.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log((cells * np.exp(logs - largest)).sum(axis=1) + np.finfo(float).tiny)


def left_range(known: Posterior, low: float, high: float, logits: float) -> float:
    """The share of problems that a shift takes out of [low, high], less those that it takes in."""
    ends = (unmoved(edge, logits) for edge in (low, high))
    return float((known.between(low, high) - known.between(*ends)).mean())


def unmoved(p: float, logits: float) -> float:
    """The accuracy that a shift makes p."""
    return p / (p + (1 - p) * float(np.exp(logits)))
