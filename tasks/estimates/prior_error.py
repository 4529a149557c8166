"""How far the fit of a prior may be off, and what that does to what is reckoned from it.

A few hundred problems fix the prior's parameters only so far. `prior_of` spreads the prior over points that stand for what the counts leave
open; how much a sum over problems differs between them is what it owes to the fit. It is there for thousands of problems, too, whose prior
is one point: the sampling noise of a sum shrinks as fast. Without it tests of what an unchanged policy shows reject too often where
problems are alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.estimates.prior import Found, Prior, around, parameters

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class PriorError:
    """A prior, and the points that stand for what it may be, each with its share."""

    prior: Prior
    points: tuple[Prior, ...]
    shares: tuple[float, ...]

    def moved(self, of: Callable[[Prior], Numbers]) -> Numbers:
        """How far values reckoned from each point lie from their mean, by the root of its share: the values' shape × points. The sum of
        squares over points is the variance that a value owes to the fit."""
        values = np.stack([of(point) for point in self.points], axis=-1)
        shares = np.asarray(self.shares)
        return (values - (values * shares).sum(axis=-1, keepdims=True)) * np.sqrt(shares)


def prior_error(prior: Prior, k: Numbers, n: Numbers, problems: Numbers) -> PriorError:
    """The error of the prior that was fitted to k of n right answers of so many problems."""
    size = 2 if prior.kind == "mixture" else 1
    weights, alphas, betas = (np.reshape(part, (-1, size)) for part in (prior.weights, prior.alphas, prior.betas))
    shares = weights.sum(axis=1)
    if len(shares) == 1:
        x = np.concatenate([np.log(weights[0, :-1] / weights[0, -1]), np.log(alphas[0]), np.log(betas[0])])
        places = around((k, n, problems), Found(0.0, x, size))
        weights, alphas, betas = (np.stack(part) for part in zip(*(parameters(place, size) for place in places), strict=True))
        shares = np.full(len(places), 1 / len(places))
    parts = zip(weights, alphas, betas, strict=True)
    points = [Prior(prior.kind, tuple(part / part.sum()), tuple(alpha), tuple(beta)) for part, alpha, beta in parts]
    return PriorError(prior, tuple(points), tuple(shares.tolist()))
