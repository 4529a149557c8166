"""Seeds for a difference that is found, against simulated studies under the test that studies are judged by."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest

from tasks.estimates.power.seeds import (
    MOST_SEEDS,
    Detection,
    Spread,
    best_split,
    deviation_interval,
    least_seeds,
    power_at,
    seeds_for,
    smallest_effect,
    split_error,
    spread_of,
)

ALONE, TWELVE = Detection(), Detection(comparisons=12)
NUMBERS = np.random.default_rng(17)


def found_share(effect: float, seeds: int, arms: int, studies: int = 800) -> float:
    """In what share of simulated studies sign-flips of the largest t over arms find the first arm's difference of `effect` deviations; half
    of the differences' variance is the baseline's, which the arms share."""
    signs = np.array(list(itertools.product((1.0,), *[(1.0, -1.0)] * (seeds - 1))))
    shared, own = NUMBERS.standard_normal((studies, seeds, 1)), NUMBERS.standard_normal((studies, seeds, arms))
    differences = np.sqrt(0.5) * (shared + own)
    differences[:, :, 0] += effect
    means = np.abs(signs @ differences) / seeds
    ratio = means / np.sqrt((differences**2).mean(axis=1, keepdims=True) - means**2)  # rises with |t|
    p = (ratio.max(axis=2) >= ratio[:, :1, 0] - 1e-9).mean(axis=1)
    return float(np.mean(p <= 0.05))


@pytest.mark.parametrize(("seeds", "test"), [(8, ALONE), (8, TWELVE), (10, TWELVE)])
def test_the_smallest_effect_is_found_as_often_as_it_says(seeds, test):
    effect = smallest_effect(1.0, seeds, test)
    assert found_share(effect, seeds, test.comparisons) == pytest.approx(0.8, abs=0.06)
    assert found_share(effect / 3, seeds, test.comparisons) < 0.35


def test_arms_that_differ_in_nothing_are_called_different_in_few_studies():
    assert found_share(0.0, 8, 12) <= 0.02  # one arm of twelve; all together come to at most 5%


@pytest.mark.parametrize("test", [ALONE, TWELVE])
def test_effect_seeds_and_power_agree(test):
    for seeds in (6, 8, 28, 60):
        effect = smallest_effect(0.04, seeds, test)
        assert power_at(effect, 0.04, seeds, test) == pytest.approx(test.power)
        assert seeds_for(effect * 1.0001, 0.04, test) == seeds
    assert seeds_for(0.0001, 0.04, test) is None
    assert power_at(0.0001, 0.04, MOST_SEEDS, test) < 0.8


def test_more_comparisons_and_smaller_effects_take_more_seeds():
    assert seeds_for(0.02, 0.04, ALONE) < seeds_for(0.02, 0.04, TWELVE) < seeds_for(0.01, 0.04, TWELVE)


def test_five_seeds_find_nothing_however_large():
    assert least_seeds(ALONE) == 6 and least_seeds(Detection(level=0.0625)) == 5
    assert power_at(9.0, 0.04, 5, ALONE) == 0 and smallest_effect(0.04, 5, ALONE) is None
    assert found_share(50.0, 5, 1) == 0
    assert seeds_for(9.0, 0.04, TWELVE) == 6


def by_seed(scores: Iterable[float]) -> dict[int, float]:
    return dict(enumerate(map(float, scores)))


def test_the_spread_is_that_of_the_scores():
    baseline = NUMBERS.normal(0.6, 0.04, 5_000)
    arms = [0.65 + 0.5 * (baseline - 0.6) + NUMBERS.normal(0, 0.03, 5_000) for _ in range(3)]
    found = spread_of(by_seed(baseline), [by_seed(arms[0]), by_seed(arms[1][:1_000]), by_seed(arms[2])])
    assert found.arms == 3
    told = (found.baseline, found.arm, found.correlation)
    assert told == pytest.approx((0.04, np.hypot(0.02, 0.03), 0.02 / np.hypot(0.02, 0.03)), rel=0.04)


def test_more_seeds_of_the_baseline_narrow_the_differences():
    baseline, arm = NUMBERS.normal(0.6, 0.04, 8_000), NUMBERS.normal(0.7, 0.03, 4_000)
    twice = spread_of(by_seed(baseline), [by_seed(arm)])
    assert twice.seeds == 4_000 and twice.difference == pytest.approx(np.hypot(0.03, 0.04 / np.sqrt(2)), rel=0.04)
    assert twice.difference / np.sqrt(4_000) == pytest.approx(split_error(twice, 8_000, 4_000), rel=0.04)
    once = spread_of(by_seed(baseline[:4_000]), [by_seed(arm)])
    assert once.difference == pytest.approx(0.05, rel=0.04)


@pytest.mark.parametrize("scores", [[0.5], []])
def test_one_seed_has_no_spread(scores):
    assert spread_of(by_seed(scores), [by_seed([0.5, 0.6])]) is None


def test_the_interval_of_a_deviation_holds_it_as_often_as_it_says():
    low, high = np.array([deviation_interval(float(one), 8) for one in NUMBERS.normal(size=(800, 8)).std(axis=1, ddof=1)]).T
    assert np.mean((low <= 1) & (high >= 1)) == pytest.approx(0.95, abs=0.025)


def test_without_anything_shared_the_baseline_has_dunnett_s_share():
    found = best_split(Spread(0.05, 0.035, 0.035, 0.0, arms=9, seeds=8), runs=1_200, most=10)
    assert found.baseline / found.arm == pytest.approx(3, abs=0.1)
    allowed = best_split(Spread(0.05, 0.035, 0.035, 0.0, arms=9, seeds=8), runs=1_200)
    assert allowed.baseline == 2 * allowed.arm and allowed.error > found.error


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.3, 0.7])
def test_the_error_of_a_split_is_that_of_simulated_studies(correlation):
    spread = Spread(0.0, 0.03, 0.04, correlation, arms=4, seeds=8)
    split = best_split(spread, runs=40)
    covariance = [[0.03**2, 0.0012 * correlation], [0.0012 * correlation, 0.04**2]]
    scores = NUMBERS.multivariate_normal((0, 0), covariance, (20_000, split.baseline))
    differences = scores[:, : split.arm, 0].mean(axis=1) - scores[:, :, 1].mean(axis=1)
    assert differences.std() == pytest.approx(split.error, rel=0.02)
    assert split.error <= min(split_error(spread, 40 - 4 * arm, arm) for arm in (7, 8))


def test_a_baseline_that_goes_with_its_arms_has_as_many_seeds_as_they():
    found = best_split(Spread(0.02, 0.04, 0.04, 0.6, arms=4, seeds=8), runs=40)
    assert (found.baseline, found.arm) == (8, 8)
    assert best_split(Spread(0.02, 0.04, 0.04, 0.6, arms=4, seeds=8), runs=9) is None
