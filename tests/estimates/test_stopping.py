"""When k of n settle a band: against brute force, against the same in SQL, and on a simulated U."""

from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.estimates.settings import AdaptiveSettings
from tasks.estimates.stopping import bands_of, credible, foreseen, settled, stay_probability, wilson
from tasks.lake.database import connect
from tasks.sampling.settings import SamplingSettings
from tasks.warehouse.building import create_macros
from tests.bench.adaptive import SHAPES, accuracies, drawn, stopped

EDGES = (0.084, 0.87)
edges = st.lists(st.integers(0, 20).map(lambda n: n / 20), min_size=1, max_size=4, unique=True).map(lambda found: tuple(sorted(found)))


@settings(max_examples=50)
@given(edges, st.lists(st.integers(0, 40).map(lambda n: n / 40), min_size=1, max_size=20))
def test_bands_are_the_same_in_python_and_in_sql(cuts, shares):
    with closing(connect()) as connection:
        create_macros(connection)
        asked = "select stop_band(p, $edges::double[]) from (select unnest($shares::double[]) as p)"
        found = [band for (band,) in connection.execute(asked, {"edges": list(cuts), "shares": shares}).fetchall()]
    assert found == bands_of(np.array(shares), cuts).tolist()


@pytest.mark.parametrize(("share", "band"), [(0.0, 0), (0.083, 0), (0.084, 1), (0.87, 1), (0.871, 2), (1.0, 2)])
def test_an_edge_belongs_where_difficulty_s_bands_put_it(share, band):
    assert bands_of(np.array([share]), EDGES).tolist() == [band]


def test_the_probability_to_stay_is_what_simulation_finds():
    numbers = np.random.default_rng(0)
    for n, k in [(4, 0), (4, 3), (8, 1), (10, 10)]:
        p = numbers.beta(0.5 + k, 0.5 + n - k, 200_000)
        final = (k + numbers.binomial(16 - n, p)) / 16
        simulated = np.mean(bands_of(final, EDGES) == bands_of(np.array([k / n]), EDGES))
        assert stay_probability(np.array([n]), np.array([k]), 16, (0.5, 0.5), EDGES)[0] == pytest.approx(simulated, abs=0.005)


def test_intervals_are_the_known_ones():
    low, high = wilson(np.array([10]), np.array([3]), 0.95)
    assert (low[0], high[0]) == (pytest.approx(0.1078, abs=1e-4), pytest.approx(0.6032, abs=1e-4))
    low, high = credible(np.array([10]), np.array([3]), 0.95, (1.0, 1.0))
    assert (low[0], high[0]) == (pytest.approx(0.1093, abs=1e-4), pytest.approx(0.6097, abs=1e-4))
    for interval in (wilson, lambda *given: credible(*given, (0.5, 0.5))):
        low, high = interval(np.array([8, 8]), np.array([0, 8]), 0.9)
        assert (low[0], high[1]) == (0.0, 1.0)


@pytest.mark.parametrize("rule", ["predictive", "beta", "wilson"])
def test_more_confidence_settles_less(rule):
    n, k = np.repeat(np.arange(1, 16), 3), np.concatenate([[0, n // 2, n] for n in range(1, 16)])
    sure, doubtful = (settled(n, k, 16, AdaptiveSettings(rule=rule, confidence=level), EDGES) for level in (0.99, 0.5))
    assert (doubtful | ~sure).all()
    assert doubtful.sum() > sure.sum()


def test_what_is_foreseen_comes_as_often_as_it_says():
    p = accuracies(SHAPES["U Beta(0.4, 0.4)"], 100_000)
    right = drawn(p, 16)
    n, k = np.repeat(6, 7), np.arange(7)
    said = foreseen(n, k, 16, SHAPES["U Beta(0.4, 0.4)"], 0.95)
    for outcome, mean, low, high, chance in said.select("k", "p_mean", "later_low", "later_high", "later_chance").iter_rows():
        later = (right[:, 16] - right[:, 6])[right[:, 6] == outcome]
        assert later.mean() / 10 == pytest.approx(mean, abs=0.01)
        assert np.mean((later >= low) & (later <= high)) == pytest.approx(chance, abs=0.01)


def test_the_share_leans_inwards_where_problems_stop_early_and_the_posterior_does_not():
    """What the module says of k/n. Of problems in the middle of the hard and of the easy, and of those at one half."""
    p = accuracies(SHAPES["U Beta(0.4, 0.4)"], 200_000)
    held = stopped(drawn(p, 16), AdaptiveSettings(rule="predictive"))
    share = held.k / held.n
    hard, easy = (np.abs(p - centre) < 0.01 for centre in (0.147, 0.728))
    assert share[hard].mean() - p[hard].mean() > 0.02
    assert share[easy].mean() - p[easy].mean() < -0.03
    for outcome in ((4, 2), (16, 2), (16, 13)):
        here = (held.n == outcome[0]) & (held.k == outcome[1])
        assert here.sum() > 500
        assert held.posterior.mean[held.outcomes[2]][here][0] == pytest.approx(p[here].mean(), abs=0.015)


def test_checkpoints_end_at_the_most():
    assert SamplingSettings(rounds=16).checkpoints() == [16]
    assert SamplingSettings(rounds=9, adaptive=AdaptiveSettings(min_rounds=4, every=2)).checkpoints() == [4, 6, 8, 9]
    assert SamplingSettings(rounds=4, adaptive=AdaptiveSettings(min_rounds=8)).checkpoints() == [4]


@pytest.mark.parametrize("wrong", [{"edges": (0.9, 0.1)}, {"edges": ()}, {"edges": (0.5, 1.5)}, {"rule": "beta", "prior": (0, 1)}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="edges|prior"):
        AdaptiveSettings(**wrong)
