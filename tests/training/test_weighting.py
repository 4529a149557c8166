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
from tasks.training.weighting import FAMILIES, STD_FLOOR, advantages, normalised, shrink, weigh

ENDS = st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)).map(lambda ends: (max(ends), min(ends)))
WEIGHTED = st.sampled_from([family for family in FAMILIES if family != "none"])
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


@given(UNIT)
def test_none_weighs_nothing(p: float) -> None:
    assert weigh(p, "none", high=2.0, low=0.5) == 1.0


def test_the_formulas_halfway() -> None:
    weights = {family: float(weigh(0.5, family, high=2.0, low=0.5)) for family in FAMILIES}
    steep = 0.5 + 1.5 * (math.exp(-2.5) - math.exp(-5)) / (1 - math.exp(-5))
    expected = {"none": 1, "linear": 1.25, "quadratic": 0.875, "inverse": 0.8, "exponential": 1.0, "steep_exponential": steep}
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


@given(REWARDS, st.sampled_from(["replace_std", "multiply"]))
def test_advantages_are_finite_and_centred_over_what_counts(rewards: list[list[float]], mode: str) -> None:
    values = advantages(rewards, np.full(len(rewards), 1.5), mode=mode)
    assert np.isfinite(values).all()
    assert values.sum(axis=1) == pytest.approx(0, abs=1e-8)
    assert (values[np.isnan(rewards)] == 0).all()


def test_advantages_by_hand() -> None:
    rewards, weights = [[1.0, 0.0, 0.0, 0.0], [1.0, math.nan, 0.0, math.nan]], [2.0, 3.0]
    replaced = advantages(rewards, weights, mode="replace_std")
    assert replaced.tolist() == [[1.5, -0.5, -0.5, -0.5], [1.5, 0.0, -1.5, 0.0]]
    stock = advantages(rewards, weights, mode="multiply")
    assert stock[0, 0] == pytest.approx(2 * 0.75 / (0.5 + STD_FLOOR))
    assert stock[1, 0] == pytest.approx(3 * 0.5 / (math.sqrt(0.5) + STD_FLOOR))


MODES = st.sampled_from(["replace_std", "multiply"])


def weighted(rewards: list[list[float]], family: str, ends: tuple[float, float], **options: Any) -> np.ndarray:
    high, low = ends
    judged = np.asarray(rewards) >= 1
    counted = ~np.isnan(rewards)
    with np.errstate(invalid="ignore"):
        accuracy = (judged & counted).sum(axis=1) / counted.sum(axis=1)
    return advantages(rewards, weigh(accuracy, family, high=high, low=low), **options)


@given(REWARDS, st.sampled_from(list(FAMILIES)), ENDS, MODES)
def test_normalised_advantages_are_on_average_as_large_as_stock_grpos(
    rewards: list[list[float]], family: str, ends: tuple[float, float], mode: str
) -> None:
    stock = advantages(rewards, np.ones(len(rewards)), mode="multiply")
    mine = weighted(rewards, family, ends, mode=mode, normalise=True)
    assert np.abs(mine).mean() == pytest.approx(np.abs(stock).mean())
    assert (np.sign(mine) == np.sign(stock)).all()


@given(REWARDS, WEIGHTED, ENDS, MODES, st.floats(0.1, 10))
def test_only_ratios_between_normalised_groups_matter(
    rewards: list[list[float]], family: str, ends: tuple[float, float], mode: str, factor: float
) -> None:
    once, larger = (weighted(rewards, family, (ends[0] * scale, ends[1] * scale), mode=mode, normalise=True) for scale in (1.0, factor))
    assert once == pytest.approx(larger, rel=1e-6)
    plain = weighted(rewards, family, ends, mode=mode)
    taught = np.abs(plain).sum(axis=1) > 0
    factors = np.abs(once).sum(axis=1)[taught] / np.abs(plain).sum(axis=1)[taught]
    assert factors == pytest.approx(np.full(taught.sum(), factors[0] if taught.any() else 0.0))


def test_groups_without_spread_have_no_say_in_the_factor() -> None:
    rewards = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]]
    alone = weighted(rewards, "linear", (2.0, 0.5), mode="replace_std", normalise=True)
    beside = weighted([*rewards, [1.0] * 4, [0.0] * 4, [math.nan] * 4], "linear", (2.0, 0.5), mode="replace_std", normalise=True)
    assert beside[:2].tolist() == alone.tolist()
    assert (beside[2:] == 0).all()


def test_a_batch_that_teaches_nothing_keeps_its_weights() -> None:
    nothing = np.zeros((2, 4))
    assert normalised([2.0, 0.5], nothing, nothing).tolist() == [2.0, 0.5]


@pytest.mark.parametrize("ends", [{"high": 0.4}, {"high": 1.0, "low": 1.5}])
def test_ends_in_the_wrong_order_are_an_error(ends: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="is below low"):
        WeightingSettings(**ends)
