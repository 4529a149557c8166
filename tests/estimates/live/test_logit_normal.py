"""Accuracies whose logits are normal: what is read off the grid is what integration gives, as closely as the module says."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from tasks.estimates.live.logit_normal import moments

NUMBERS = np.random.default_rng(0)
MEANS, DEVIATIONS = NUMBERS.uniform(-8, 8, 40), np.concatenate([NUMBERS.uniform(0.05, 1, 20), NUMBERS.uniform(1, 6, 20)])


@pytest.mark.parametrize(("mean", "deviation"), zip(MEANS.tolist(), DEVIATIONS.tolist(), strict=True))
def test_moments_are_those_of_integration(mean, deviation):
    def expected(value) -> float:
        return quad(lambda z: value(expit(mean + deviation * z)) * norm.pdf(z), -10, 10, limit=400)[0]

    first, spread, signal = (float(values[0]) for values in moments(np.array([mean]), np.array([deviation**2]), 8))
    exact = expected(lambda p: p)
    assert first == pytest.approx(exact, abs=0.0005)
    assert spread == pytest.approx(expected(lambda p: (p - exact) ** 2) ** 0.5, abs=0.0005)
    assert signal == pytest.approx(expected(lambda p: 1 - p**8 - (1 - p) ** 8), abs=0.002)


def test_a_logit_that_is_known_is_no_gamble():
    first, spread, signal = moments(np.array([0.0]), np.array([0.0]), 4)
    assert (first[0], spread[0], signal[0]) == (0.5, 0.0, pytest.approx(1 - 2 * 0.5**4))


def test_values_beyond_the_grid_are_its_ends():
    first, _, signal = moments(np.array([-100.0, 100.0]), np.array([1.0, 1.0]), 8)
    assert first == pytest.approx([0, 1], abs=1e-5) and signal == pytest.approx([0, 0], abs=1e-4)
