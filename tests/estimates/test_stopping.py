"""When k of n settle a band: against brute force, against the same in SQL, and on a simulated U."""

from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.estimates.settings import AdaptiveSettings
from tasks.estimates.stopping import bands_of, credible, settled, stay_probability, stopping_rule, wilson
from tasks.lake.database import connect
from tasks.sampling.settings import SamplingSettings
from tasks.warehouse.building import create_macros
from tests.bench.adaptive import SAME, SAVED, replay, simulated_u

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


def test_the_table_has_every_outcome_below_n():
    table = stopping_rule([4, 2], AdaptiveSettings(), EDGES)
    assert table.filter(max_rounds=4).select("n", "k").rows() == [(n, k) for n in range(1, 4) for k in range(n + 1)]
    assert table.filter(max_rounds=2).select("n", "k").rows() == [(1, 0), (1, 1)]


def test_the_default_reaches_its_goal_on_a_u():
    row = replay(simulated_u(4000), AdaptiveSettings())
    assert row["saved_share"] >= SAVED
    assert row["same_band_share"] >= SAME
    assert row["reference_problems"] == row["problems"] == 4000
    assert row["used_completions"] == round(row["mean_rounds"] * 4000)


def test_checkpoints_end_at_the_most():
    assert SamplingSettings(rounds=16).checkpoints() == [16]
    assert SamplingSettings(rounds=9, adaptive=AdaptiveSettings(min_rounds=4, every=2)).checkpoints() == [4, 6, 8, 9]
    assert SamplingSettings(rounds=4, adaptive=AdaptiveSettings(min_rounds=8)).checkpoints() == [4]


@pytest.mark.parametrize("wrong", [{"edges": (0.9, 0.1)}, {"edges": ()}, {"edges": (0.5, 1.5)}, {"prior": (0, 1)}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="edges|prior"):
        AdaptiveSettings(**wrong)
