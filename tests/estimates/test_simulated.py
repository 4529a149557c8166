"""Short versions of what `make bench` measures: intervals hold the truth as often as they say, stopping early or not, and a U is told from
other shapes."""

import pytest

from tests.bench.estimates import ONE_BETA, Setup, false_alarms, mean_judged
from tests.bench.estimates import SHAPES as ACCURACIES
from tests.bench.simulated import LEAST, MOST, SHAPES, right_share, wilson_coverage


@pytest.mark.parametrize("n", [8, 16, 64])
def test_wilson_intervals_hold_the_accuracy_as_often_as_they_say(n):
    assert LEAST <= wilson_coverage(n, draws=50_000) <= MOST


@pytest.mark.parametrize("shape", SHAPES)
def test_the_u_test_is_right(shape):
    assert right_share(shape, sets=20, problems=300) >= 0.95


@pytest.mark.parametrize("rule", ["fixed", "predictive"])
@pytest.mark.parametrize("shape", ACCURACIES)
def test_estimates_are_true_with_and_without_stopping_early(shape, rule):
    few, many = mean_judged(Setup(shape, 8, rule, 100), 40), mean_judged(Setup(shape, 8, rule, 2000), 6)
    assert LEAST <= few.coverage <= MOST and LEAST <= many.coverage <= MOST
    assert abs(many.passes).max() < 0.01 and abs(many.zero_signal) < 0.02
    assert (many.is_mixture > 0.5) == (shape == "20% impossible")


@pytest.mark.parametrize("shape", ONE_BETA)
def test_what_one_beta_made_is_seldom_said_to_need_two(shape):
    assert false_alarms(shape, rounds=8, problems=300, sets=80) <= 0.05
