import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from tasks.estimates.fit import FIT_COLUMNS, compared, fit_beta_binomial, fit_outcomes


def simulated(alpha: float, beta: float, rounds: int = 8, problems: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.binomial(rounds, rng.beta(alpha, beta, problems))


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.5), (0.8, 0.2), (1.0, 1.0), (4.0, 4.0), (2.0, 6.0)])
def test_fit_finds_the_parameters_of_simulated_counts(alpha, beta):
    fit = fit_beta_binomial(simulated(alpha, beta), np.full(4000, 8))
    assert (fit.alpha, fit.beta) == (pytest.approx(alpha, rel=0.12), pytest.approx(beta, rel=0.12))


def test_fit_tells_u_from_flat_and_hump():
    u, hump = (fit_beta_binomial(simulated(*shape), np.full(4000, 8)) for shape in ((0.5, 0.5), (3, 3)))
    assert u.alpha < 1 and u.beta < 1
    assert hump.alpha > 1 and hump.beta > 1


def test_log_likelihood_is_scipys_and_a_maximum():
    k, n = simulated(0.6, 0.9), np.full(4000, 8)
    fit = fit_beta_binomial(k, n)
    assert fit.log_likelihood == pytest.approx(betabinom.logpmf(k, n, fit.alpha, fit.beta).sum())
    for near in ((1.05, 1), (0.95, 1), (1, 1.05), (1, 0.95)):
        assert betabinom.logpmf(k, n, fit.alpha * near[0], fit.beta * near[1]).sum() < fit.log_likelihood


def test_weights_stand_for_repeated_problems():
    k, n, weights = [0, 3, 8, 8], [8, 8, 8, 7 + 1], [20, 5, 9, 3]
    weighted, repeated = fit_beta_binomial(k, n, weights), fit_beta_binomial(np.repeat(k, weights), np.repeat(n, weights))
    assert (weighted.alpha, weighted.beta, weighted.log_likelihood) == pytest.approx(
        (repeated.alpha, repeated.beta, repeated.log_likelihood), rel=1e-4
    )


@pytest.mark.parametrize(("k", "n"), [([], []), ([0, 0], [8, 8]), ([8, 4], [8, 4]), ([0, 1, 1], [1, 1, 1])])
def test_counts_that_fix_no_shape_have_no_fit(k, n):
    assert fit_beta_binomial(k, n) is None


def test_all_or_nothing_is_an_extreme_u():
    fit = fit_beta_binomial([0] * 10 + [8] * 10, [8] * 20)
    assert fit.alpha < 0.05 and fit.beta < 0.05


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="between 0 and its n"):
        fit_beta_binomial([3], [2])


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=40))
def test_fit_mirrors_when_right_and_wrong_swap(k):
    n = np.full(len(k), 6)
    fit, mirrored = fit_beta_binomial(k, n), fit_beta_binomial(n - np.array(k), n)
    assert (fit is None) == (mirrored is None)
    if fit:
        assert fit.log_likelihood == pytest.approx(mirrored.log_likelihood, rel=1e-4, abs=1e-4)
        assert (
            np.log((fit.alpha, fit.beta)) == pytest.approx(np.log((mirrored.beta, mirrored.alpha)), abs=0.2)
            or max(fit.alpha, fit.beta) > 50
        )


def test_likelihoods_of_the_other_shapes():
    k, n = simulated(0.5, 0.4, problems=300), np.full(300, 8)
    values = dict(zip(FIT_COLUMNS, compared(k, n, np.ones(300)), strict=True))
    assert values["flat_log_likelihood"] == pytest.approx(-300 * np.log(9))  # under Beta(1, 1) each of 0 … 8 is as likely
    held = {"alpha_one": [(1, b) for b in np.linspace(0.2, 2, 200)], "beta_one": [(a, 1) for a in np.linspace(0.2, 2, 200)]}
    for shape, grid in held.items():
        best = max(betabinom.logpmf(k, n, *parameters).sum() for parameters in grid)
        assert best <= values[f"{shape}_log_likelihood"] + 1e-6 <= best + 0.1
    assert values["hump_log_likelihood"] == pytest.approx(values["flat_log_likelihood"])  # the hump nearest to a U is flat
    assert values["log_likelihood"] > max(value for name, value in values.items() if name.endswith("_log_likelihood"))


def test_a_hump_is_its_own_best_hump():
    values = dict(zip(FIT_COLUMNS, compared(simulated(3, 4), np.full(4000, 8), np.ones(4000)), strict=True))
    assert values["hump_log_likelihood"] == pytest.approx(values["log_likelihood"], abs=1e-4)


def test_one_fit_per_profile():
    profile = {"split": "train", "policy_id": "b", "sampling_id": "w", "grader_id": "g"}
    rows = [profile | {"dataset": name, "k": k, "n": 4, "problems": 5} for name, ks in {"a": (0, 2, 4), "b": (4, 4)}.items() for k in ks]
    fits = fit_outcomes(pl.DataFrame(rows))
    assert fits["dataset"].to_list() == ["a", "b"]
    assert fits["alpha"][0] > 0 and fits["alpha"][1] is None
    assert fit_outcomes(pl.DataFrame(rows).clear()).height == 0
