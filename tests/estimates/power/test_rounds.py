"""Rounds for right decisions, against simulated problems whose accuracy is known."""

import itertools

import numpy as np
import pytest

from tasks.estimates.posterior import posterior_of
from tasks.estimates.power.rounds import Bands, Kept, expected_right, measured_right, rounds_for
from tasks.estimates.prior import JEFFREYS, Prior

U = Prior("fit", (1.0,), (0.4,), (0.4,))
MIXED = Prior("mixture", (0.2, 0.8), (0.3, 6.0), (20.0, 2.0))
KEPT, BANDS = Kept(0.084, 0.87), Bands((0.084, 0.35, 0.65, 0.87))
NUMBERS = np.random.default_rng(17)


def drawn(prior: Prior, problems: int) -> np.ndarray:
    """Accuracies from a prior."""
    part = NUMBERS.choice(len(prior.weights), problems, p=prior.weights)
    return NUMBERS.beta(np.array(prior.alphas)[part], np.array(prior.betas)[part])


def bands_of(p: np.ndarray) -> np.ndarray:
    return np.searchsorted(BANDS.edges, p)


@pytest.mark.parametrize("prior", [U, MIXED], ids=["u", "mixture"])
@pytest.mark.parametrize("rounds", [4, 8, 16])
def test_the_expected_share_is_that_of_simulated_decisions(prior: Prior, rounds: int) -> None:
    p = drawn(prior, 100_000)
    k, counts = NUMBERS.binomial(rounds, p), np.arange(rounds + 1)
    known = posterior_of(counts, np.full(rounds + 1, rounds), prior)
    keeps = known.between(KEPT.low, KEPT.high) >= 0.5
    is_kept = (p >= KEPT.low) & (p <= KEPT.high)
    assert np.mean(keeps[k] == is_kept) == pytest.approx(expected_right(prior, rounds, KEPT.right), abs=0.004)
    share = k / rounds
    by_share = (share >= KEPT.low) & (share <= KEPT.high)
    assert np.mean(by_share == is_kept) == pytest.approx(expected_right(prior, rounds, KEPT.right_by_share), abs=0.004)
    ends = (0.0, *BANDS.edges, 1.0)
    likeliest = np.argmax([known.between(*pair) for pair in itertools.pairwise(ends)], axis=0)
    assert np.mean(likeliest[k] == bands_of(p)) == pytest.approx(expected_right(prior, rounds, BANDS.right), abs=0.004)


def test_what_is_measured_is_right_as_often_as_expected_also_where_rounds_stopped_early() -> None:
    p = drawn(U, 100_000)
    first = NUMBERS.binomial(4, p)
    goes_on = (first > 0) & (first < 4)
    n, k = np.where(goes_on, 16, 4), first + np.where(goes_on, NUMBERS.binomial(12, p), 0)
    keeps = posterior_of(k, n, U).between(KEPT.low, KEPT.high) >= 0.5
    truth = np.mean(keeps == ((p >= KEPT.low) & (p <= KEPT.high)))
    assert measured_right(U, (k, n, np.ones(len(k))), KEPT.right) == pytest.approx(truth, abs=0.004)


@pytest.mark.parametrize("prior", [U, MIXED, JEFFREYS])
def test_more_rounds_never_decide_worse(prior: Prior) -> None:
    for decision in (KEPT, BANDS):
        shares = [expected_right(prior, rounds, decision.right) for rounds in range(1, 40)]
        assert np.all(np.diff(shares) > -1e-12)


@pytest.mark.parametrize("share", [0.7, 0.85, 0.9, 0.95])
def test_the_rounds_are_the_fewest(share: float) -> None:
    for right in (KEPT.right, BANDS.right):
        found = rounds_for(U, share, right)
        assert found is not None and expected_right(U, found, right) >= share
        assert found == 1 or expected_right(U, found - 1, right) < share


def test_a_share_that_is_out_of_reach_has_no_rounds() -> None:
    assert rounds_for(U, 0.999, BANDS.right) is None


def test_the_posterior_decides_no_worse_than_the_share() -> None:
    for rounds in (1, 2, 4, 8, 16, 64):
        assert expected_right(U, rounds, KEPT.right) >= expected_right(U, rounds, KEPT.right_by_share)
