"""The weights' maths, for every family and any ends."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.training.settings import WeightingSettings
from tasks.training.weighting import FAMILIES, STD_FLOOR, advantages, shrink, weigh

ENDS = st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)).map(lambda ends: (max(ends), min(ends)))
LEVEL = ("none", "constant")
WEIGHTED = st.sampled_from([family for family in FAMILIES if family not in LEVEL])
UNIT = st.floats(0, 1)
REWARDS = st.lists(st.lists(st.sampled_from([0.0, 0.1, 1.0, 1.1, math.nan]), min_size=4, max_size=4), min_size=1, max_size=5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_settings_know_the_families(family: str) -> None:
    assert WeightingSettings(family=family).family == family


@pytest.mark.parametrize(("family", "meant"), [("exponental", "exponential"), ("Linear", "linear"), ("", ""), ("weigh", "")])
def test_the_settings_list_the_families_where_one_is_not_there(family: str, meant: str) -> None:
    hint = f" (did you mean `{meant}`?)" if meant else ""
    with pytest.raises(ValidationError, match=re.escape(f"no weight family is named {family!r}{hint}; use one of {', '.join(FAMILIES)}")):
        WeightingSettings(family=family)


@given(WEIGHTED, ENDS, UNIT, UNIT)
def test_weights_fall_from_high_to_low(family: str, ends: tuple[float, float], one: float, other: float) -> None:
    high, low = ends
    first, harder, easier, last = weigh([0.0, min(one, other), max(one, other), 1.0], family, high=high, low=low)
    assert first == pytest.approx(high)
    assert last == pytest.approx(low)
    assert np.isfinite([harder, easier]).all()
    slack = 1e-9 * high
    assert high + slack >= harder >= easier - slack >= low - 2 * slack


@given(WEIGHTED, UNIT, UNIT)
def test_a_harder_group_weighs_more(family: str, one: float, other: float) -> None:
    assume(abs(one - other) > 1e-3)
    harder, easier = weigh(sorted([one, other]), family, high=2.0, low=0.5)
    assert harder > easier


@given(UNIT, st.sampled_from(LEVEL))
def test_two_families_weigh_every_group_alike(p: float, family: str) -> None:
    assert weigh(p, family, high=2.0, low=0.5) == 1.0


def test_the_formulas_halfway() -> None:
    weights = {family: float(weigh(0.5, family, high=2.0, low=0.5)) for family in FAMILIES}
    steep = 0.5 + 1.5 * (math.exp(-2.5) - math.exp(-5)) / (1 - math.exp(-5))
    expected = {
        "none": 1,
        "constant": 1,
        "linear": 1.25,
        "quadratic": 0.875,
        "inverse": 0.8,
        "exponential": 1.0,
        "steep_exponential": steep,
    }
    assert weights == pytest.approx(expected)


@given(st.sampled_from(list(FAMILIES)))
def test_an_unknown_accuracy_weighs_one(family: str) -> None:
    assert weigh([math.nan], family, high=2.0, low=0.5).tolist() == [1.0]


@given(st.integers(1, 64), st.data(), UNIT, st.floats(0, 1000))
def test_shrinkage_lies_between_what_is_seen_and_the_prior(group: int, data: st.DataObject, prior: float, strength: float) -> None:
    correct = data.draw(st.integers(0, group))
    (p,) = shrink([correct], [group], [prior], strength)
    assert min(correct / group, prior) - 1e-9 <= p <= max(correct / group, prior) + 1e-9
    assert shrink([correct], [group], [prior], 0.0).tolist() == [correct / group]
    assert shrink([correct], [group], [math.nan], strength).tolist() == [correct / group]


def test_a_strong_prior_wins_and_nothing_known_is_nan() -> None:
    assert shrink([8], [8], [0.25], 1e9)[0] == pytest.approx(0.25, abs=1e-6)
    assert shrink([0], [0], [0.25], 4).tolist() == [0.25]
    assert np.isnan(shrink([0, 0], [0, 0], [math.nan, 0.3], 0.0)).all()


def right(rewards: Any) -> np.ndarray:
    """What of combined rewards is for a right answer."""
    return np.where(np.isnan(rewards), math.nan, np.asarray(rewards) >= 1)


@given(REWARDS, st.sampled_from(["replace_std", "multiply", "stock"]))
def test_advantages_are_finite_and_centred_over_what_counts(rewards: list[list[float]], mode: str) -> None:
    values, _ = advantages(rewards, right(rewards), np.full(len(rewards), 1.5), mode=mode)
    assert np.isfinite(values).all()
    assert values.sum(axis=1) == pytest.approx(0, abs=1e-8)
    assert (values[np.isnan(rewards)] == 0).all()


def test_advantages_by_hand() -> None:
    rewards, weights = [[1.0, 0.0, 0.0, 0.0], [1.0, math.nan, 0.0, math.nan]], [2.0, 3.0]
    replaced, _ = advantages(rewards, right(rewards), weights, mode="replace_std")
    assert replaced.tolist() == [[1.5, -0.5, -0.5, -0.5], [1.5, 0.0, -1.5, 0.0]]
    multiplied, _ = advantages(rewards, right(rewards), weights, mode="multiply")
    assert multiplied[0, 0] == pytest.approx(2 * 0.75 / (0.5 + STD_FLOOR))
    assert multiplied[1, 0] == pytest.approx(3 * 0.5 / (math.sqrt(0.5) + STD_FLOOR))


def test_a_weight_acts_on_what_is_for_right_answers_alone() -> None:
    """Two of four are right, and two of four, one of them right, keep the format, which is worth 0.2."""
    rewards = [[1.2, 1.0, 0.2, 0.0]]
    values, _ = advantages(rewards, right(rewards), [3.0], mode="replace_std")
    assert values[0] == pytest.approx([1.5 + 0.1, 1.5 - 0.1, -1.5 + 0.1, -1.5 - 0.1])


@pytest.mark.parametrize(("family", "mode"), [("exponential", "multiply"), ("exponential", "replace_std"), ("constant", "replace_std")])
def test_a_slip_in_the_format_teaches_nothing_where_all_are_wrong(family: str, mode: str) -> None:
    """With a weight of 2 on all of its advantage such a group carried 9.9, and one of which half is right 7.5."""
    slip, half = [0.1] * 7 + [0.0], [1.1] * 4 + [0.1] * 4
    values, weights = weighted([slip, half, [1.1] * 7 + [1.0]], family, (2.0, 0.5), mode=mode)
    assert np.abs(values[[0, 2]]).sum() == 0 < np.abs(values[1]).sum()
    assert weights.tolist() == weigh([0.0, 0.5, 1.0], family, high=2.0, low=0.5).tolist()
    stock, _ = weighted([slip, half], "none", (2.0, 0.5), mode="stock")
    assert np.abs(stock).sum(axis=1) == pytest.approx([4.94, 7.48], abs=0.01)  # which is why no weight must act on it


@given(REWARDS)
def test_a_constant_weight_is_grpo_less_the_deviation_but_for_groups_without_a_signal(rewards: list[list[float]]) -> None:
    values, _ = weighted(rewards, "constant", (2.0, 0.5), mode="replace_std")
    r, counted = np.asarray(rewards), ~np.isnan(rewards)
    mean = np.nansum(r, axis=1) / np.maximum(counted.sum(axis=1), 1)
    taught = np.abs(values).sum(axis=1) > 0
    assert values[taught] == pytest.approx(np.nan_to_num(r - mean[:, None])[taught])


MODES = st.sampled_from(["replace_std", "multiply"])


def weighted(rewards: list[list[float]], family: str, ends: tuple[float, float], **options: Any) -> tuple[np.ndarray, np.ndarray]:
    high, low = ends
    solved = right(rewards)
    with np.errstate(invalid="ignore"):
        accuracy = np.nansum(solved, axis=1) / (~np.isnan(solved)).sum(axis=1)
    return advantages(rewards, solved, weigh(accuracy, family, high=high, low=low), **options)


@given(REWARDS, st.sampled_from([*FAMILIES]), ENDS, MODES)
def test_normalised_advantages_are_on_average_as_large_as_stock_grpos(
    rewards: list[list[float]], family: str, ends: tuple[float, float], mode: str
) -> None:
    stock, _ = weighted(rewards, family, ends, mode="stock")
    mine, _ = weighted(rewards, family, ends, mode=mode, normalise=True)
    taught = np.abs(mine).sum(axis=1) > 0
    assert np.abs(mine).sum() == pytest.approx(np.abs(stock[taught]).sum())


@given(REWARDS, WEIGHTED, ENDS, MODES)
def test_normalising_is_one_factor_of_advantages_and_weights(
    rewards: list[list[float]], family: str, ends: tuple[float, float], mode: str
) -> None:
    plain, weights = weighted(rewards, family, ends, mode=mode)
    once, applied = weighted(rewards, family, ends, mode=mode, normalise=True)
    factors = applied / weights
    assert factors == pytest.approx(np.full(len(weights), factors[0]))
    assert once == pytest.approx(plain * factors[0])


def test_groups_without_a_signal_have_no_say_in_the_factor() -> None:
    rewards = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]]
    alone, _ = weighted(rewards, "linear", (2.0, 0.5), mode="replace_std", normalise=True)
    silent = [[1.0] * 4, [0.0] * 4, [math.nan] * 4, [0.1, 0.0, 0.0, 0.0]]
    beside, _ = weighted([*rewards, *silent], "linear", (2.0, 0.5), mode="replace_std", normalise=True)
    assert beside[:2].tolist() == alone.tolist()
    assert (beside[2:] == 0).all()


def test_a_batch_that_teaches_nothing_keeps_its_weights() -> None:
    _, applied = weighted([[0.0] * 4, [1.0] * 4], "linear", (2.0, 0.5), mode="multiply", normalise=True)
    assert applied.tolist() == [2.0, 0.5]


@pytest.mark.parametrize("ends", [{"high": 0.4}, {"high": 1.0, "low": 1.5}])
def test_ends_in_the_wrong_order_are_an_error(ends: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="is below low"):
        WeightingSettings(**ends)


def test_a_constant_weight_with_the_deviation_is_none() -> None:
    with pytest.raises(ValidationError, match="give family none"):
        WeightingSettings(family="constant", mode="multiply")
