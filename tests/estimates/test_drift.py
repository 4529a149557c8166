"""Short versions of what `make bench` measures: what tells that a policy has moved is still where it has not, and speaks where it has."""

import polars as pl
import pytest

from tests.bench.drift import LEAST, MOST, MOVED, drifted, stale


@pytest.mark.parametrize("shape", ["U", "hump"])
def test_an_unchanged_policy_seldom_drifts_and_one_that_moved_does(shape):
    same, other = drifted(shape, 0.0, repeats=40), drifted(shape, MOVED, repeats=10)
    assert same["drifted"].mean() <= MOST and other["drifted"].mean() >= LEAST
    for change in ("gained", "lost"):
        assert same[f"{change}_share"].mean() == pytest.approx(same[f"{change}_by_chance"].mean(), abs=0.04)
    for change in ("up", "down"):
        assert same[change].mean() == pytest.approx(same[f"{change}_by_chance"].mean(), rel=0.3)
        assert same[f"{change}_by_chance"].mean() <= 0.05 * same["problems"].mean()
    covered = same.filter(holds_none("gained"))
    assert len(covered) >= 0.85 * len(same)


def holds_none(change):
    """Whether the interval of what is beyond chance holds none, as it should for an unchanged policy."""
    return (pl.col(f"{change}_excess_low") <= 0) & (pl.col(f"{change}_excess_high") >= 0)


def test_a_prior_that_holds_is_seldom_stale_and_one_that_does_not_is():
    assert stale("U", 0.0, repeats=40) <= MOST and stale("U", MOVED, repeats=10) >= LEAST
