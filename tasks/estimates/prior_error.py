"""How far the fit of a prior may be off, and what that does to what is reckoned from it.

A few hundred problems fix the prior's parameters only so far. The inverse of the information that the outcomes hold about them (the outer
products of their scores, and the hyperprior's part; A. Gelman et al., Bayesian Data Analysis, section 4.1) is their covariance; what a sum
over problems owes to it is taken by the delta method. Without it tests of what an unchanged policy shows reject too often where problems
are alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.estimates.prior import SPREAD, Prior, log_sum, parameters, terms

Numbers = NDArray[np.float64]
STEP = 1e-4  # of a parameter's logarithm, for its scores
PART = 0.5  # of a standard deviation, that a parameter is moved to see what moves with it


@dataclass(frozen=True)
class PriorError:
    """A prior, and the independent directions (columns of `directions`, each one standard deviation long) in which its fit may be off."""

    prior: Prior
    directions: Numbers

    def moved(self, of: Callable[[Prior], Numbers]) -> Numbers:
        """How much values reckoned from the prior move by a standard deviation in each direction: the values' shape × directions."""
        x, size = numbers_of(self.prior), len(self.prior.weights)
        sides = [[of(prior_at(x + side * PART * step, size)) for side in (1, -1)] for step in self.directions.T]
        return np.stack([(up - down) / (2 * PART) for up, down in sides], axis=-1)


def prior_error(prior: Prior, k: Numbers, n: Numbers, problems: Numbers) -> PriorError:
    """The error of the prior that was fitted to k of n right answers of so many problems."""
    x, size = numbers_of(prior), len(prior.weights)
    sides = [[log_sum(terms(x + side * step, k, n, size)) for side in (1, -1)] for step in STEP * np.eye(len(x))]
    scores = np.stack([(up - down) / (2 * STEP) for up, down in sides], axis=1)
    information = (scores * problems[:, None]).T @ scores + np.eye(len(x)) / SPREAD**2
    values, vectors = np.linalg.eigh(np.linalg.inv(information))
    return PriorError(prior, vectors * np.sqrt(np.maximum(values, 0.0)))


def numbers_of(prior: Prior) -> Numbers:
    """The numbers that a fit moves, of a prior: the inverse of `parameters`."""
    weights = np.asarray(prior.weights)
    return np.concatenate([np.log(weights[:-1] / weights[-1]), np.log(prior.alphas), np.log(prior.betas)])


def prior_at(x: Numbers, size: int) -> Prior:
    """The prior with these numbers."""
    weights, alphas, betas = (tuple(map(float, values)) for values in parameters(x, size))
    return Prior("fit" if size == 1 else "mixture", weights, alphas, betas)
