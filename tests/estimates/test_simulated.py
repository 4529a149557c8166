"""Short versions of what `make bench` measures: intervals hold the truth as often as they say, and a U is told from other shapes."""

import pytest

from tests.bench.simulated import LEAST, MOST, SHAPES, right_share, wilson_coverage


@pytest.mark.parametrize("n", [8, 16, 64])
def test_wilson_intervals_hold_the_accuracy_as_often_as_they_say(n):
    assert LEAST <= wilson_coverage(n, draws=50_000) <= MOST


@pytest.mark.parametrize("shape", SHAPES)
def test_the_u_test_is_right(shape):
    assert right_share(shape, sets=20, problems=300) >= 0.95
