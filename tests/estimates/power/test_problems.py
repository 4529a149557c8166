"""Problems and samples for an accuracy that is known within so much, against simulated evaluations."""

import numpy as np
import pytest

from tasks.estimates.power.problems import (
    Components,
    accuracy_components,
    best_plan,
    difference_components,
    half_width,
    problems_for,
)

U = Components(between=0.125, within=0.125, problems=0)  # of accuracies from Beta(0.5, 0.5)
NUMBERS = np.random.default_rng(17)


def test_components_are_those_of_the_accuracies():
    k = NUMBERS.binomial(4, NUMBERS.beta(0.5, 0.5, 20_000))
    found = accuracy_components(k, np.full(20_000, 4))
    assert (found.between, found.within) == (pytest.approx(U.between, abs=0.004), pytest.approx(U.within, abs=0.003))


def test_components_hold_where_problems_have_unequal_samples():
    p, n = NUMBERS.beta(0.5, 0.5, 20_000), NUMBERS.integers(1, 9, 20_000)
    found = accuracy_components(NUMBERS.binomial(n, p), n)
    assert found.problems == (n > 1).sum()
    assert (found.between, found.within) == (pytest.approx(U.between, abs=0.004), pytest.approx(U.within, abs=0.003))


@pytest.mark.parametrize(("problems", "samples"), [(100, 2), (200, 4), (200, 16)])
def test_the_interval_holds_the_mean_as_often_as_it_says(problems, samples):
    p = NUMBERS.beta(0.5, 0.5, (4_000, problems))
    means = NUMBERS.binomial(samples, p).mean(axis=1) / samples
    assert np.mean(np.abs(means - 0.5) <= half_width(U, problems, samples)) == pytest.approx(0.95, abs=0.012)


def test_the_interval_of_a_difference_holds_it():
    p = NUMBERS.beta(0.5, 0.5, (4_000, 200))
    after = np.clip(p + NUMBERS.choice([0.0, 0.2], (4_000, 200)), 0, 1)
    k_before, k = NUMBERS.binomial(4, p), NUMBERS.binomial(4, after)
    four = np.full(k.size, 4)
    found = difference_components(k.ravel(), four, k_before.ravel(), four)
    truth = float((after - p).mean())
    inside = np.abs((k - k_before).mean(axis=1) / 4 - truth) <= half_width(found, 200, 4)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)
    assert found.between == pytest.approx(np.var(after - p), abs=0.001)


@pytest.mark.parametrize("within", [0.01, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("samples", [1, 4, 16])
def test_the_problems_are_the_fewest(within, samples):
    fewest = problems_for(U, within, samples)
    assert half_width(U, fewest, samples) <= within + 1e-9
    assert fewest == 2 or half_width(U, fewest - 1, samples) > within


@pytest.mark.parametrize("components", [U, Components(0.0, 0.2, 0), Components(0.1, 0.001, 0)])
@pytest.mark.parametrize(("completions", "problems"), [(1, 10), (150, 100), (1_024, 256), (1_000, 5_000), (777, 100)])
def test_the_best_plan_is_the_best_of_all(components, completions, problems):
    found = best_plan(components, completions, problems)
    every = [(n, completions // n) for n in range(1, min(problems, completions) + 1)]
    assert found.half_width == pytest.approx(min(half_width(components, *plan) for plan in every))
    assert found.problems <= problems and found.problems * found.samples <= completions


@pytest.mark.parametrize("n", [[], [4], [1, 1, 1], [4, 1, 1]])
def test_too_few_samples_tell_no_components(n):
    assert accuracy_components([0] * len(n), n) is None
    assert difference_components([0] * len(n), n, [0] * len(n), n) is None
