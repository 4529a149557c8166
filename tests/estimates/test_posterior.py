"""Posteriors of p: their moments, distribution and intervals are those of SciPy's distributions."""

import numpy as np
import pytest
from scipy.stats import beta, betabinom

from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import Prior

ONE = Prior("fit", (1.0,), (0.5,), (0.7,))
TWO = Prior("mixture", (0.2, 0.8), (0.05, 6.0), (20.0, 2.0))
K, N = [0, 3, 8], [8, 8, 8]


def test_one_beta_is_updated_by_its_counts():
    found = posterior_of(K, N, ONE)
    scipys = beta(np.array([0.5, 3.5, 8.5]), np.array([8.7, 5.7, 0.7]))
    assert found.mean == pytest.approx(scipys.mean()) and found.variance == pytest.approx(scipys.var())
    assert found.below(0.3) == pytest.approx(scipys.cdf(0.3))
    assert found.between(0.1, 0.9) == pytest.approx(scipys.cdf(0.9) - scipys.cdf(0.1))


def test_a_mixture_moves_its_weights_by_what_each_part_foresaw():
    foreseen = np.array([betabinom.pmf(K, N, a, b) for a, b in zip(TWO.alphas, TWO.betas, strict=True)]).T * TWO.weights
    found = posterior_of(K, N, TWO)
    assert found.weights == pytest.approx(foreseen / foreseen.sum(axis=1, keepdims=True))
    assert found.weights[0, 0] > 0.99 > 0.01 > found.weights[2, 0]


@pytest.mark.parametrize("prior", [ONE, TWO])
def test_groups_to_come_follow_the_predictive(prior):
    found = posterior_of(K, N, prior)
    chances = found.predictive(5)
    assert chances.sum(axis=1) == pytest.approx(1) and chances @ np.arange(6) == pytest.approx(5 * found.mean)
    assert (chances[:, 0], chances[:, 5]) == (pytest.approx(found.none_right(5)), pytest.approx(found.all_right(5)))
    assert found.signal(5) == pytest.approx(chances[:, 1:5].sum(axis=1)) and found.pass_at(5) == pytest.approx(1 - chances[:, 0])
    assert found.pass_at(1) == pytest.approx(found.mean)


@pytest.mark.parametrize("prior", [ONE, TWO])
def test_the_interval_is_the_shortest_that_holds_as_much(prior):
    found = posterior_of(K, N, prior)
    low, high = found.interval(0.9)
    assert found.below(high) - np.where(low > 0, found.below(low), 0) == pytest.approx(0.9, abs=0.005)
    for shift in (-0.01, 0.01):
        moved = np.clip(low + shift, 0, 1)
        assert np.all(found.below(np.clip(moved + high - low, 0, 1)) - found.below(moved) <= 0.905)


def test_the_interval_reaches_the_end_that_a_posterior_piles_up_at():
    low, high = posterior_of(K, N, ONE).interval(0.95)
    assert low[0] == 0 and high[2] == 1 and 0 < low[1] < high[1] < 1
    low, _ = posterior_of([0], [8], Prior("fit", (1.0,), (30.0,), (30.0,))).interval(0.95)
    assert low[0] > 0.3  # where all problems are alike, one unlucky run makes none of them impossible


def test_without_a_prior_of_its_own_a_problem_without_samples_is_the_priors():
    assert posterior_of([0], [0], ONE).mean == pytest.approx([0.5 / 1.2])
