"""The prior of a dataset's accuracies: how the true accuracies p of a profile's problems are spread, fitted to how often they were solved.

One Beta where it describes the counts, a mixture of two where it surely does not (problems that nobody can solve beside a hump of others),
and Jeffreys' Beta(1/2, 1/2) where nothing can be fitted. A weak hyperprior on the logarithms of the parameters keeps few problems, or
problems that are all solved or all not, from giving a spike; and the prior is spread over what the counts leave open of the parameters,
without which intervals from a hundred problems are too narrow. The likelihood of k of n is the same whatever rule stopped the draws, as
long as the rule saw no more than what was drawn (J. O. Berger and R. L. Wolpert, The Likelihood Principle, 1988), so adaptive rounds bend
no fit, nor the likelihood comparison of one Beta with two.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["fit", "mixture", "mean", "jeffreys", "panel"]
Numbers = NDArray[np.float64]
Counts = tuple[Numbers, Numbers, Numbers]

SPREAD = 2.0  # standard deviation of the hyperprior of log alpha and log beta, whose centre is 0, the flat Beta(1, 1); ours
LARGEST_LOG = 12.0  # of alpha, beta and the odds of weights where the prior is spread: beyond, the likelihood no longer moves
MISFIT = 7.81  # chi-squared's 95% quantile for the three parameters that two Betas have beyond one; tests/bench/estimates.py calibrates it
PROMISING = 2.0  # score statistic below which no second component gains enough
MEANS = np.array([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])  # of the components that a search for two begins with
SIZES = np.array([[0.5], [3.0], [12.0], [50.0]])  # alpha + beta of these
STEP = 1e-3  # of logarithms, in differences of the gradient
MANY = 1000  # problems, of which the counts leave nothing open that would change an estimate


@dataclass(frozen=True)
class Prior:
    """A mixture of Beta distributions: their `weights`, which add up to 1, and parameters.

    `misfit` is twice the gain in log-likelihood of two Betas over one; above MISFIT one does not describe the counts: a mixture.
    """

    kind: Kind
    weights: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    misfit: float = field(default=0.0, kw_only=True)


JEFFREYS = Prior("jeffreys", (1.0,), (0.5,), (0.5,))


@dataclass(frozen=True)
class Found:
    """A fit: the log-likelihood of the counts (natural logarithm, without the binomial coefficients), the numbers that the search moved,
    and how many components they are of."""

    log_likelihood: float
    x: Numbers
    size: int


def prior_of(k: ArrayLike, n: ArrayLike, problems: ArrayLike | None = None) -> Prior:
    """The prior of problems of which k of n samples are right: arrays of one entry per problem, or per outcome that `problems` have.

    Where no problem was tried twice the counts fix the mean alone, and how the accuracies are spread around it is the hyperprior's.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    problems = np.ones_like(k) if problems is None else np.asarray(problems, dtype=float)
    if np.any((k < 0) | (k > n)):
        raise ValueError("prior_of: each k must lie between 0 and its n")
    if not k.size or n.max() < 1:
        return JEFFREYS
    counts = k, n, problems
    one = fitted(counts, np.zeros(2), 1)
    if n.max() < 2:
        return left_open(counts, one, "mean")
    two = two_betas(counts, one)
    misfit = max(2 * (two.log_likelihood - one.log_likelihood), 0.0) if two else 0.0
    found = left_open(counts, two, "mixture") if two and misfit > MISFIT else left_open(counts, one, "fit")
    return replace(found, misfit=misfit)


def fitted(counts: Counts, start: Numbers, size: int) -> Found:
    """The mixture of so many Betas that fits k, n of so many problems best, found from `start` (see `parameters`).

    The hyperprior keeps the search where numbers are. L-BFGS-B would do as well, but its small calls of LAPACK wake all threads of BLAS,
    for up to twenty times the processor's time.
    """
    from scipy.optimize import minimize

    found = minimize(loss, x0=start, args=(*counts, size), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 300})
    return Found(float(counts[2] @ log_sum(terms(found.x, counts[0], counts[1], size))), found.x, size)


def two_betas(counts: Counts, one: Found) -> Found | None:
    """The best mixture of two Betas: the one of the fit with each component that promises something; None where none does."""
    starts = promising(counts, one)
    return max((fitted(counts, start, 2) for start in starts), key=lambda found: found.log_likelihood, default=None)


def promising(counts: Counts, one: Found) -> list[Numbers]:
    """Where searches for two Betas begin: the fit beside the new component of a small mean, and of a large one, that promises most.

    By the efficient score (D. R. Cox and D. V. Hinkley, Theoretical Statistics, 1974, section 9.3): how much the likelihood rises as the
    component is mixed in, over the deviation of that, without what the fit's own parameters could give.
    """
    k, n, problems = counts
    alphas, betas = (MEANS * SIZES).ravel(), ((1 - MEANS) * SIZES).ravel()
    own = terms(one.x, k, n, 1)
    gains = np.exp(component_terms(alphas, betas, k, n) - own) - 1
    _, alpha, beta = parameters(one.x, 1)
    scores, root = np.hstack(slopes(alpha, beta, k, n)), np.sqrt(problems)[:, None]
    explained, *_ = np.linalg.lstsq(root * scores, root * gains, rcond=None)
    rests = gains - scores @ explained
    statistics = np.maximum(problems @ gains, 0) ** 2 / np.maximum(problems @ rests**2, 1e-9)
    is_low = alphas < betas
    best = [int(np.where(side, statistics, -1).argmax()) for side in (is_low, ~is_low)]
    return [start_of(one, alphas[place], betas[place]) for place in best if statistics[place] > PROMISING]


def start_of(one: Found, alpha: float, beta: float) -> Numbers:
    """The fit and a fifth of another Beta, as `parameters` has them."""
    return np.array([np.log(4.0), one.x[0], np.log(alpha), one.x[1], np.log(beta)])


def left_open(counts: Counts, best: Found, kind: Kind) -> Prior:
    """The fit as a prior, of few problems spread over what the counts leave open of its numbers.

    By a cubature of their posterior: the two points of each of its axes that are right for a normal distribution up to the third degree
    (A. H. Stroud, Approximate Calculation of Multiple Integrals, 1971), each as heavy as the posterior is high there.
    """
    places, heights = best.x[None], np.zeros(1)
    if counts[2].sum() < MANY:
        places = around(counts, best)
        heights = -counts[2].sum() * np.array([loss(place, *counts, best.size)[0] for place in places])
    shares = np.exp(heights - heights.max())
    weights, alphas, betas = (np.stack(part) for part in zip(*(parameters(place, best.size) for place in places), strict=True))
    mixed = (shares / shares.sum())[:, None] * weights
    return Prior(kind, *(tuple(part.ravel().tolist()) for part in (mixed, alphas, betas)))


def around(counts: Counts, best: Found) -> Numbers:
    """Points as far from the fit's numbers as these are uncertain, two on each axis of their posterior's curvature: points × numbers."""
    size, total = len(best.x), counts[2].sum()
    steps = [[loss(best.x + step, *counts, best.size)[1] for step in (side, -side)] for side in STEP * np.eye(size)]
    rise = total * np.array([after - before for after, before in steps]) / (2 * STEP)
    curvature, axes = np.linalg.eigh((rise + rise.T) / 2)
    reach = np.sqrt(size) * axes.T / np.sqrt(np.maximum(curvature, 1 / SPREAD**2))[:, None]
    return np.clip(np.concatenate([best.x + reach, best.x - reach]), -LARGEST_LOG, LARGEST_LOG)


def parameters(x: Numbers, size: int) -> tuple[Numbers, Numbers, Numbers]:
    """Weights, alphas and betas, of the numbers that the search moves: logits of all weights but the last, log alphas, log betas."""
    logits = np.append(x[: size - 1], 0.0)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum(), np.exp(x[size - 1 : 2 * size - 1]), np.exp(x[2 * size - 1 :])


def component_terms(alphas: Numbers, betas: Numbers, k: Numbers, n: Numbers) -> Numbers:
    """The logarithm of each outcome's likelihood under each component: outcomes × components."""
    from scipy.special import betaln

    return betaln(k[:, None] + alphas, (n - k)[:, None] + betas) - betaln(alphas, betas)


def terms(x: Numbers, k: Numbers, n: Numbers, size: int) -> Numbers:
    """The logarithm of each component's part in the likelihood of each outcome: outcomes × components."""
    weights, alphas, betas = parameters(x, size)
    return np.log(weights) + component_terms(alphas, betas, k, n)


def slopes(alphas: Numbers, betas: Numbers, k: Numbers, n: Numbers) -> tuple[Numbers, Numbers]:
    """How `component_terms` rise with log alpha, and with log beta: outcomes × components each."""
    from scipy.special import digamma

    shared = digamma(alphas + betas) - digamma(n[:, None] + alphas + betas)
    by_alpha = (digamma(k[:, None] + alphas) - digamma(alphas) + shared) * alphas
    return by_alpha, (digamma((n - k)[:, None] + betas) - digamma(betas) + shared) * betas


def log_sum(logs: Numbers) -> Numbers:
    """The logarithm of each row's sum of exponentials."""
    largest = logs.max(axis=1)
    return largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1))


def loss(x: Numbers, k: Numbers, n: Numbers, problems: Numbers, size: int) -> tuple[float, Numbers]:
    """Minus the mean log-likelihood with the hyperprior's part, and its gradient."""
    weights, alphas, betas = parameters(x, size)
    logs = terms(x, k, n, size)
    sums, of_betas = log_sum(logs), x[size - 1 :]
    shares = problems[:, None] * np.exp(logs - sums[:, None])
    by_weight = shares.sum(axis=0) - problems.sum() * weights + (1 - size * weights)  # a Dirichlet(2, …) keeps weights off 0
    by_log = np.concatenate([(shares * slope).sum(axis=0) for slope in slopes(alphas, betas, k, n)]) - of_betas / SPREAD**2
    value = problems @ sums - (of_betas**2).sum() / (2 * SPREAD**2) + np.log(weights).sum()
    total = problems.sum()
    return -float(value) / total, -np.concatenate([by_weight[:-1], by_log]) / total
