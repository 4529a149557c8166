"""Fits a Beta-binomial to how often problems were solved: U-shaped means that both parameters are surely below 1.

The paper shows U-shaped histograms; calling one U-shaped by a maximum-likelihood fit is ours. Fitting counts instead of shares keeps
the noise of few rounds out of the verdict. The same fit within limits (flat, a single hump, a parameter held at 1) gives the likelihoods
that sql/marts/difficulty/u_shape.sql tests it against.

SciPy is imported where there is something to fit: it takes half a second, and what only asks for columns has none.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

LARGEST_LOG = 9.0  # alpha and beta stay within exp(±9): beyond, the likelihood no longer moves
PROFILE = ["dataset", "split", "policy_id", "sampling_id", "grader_id"]
FREE, ONE = (-LARGEST_LOG, LARGEST_LOG), (0.0, 0.0)  # limits of a parameter's logarithm
SHAPES = ("flat", "hump", "alpha_one", "beta_one")
FIT_COLUMNS = ["alpha", "beta", "log_likelihood", *(f"{shape}_log_likelihood" for shape in SHAPES)]

Limits = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class BetaBinomial:
    """Parameters of the fitted Beta(alpha, beta), and the log-likelihood (natural logarithm) of the counts under it."""

    alpha: float
    beta: float
    log_likelihood: float


def fit_beta_binomial(k: ArrayLike, n: ArrayLike, weights: ArrayLike | None = None, limits: Limits = (FREE, FREE)) -> BetaBinomial | None:
    """The maximum-likelihood fit to k successes of n, one entry per problem (or `weights` problems), within `limits` (of the parameters'
    logarithms).

    None where the counts fix no shape: every problem always solved, or every one never, or none tried at least twice.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    weights = np.ones_like(k) if weights is None else np.asarray(weights, dtype=float)
    if np.any((k < 0) | (k > n)):
        raise ValueError("fit_beta_binomial: each k must lie between 0 and its n")
    if not k.size or n.max() < 2 or k.sum() == 0 or np.array_equal(k, n):
        return None
    from scipy.optimize import minimize

    exact = {"ftol": 1e-14, "gtol": 1e-9, "xtol": 1e-10, "maxfun": 1000}
    # not L-BFGS-B, whose small calls of LAPACK wake all threads of BLAS, for up to twenty times the processor's time
    found = minimize(loss, x0=np.zeros(2), args=(k, n, weights), jac=True, method="TNC", bounds=limits, options=exact)
    alpha, beta = np.exp(found.x)
    return BetaBinomial(alpha=float(alpha), beta=float(beta), log_likelihood=-float(found.fun * weights.sum()))


def loss(logs: NDArray, k: NDArray, n: NDArray, weights: NDArray) -> tuple[float, NDArray]:
    """Minus the mean log-likelihood at (log alpha, log beta), and its gradient."""
    from scipy.special import betaln, digamma, gammaln

    alpha, beta = np.exp(logs)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    likelihood = ways + betaln(k + alpha, n - k + beta) - betaln(alpha, beta)
    shared = digamma(alpha + beta) - digamma(n + alpha + beta)
    slopes = [digamma(k + alpha) - digamma(alpha) + shared, digamma(n - k + beta) - digamma(beta) + shared]
    total = weights.sum()
    gradient = np.array([weights @ slopes[0] * alpha, weights @ slopes[1] * beta])
    return -float(weights @ likelihood) / total, -gradient / total


def fit_outcomes(outcomes: pl.DataFrame) -> pl.DataFrame:
    """One fit per profile of `outcome_counts` (see sql/marts/): the profile's columns and FIT_COLUMNS (null without a fit)."""
    fits = [
        (*profile, *compared(counts["k"], counts["n"], counts["problems"]))
        for profile, counts in outcomes.group_by(PROFILE, maintain_order=True)
    ]
    schema = dict.fromkeys(PROFILE, pl.String) | dict.fromkeys(FIT_COLUMNS, pl.Float64)
    return pl.DataFrame(fits, schema=schema, orient="row")


def compared(k: ArrayLike, n: ArrayLike, weights: ArrayLike) -> tuple[float | None, ...]:
    """The values of FIT_COLUMNS: the fit, and the log-likelihoods of the best fits of every one of SHAPES.

    Under Beta(1, 1), the flat one, each of 0 … n is as likely as any other.
    """
    fit = fit_beta_binomial(k, n, weights)
    alpha_one, beta_one = (fit_beta_binomial(k, n, weights, limits) for limits in ((ONE, FREE), (FREE, ONE)))
    if fit is None or alpha_one is None or beta_one is None:
        return (None,) * len(FIT_COLUMNS)
    flat = -float(np.asarray(weights, dtype=float) @ np.log(np.asarray(n, dtype=float) + 1))
    hump = best_hump(fit, alpha_one, beta_one, flat)
    return (fit.alpha, fit.beta, fit.log_likelihood, flat, hump, alpha_one.log_likelihood, beta_one.log_likelihood)


def best_hump(fit: BetaBinomial, alpha_one: BetaBinomial, beta_one: BetaBinomial, flat: float) -> float:
    """The largest log-likelihood with both parameters 1 or more: the fit's where it is one, else one on the edges of that quarter."""
    if fit.alpha >= 1 and fit.beta >= 1:
        return fit.log_likelihood
    edges = [edge.log_likelihood for edge in (alpha_one, beta_one) if edge.alpha >= 1 and edge.beta >= 1]
    return max([flat, *edges])
