"""The prior of a profile's accuracies: what is fitted to the counts, and where nothing can be."""

import numpy as np
import pytest
from scipy.stats import betabinom

from tasks.estimates.prior import JEFFREYS, MISFIT, Prior, loss, prior_of


def mean_of(prior: Prior) -> float:
    """The mean accuracy under a prior."""
    weights, alphas, betas = (np.array(part) for part in (prior.weights, prior.alphas, prior.betas))
    return float(weights @ (alphas / (alphas + betas)))


def counts_of(shape, problems: int, rounds: int = 8):
    """How many problems of so many were solved 0 … rounds times, as one Beta or a mixture (weight, alpha, beta) makes them."""
    k = np.arange(rounds + 1)
    return k, np.full(rounds + 1, rounds), problems * sum(weight * betabinom.pmf(k, rounds, a, b) for weight, a, b in shape)


@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.4), (0.5, 2.0), (3.0, 3.0), (1.0, 1.0)])
def test_one_beta_is_found_again(alpha, beta):
    prior = prior_of(*counts_of([(1.0, alpha, beta)], 5000))
    assert (prior.kind, prior.weights) == ("fit", (1.0,)) and prior.misfit < 1
    assert (prior.alphas[0], prior.betas[0]) == (pytest.approx(alpha, rel=0.03), pytest.approx(beta, rel=0.03))


def test_problems_that_nobody_solves_beside_a_hump_are_two_betas():
    prior = prior_of(*counts_of([(0.2, 0.001, 100.0), (0.8, 6.0, 2.0)], 2000))
    assert prior.kind == "mixture" and prior.misfit > MISFIT
    parts = sorted(zip(prior.alphas, prior.betas, prior.weights, strict=True))
    assert parts[0][2] == pytest.approx(0.2, abs=0.01) and parts[1][:2] == (pytest.approx(6, rel=0.1), pytest.approx(2, rel=0.1))


def test_few_problems_spread_the_prior_over_what_they_leave_open():
    few, many = (prior_of(*counts_of([(1.0, 0.5, 0.5)], problems)) for problems in (50, 5000))
    assert len(few.weights) == 4 and len(many.weights) == 1
    assert sum(few.weights) == pytest.approx(1) and min(few.alphas) < 0.45 < 0.55 < max(few.alphas)
    assert mean_of(few) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("k", [[0, 0, 0], [8, 8, 8], [3, 3, 3]])
def test_three_problems_give_no_spike(k):
    prior = prior_of(k, [8, 8, 8])
    assert prior.kind == "fit" and min(prior.alphas + prior.betas) > 1e-3 and max(prior.alphas + prior.betas) < 1e3
    assert abs(mean_of(prior) - k[0] / 8) < 0.25


def test_many_problems_that_nobody_solves_are_hopeless():
    assert mean_of(prior_of([0], [8], [2000])) < 0.001  # Jeffreys' prior would promise one right answer in eighteen


def test_problems_asked_once_fix_the_mean():
    prior = prior_of([0, 1], [1, 1], [300, 100])
    assert prior.kind == "mean" and mean_of(prior) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("k", "n"), [([], []), ([0, 0], [0, 0])])
def test_where_nothing_was_asked_the_prior_is_jeffreys(k, n):
    assert prior_of(k, n) == JEFFREYS


def test_rounds_may_differ_by_sixty():
    rng = np.random.default_rng(2)
    p, n = rng.beta(0.6, 1.2, 3000), np.repeat([4, 64], 1500)
    prior = prior_of(rng.binomial(n, p), n)
    assert prior.kind == "fit" and (prior.alphas[0], prior.betas[0]) == (pytest.approx(0.6, rel=0.1), pytest.approx(1.2, rel=0.1))


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="between 0 and its n"):
        prior_of([3], [2])


@pytest.mark.parametrize("x", [[0.3, -0.4], [0.5, 1.0, -0.5, -1.0, 0.7]])
def test_the_gradient_is_that_of_the_loss(x):
    counts, size = counts_of([(1.0, 0.5, 2.0)], 100), (len(x) + 1) // 3
    _, gradient = loss(np.array(x), *counts, size)
    steps = 1e-6 * np.eye(len(x))
    differences = [(loss(x + step, *counts, size)[0] - loss(x - step, *counts, size)[0]) / 2e-6 for step in steps]
    assert gradient == pytest.approx(differences, abs=1e-6)
