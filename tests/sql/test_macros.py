from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from tasks.estimates.settings import BANDS
from tasks.lake.database import connect
from tasks.warehouse.building import create_macros


@pytest.fixture(scope="module")
def connection():
    with closing(connect()) as connection:
        create_macros(connection)
        yield connection


def value(connection, expression: str, **parameters: object) -> object:
    return connection.execute(f"select {expression}", parameters).fetchall()[0][0]


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0)],
)
def test_wilson_gives_published_intervals(connection, k, n, low, high):
    z = 1.959963984540054
    assert value(connection, "wilson_low($k, $n, $z)", k=k, n=n, z=z) == pytest.approx(low, abs=5e-5)
    assert value(connection, "wilson_high($k, $n, $z)", k=k, n=n, z=z) == pytest.approx(high, abs=5e-5)


def test_wilson_of_nothing_is_unknown(connection):
    assert value(connection, "wilson_low(0, 0, 1.96)") is None
    assert value(connection, "wilson_high(0, 0, 1.96)") is None


@settings(max_examples=60)
@given(k=st.integers(0, 300), more=st.integers(0, 300), z=st.floats(0.1, 5))
def test_wilson_holds_the_share(connection, k, more, z):
    if n := k + more:
        low, high = (value(connection, f"wilson_{end}($k, $n, $z)", k=k, n=n, z=z) for end in ("low", "high"))
        assert 0 <= low <= k / n + 1e-9 and k / n - 1e-9 <= high <= 1 + 1e-12


@pytest.mark.parametrize(
    ("p", "band"),
    [
        (0.0, "hopeless"),
        (0.083, "hopeless"),
        (0.084, "hard"),
        (0.35, "medium"),
        (0.65, "easy"),
        (0.87, "easy"),
        (0.871, "trivial"),
        (None, None),
    ],
)
def test_band_edges(connection, p, band):
    assert value(connection, "band($p::double, 0.084, 0.35, 0.65, 0.87)", p=p) == band
    assert band is None or band in BANDS


@pytest.mark.parametrize(("k", "n", "alpha", "beta"), [(0, 8, 0.4, 0.4), (3, 8, 6.0, 2.0), (64, 64, 0.05, 20.0)])
def test_beta_binomial_is_scipys(connection, k, n, alpha, beta):
    got = value(connection, "beta_binomial($k, $n, $alpha, $beta)", k=k, n=n, alpha=alpha, beta=beta)
    assert got == pytest.approx(betabinom.pmf(k, n, alpha, beta))


def test_reward_variance_is_the_mean_of_p_1_minus_p(connection):
    # of Beta(2, 3): mean 2/5, variance 1/25, and E[p (1 - p)] = 2 * 3 / (5 * 6)
    assert value(connection, "reward_variance(0.4::double, 0.04::double)") == pytest.approx(0.2)


def test_logarithms_of_beta_and_of_binomials(connection):
    assert value(connection, "exp(log_beta(2, 3))") == pytest.approx(1 / 12)
    assert value(connection, "exp(log_choose(10, 4))") == pytest.approx(210)


CDF = "list_transform(range(201), lambda step: step / 200.0)"  # of a flat p


@pytest.mark.parametrize(
    ("estimate", "accuracy", "low", "high", "is_kept"),
    [
        ("share", 0.2, 0.2, 0.4, True),
        ("share", 0.2, 0.3, 0.9, False),
        ("posterior", 0.2, 0.3, 0.9, True),
        ("posterior", 0.3, 0.2, 0.6, False),
    ],
)
def test_a_rule_keeps_by_the_estimate_that_it_is_asked_for(connection, estimate, accuracy, low, high, is_kept):
    given = {"estimate": estimate, "accuracy": accuracy, "low": low, "high": high}
    assert value(connection, f"rule_keeps($estimate, $accuracy, {CDF}, $low, $high)", **given) is is_kept


def test_draw_order_never_changes(connection):
    assert value(connection, "draw_order('p1', 7)") == "5a439f943cb7ae0b3eef86817a6f0f08"
    assert value(connection, "draw_order('p1', 8)") != value(connection, "draw_order('p1', 7)")
