"""The models that see one problem at a time, and what they are published to do."""

import numpy as np
import pytest
from scipy.stats import betabinom

from tasks.estimates.live.belief import prior_of
from tasks.estimates.live.rivals import beta_of
from tasks.estimates.live.samplers import belief_of
from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import Prior as Fit

G = 8
FOUND = posterior_of(range(9), np.full(9, 8), Fit("fit", (1.0,), (0.5,), (0.4,)))
PRIOR = prior_of(*FOUND.logit)


def test_the_profiles_counts_are_found_again_from_its_logits():
    alpha, beta = beta_of(PRIOR)
    assert alpha == pytest.approx(0.5 + np.arange(9)) and beta == pytest.approx(8.4 - np.arange(9))


def test_the_profile_alone_forecasts_what_its_posterior_does_and_learns_nothing():
    belief = belief_of("static", PRIOR, G)
    belief.observe(1, [0], [8], [8])
    found = belief.forecast()
    assert found.mean == pytest.approx(FOUND.mean) and found.deviation**2 == pytest.approx(FOUND.variance)
    assert found.signal == pytest.approx(1 - betabinom.pmf(0, G, *beta_of(PRIOR)) - betabinom.pmf(G, G, *beta_of(PRIOR)))


def test_counts_fade_where_a_problem_is_drawn_and_nowhere_else():
    belief = belief_of("beta", PRIOR, G)
    before = belief.forecast().mean
    for step in range(12):
        belief.observe(step, [0], [8], [8])
    after = belief.forecast().mean
    assert before[0] < 0.1 and after[0] == pytest.approx(17 / 18, abs=0.001) and np.array_equal(after[1:], before[1:])


def test_pools_follow_the_last_group_and_take_problems_back():
    belief = belief_of("pools", PRIOR, G)
    assert belief.forecast().weights[[0, 4, 8]].tolist() == [0.2, 1.0, 0.2]
    belief.observe(0, [0, 4, 8], [4, 8, 2], [8, 8, 8])
    assert belief.forecast().weights[[0, 4, 8]].tolist() == [1.0, 0.2, 0.2]
    belief.observe(1, [4, 8], [6, 3], [8, 8])
    assert belief.forecast().weights[[0, 4, 8]].tolist() == [1.0, 1.0, 1.0]


def test_learnability_draws_by_the_stored_profile_for_good():
    belief = belief_of("learnability", PRIOR, G)
    before = belief.forecast().weights
    belief.observe(0, [4], [0], [8])
    assert before == pytest.approx(FOUND.mean - FOUND.mean**2 - FOUND.variance) and np.array_equal(belief.forecast().weights, before)
