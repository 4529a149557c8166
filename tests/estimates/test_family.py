"""Families of comparisons: the exact test, intervals that hold, and no more false alarms than promised."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from tasks.estimates.family import FEWEST, differences, judge

SEEDS, ARMS, STUDIES = 8, 12, 1000


def by_seed(values):
    """Values by seed, the first seed 0."""
    return dict(enumerate(map(float, values)))


def family_of(scores):
    """The differences to the first of several arms, shape (arms, seeds)."""
    return [differences(by_seed(arm), by_seed(scores[0])) for arm in scores[1:]]


@pytest.mark.parametrize("values", [[0.1, 0.2, 0.4], [0.1, -0.2, 0.3, 0.05], [0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [0.3] * 6])
def test_the_p_value_of_one_comparison_is_that_of_all_sign_flips(values):
    totals = [abs(sum(sign * value for sign, value in zip(flip, values, strict=True))) for flip in product((1, -1), repeat=len(values))]
    expected = np.mean([total >= abs(sum(values)) - 1e-12 for total in totals])
    [judged] = judge([by_seed(values)], 0.95)
    assert judged.p == judged.family_p == pytest.approx(expected)


def test_the_interval_is_student_s_by_the_number_of_differences():
    values = [0.01, 0.03, -0.02, 0.05, 0.04]
    [judged] = judge([by_seed(values)], 0.9)
    low, high = stats.t.interval(0.9, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (judged.count, judged.low, judged.high) == (5, pytest.approx(low), pytest.approx(high))


def test_the_family_s_p_value_is_of_the_largest_statistic_over_all_flips():
    found = family_of(np.random.default_rng(1).normal(size=(4, 6)))
    matrix = np.array([list(one.values()) for one in found])
    largest = [np.abs(matrix @ flip / np.sqrt((matrix**2).sum(axis=1))).max() for flip in product((1, -1), repeat=6)]
    for one, values in zip(judge(found, 0.95), matrix, strict=True):
        seen = abs(values.sum()) / np.sqrt((values**2).sum())
        assert one.family_p == pytest.approx(np.mean(np.array(largest) >= seen - 1e-9))


@pytest.mark.parametrize("shared", [0.0, 1.0])
@pytest.mark.parametrize("baseline_seeds", [SEEDS, 2 * SEEDS])
def test_where_no_arm_differs_some_one_is_significant_in_one_study_of_twenty(shared, baseline_seeds):
    chance = np.random.default_rng(17)
    alarms = covered = alone = 0
    for _ in range(STUDIES):
        seeds = shared * chance.normal(size=baseline_seeds)  # what a seed does to every arm alike
        baseline, *arms = chance.normal(size=(ARMS + 1, baseline_seeds)) + seeds
        judged = judge([differences(by_seed(arm[:SEEDS]), by_seed(baseline)) for arm in arms], 0.95)
        alarms += any(one.family_p <= 0.05 for one in judged)
        covered += all(one.family_low <= 0 <= one.family_high for one in judged)
        alone += any(not one.low <= 0 <= one.high for one in judged)
    assert alarms <= 0.06 * STUDIES  # 4.7% by the test's own steps, and 0.7 points of chance
    assert covered >= 0.94 * STUDIES
    assert alone >= 0.2 * STUDIES  # what the family-wise test is for


def test_a_family_s_interval_holds_what_is_there_and_agrees_with_its_p_value():
    chance = np.random.default_rng(3)
    gains = np.repeat([0.0, 1.5, 6.0], 4)
    held = 0
    for _ in range(300):
        scores = chance.normal(size=(ARMS + 1, SEEDS))
        scores[1:] += gains[:, None]
        judged = judge(family_of(scores), 0.95)
        held += all(one.family_low <= gain <= one.family_high for one, gain in zip(judged, gains, strict=True))
        assert all((one.family_p <= 0.05) == (one.family_low > 0 or one.family_high < 0) for one in judged)
        assert all(one.family_p >= one.p for one in judged)
    assert held >= 0.92 * 300


def test_few_seeds_detect_nothing_and_fewer_say_nothing():
    for seeds in range(1, 7):
        [judged] = judge([by_seed(np.linspace(0.9, 1.1, seeds))], 0.95)
        assert (judged.p is not None) == (seeds >= FEWEST)
        assert (judged.family_low is not None) == (seeds >= 6)
        assert judged.mean == pytest.approx(np.mean(np.linspace(0.9, 1.1, seeds)))
    assert [(one.count, one.mean) for one in judge([{}], 0.95)] == [(0, None)]


def test_arms_that_never_differ_are_told_from_none():
    same, other = judge([by_seed([0.0] * 8), by_seed([0.1] * 8)], 0.95)
    assert (same.family_p, same.low, same.high) == (1.0, 0.0, 0.0)
    assert other.family_p == pytest.approx(2 / 256)


def test_more_seeds_than_can_be_flipped_are_drawn_the_same_each_time():
    values = [by_seed(np.random.default_rng(0).normal(0.4, 1, 20))]
    [judged] = judge(values, 0.95)
    exact = stats.permutation_test(
        (list(values[0].values()),), np.sum, permutation_type="samples", n_resamples=50_000, random_state=np.random.default_rng(1)
    )
    assert judged.p == pytest.approx(exact.pvalue, abs=0.01)
    assert judge(values, 0.95) == [judged]


def test_a_seed_that_one_arm_lacks_shares_in_a_difference():
    assert differences({0: 1.0, 1: 2.0}, {0: 0.0, 1: 0.0, 2: 1.0, 3: 4.0, 4: 2.0}) == {0: 1.0 - (0 + 1 + 2) / 3, 1: 2.0 - 4 / 2}
    assert differences({0: 1.0, 5: 3.0}, {0: 1.0, 1: 2.0}) == {0: 2.0 - 1.5}
    assert differences({0: 1.0}, {1: 1.0}) == {}
