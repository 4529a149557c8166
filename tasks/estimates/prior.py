"""The prior of a dataset's accuracies: how the true accuracies p of a profile's problems are spread, fitted to how often they were solved.

One Beta where it describes the counts, a mixture of two where it surely does not (problems that nobody can solve beside a hump of others),
and Jeffreys' Beta(1/2, 1/2) where the counts fix nothing. A weak hyperprior on the logarithms of the parameters keeps few problems from
giving a spike; at a hundred problems it no longer shows. The likelihood of k of n is the same whatever rule stopped the draws, as long as
the rule saw no more than what was drawn (J. O. Berger and R. L. Wolpert, The Likelihood Principle, 1988), so adaptive rounds bend no fit.

SciPy is imported where there is something to fit: it takes half a second.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["fit", "mixture", "jeffreys"]
Numbers = NDArray[np.float64]

SPREAD = 2.0  # standard deviation of the hyperprior of log alpha and log beta, whose centre is 0, the flat Beta(1, 1); ours
LARGEST_LOG = 9.0  # alpha and beta stay within exp(±9): beyond, the likelihood no longer moves
STARTS = (((0.3, 5.0), (4.0, 2.0)), ((2.0, 4.0), (5.0, 0.3)), ((2.0, 8.0), (8.0, 2.0)))  # where a search for two Betas begins
MORE_PARAMETERS = 3  # that two Betas have beyond one


@dataclass(frozen=True)
class Prior:
    """A mixture of Beta distributions: their `weights`, which add up to 1, and parameters; of one component unless `kind` is mixture."""

    kind: Kind
    weights: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]


JEFFREYS = Prior("jeffreys", (1.0,), (0.5,), (0.5,))


@dataclass(frozen=True)
class Found:
    """A fit: the log-likelihood of the counts (natural logarithm, without the binomial coefficients) and the prior."""

    log_likelihood: float
    prior: Prior


def prior_of(k: ArrayLike, n: ArrayLike, problems: ArrayLike | None = None) -> Prior:
    """The prior of problems of which k of n samples are right: arrays of one entry per problem, or per outcome that `problems` have.

    Jeffreys' where every problem was always solved, or every one never, or none was tried twice. Two Betas are taken by the Bayesian
    information criterion (G. Schwarz, Annals of Statistics 6, 1978), which a set that one Beta made passes in well under 1% of cases.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    problems = np.ones_like(k) if problems is None else np.asarray(problems, dtype=float)
    if np.any((k < 0) | (k > n)):
        raise ValueError("prior_of: each k must lie between 0 and its n")
    if not k.size or n.max() < 2 or k.sum() == 0 or np.array_equal(k, n):
        return JEFFREYS
    counts = k, n, problems
    one = fitted(counts, ((1.0, 1.0),))
    two = max((fitted(counts, start) for start in STARTS), key=lambda found: found.log_likelihood)
    needed = MORE_PARAMETERS * np.log(problems.sum())
    return two.prior if 2 * (two.log_likelihood - one.log_likelihood) > needed else one.prior


def fitted(counts: tuple[Numbers, Numbers, Numbers], start: tuple[tuple[float, float], ...]) -> Found:
    """The mixture of as many Betas as `start` has that fits k, n of so many problems best, found from there."""
    from scipy.optimize import minimize

    size = len(start)
    begin = np.concatenate([np.zeros(size - 1), np.log(np.asarray(start).T).ravel()])
    limits = [(-LARGEST_LOG, LARGEST_LOG)] * len(begin)
    found = minimize(
        loss, x0=begin, args=(*counts, size), jac=True, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-13, "maxiter": 500}
    )
    weights, alphas, betas = parameters(found.x, size)
    likelihood = float(counts[2] @ log_sum(terms(found.x, counts[0], counts[1], size)))
    kind: Kind = "fit" if size == 1 else "mixture"
    return Found(likelihood, Prior(kind, *(tuple(map(float, values)) for values in (weights, alphas, betas))))


def parameters(x: Numbers, size: int) -> tuple[Numbers, Numbers, Numbers]:
    """Weights, alphas and betas, of the numbers that the search moves: logits of all weights but the last, log alphas, log betas."""
    logits = np.append(x[: size - 1], 0.0)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum(), np.exp(x[size - 1 : 2 * size - 1]), np.exp(x[2 * size - 1 :])


def terms(x: Numbers, k: Numbers, n: Numbers, size: int) -> Numbers:
    """The logarithm of each component's part in the likelihood of each outcome: outcomes × components."""
    from scipy.special import betaln

    weights, alphas, betas = parameters(x, size)
    return np.log(weights) + betaln(k[:, None] + alphas, (n - k)[:, None] + betas) - betaln(alphas, betas)


def log_sum(logs: Numbers) -> Numbers:
    """The logarithm of each row's sum of exponentials."""
    largest = logs.max(axis=1)
    return largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1))


def loss(x: Numbers, k: Numbers, n: Numbers, problems: Numbers, size: int) -> tuple[float, Numbers]:
    """Minus the mean log-likelihood with the hyperprior's part, and its gradient."""
    from scipy.special import digamma

    weights, alphas, betas = parameters(x, size)
    logs = terms(x, k, n, size)
    sums = log_sum(logs)
    shares = problems[:, None] * np.exp(logs - sums[:, None])
    shared = digamma(alphas + betas) - digamma(n[:, None] + alphas + betas)
    by_alpha = (shares * (digamma(k[:, None] + alphas) - digamma(alphas) + shared)).sum(axis=0) * alphas
    by_beta = (shares * (digamma((n - k)[:, None] + betas) - digamma(betas) + shared)).sum(axis=0) * betas
    by_weight = shares.sum(axis=0) - problems.sum() * weights + (1 - size * weights)  # a Dirichlet(2, …) keeps weights off 0
    by_log = np.concatenate([by_alpha, by_beta]) - x[size - 1 :] / SPREAD**2
    value = problems @ sums - (x[size - 1 :] ** 2).sum() / (2 * SPREAD**2) + np.log(weights).sum()
    total = problems.sum()
    return -float(value) / total, -np.concatenate([by_weight[:-1], by_log]) / total
