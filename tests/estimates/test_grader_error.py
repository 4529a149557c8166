"""How wrong a grader is, of labels: exact where it can be, never surer than the labels are, and right as often as it says."""

import numpy as np
import pytest
from scipy.stats import beta

from tasks.estimates.grader_error import Side, Strata, corrected, drawn_errors, lent, rates, side_of, unlabelled
from tests.bench.auditing import GOAL, WORLDS, coverage


def strata(verdicts: list[int], labelled: list[int], errors: list[int]) -> Strata:
    return Strata(*(np.array(part) for part in (verdicts, labelled, errors)))


def side(verdicts: list[int], labelled: list[int], errors: list[int]) -> Side:
    return side_of(strata(verdicts, labelled, errors), np.random.default_rng(0))


NONE = side([1000], [100], [0])


@pytest.mark.parametrize(("n", "k"), [(20, 0), (20, 1), (50, 25), (7, 7), (1, 0)])
def test_of_one_large_stratum_the_interval_is_the_exact_one(n: int, k: int) -> None:
    found = rates(side([10**8], [n], [k]), NONE, 0.95)["precision"]
    low = 0.0 if k == n else 1 - beta.ppf(0.975, k + 1, n - k)
    high = 1.0 if k == 0 else 1 - beta.ppf(0.025, k, n - k + 1)
    assert found.estimate == pytest.approx(1 - k / n)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))


def test_strata_count_by_what_they_hold() -> None:
    found = rates(side([900, 100], [10, 10], [0, 5]), side([500], [50], [5]), 0.95)
    assert found["precision"].estimate == pytest.approx(1 - 50 / 1000)
    assert found["refusals"].estimate == pytest.approx(0.1)
    assert found["recall"].estimate == pytest.approx(950 / 1000)
    assert found["specificity"].estimate == pytest.approx(450 / 500)
    assert found["wrong"].estimate == pytest.approx(100 / 1500)
    assert found["accuracy"].estimate == pytest.approx(1000 / 1500)
    assert all(one.low <= one.estimate <= one.high for one in found.values() if one.estimate is not None)


def test_what_is_labelled_wholly_is_known() -> None:
    found = rates(side([5, 1], [5, 1], [1, 1]), side([4], [4], [0]), 0.95)
    assert (found["precision"].low, found["precision"].estimate, found["precision"].high) == pytest.approx((4 / 6, 4 / 6, 4 / 6))
    assert (found["recall"].low, found["recall"].high) == (1, 1)


def test_more_labels_say_more() -> None:
    widths = [(one := rates(side([10_000], [n], [n // 10]), NONE, 0.95)["precision"]).high - one.low for n in (20, 100, 500)]
    assert widths == sorted(widths, reverse=True)


def test_unequal_weights_say_less() -> None:
    even, uneven = side([500, 500], [50, 50], [5, 5]), side([900, 100], [10, 90], [1, 9])
    first, second = (rates(one, NONE, 0.95)["precision"] for one in (even, uneven))
    assert second.high - second.low > 1.5 * (first.high - first.low)


def test_a_side_without_a_label_is_unknown_and_the_ends_still_hold() -> None:
    found = rates(side([100], [50], [0]), unlabelled(300), 0.95)
    assert found["refusals"].estimate is None and (found["refusals"].low, found["refusals"].high) == (0, 1)
    assert found["recall"].estimate is None and found["recall"].low <= 0.25 and found["recall"].high == 1
    assert found["precision"].estimate == 1


def test_nothing_judged_is_nothing_known() -> None:
    assert {one.estimate for one in rates(unlabelled(0), unlabelled(0), 0.95).values()} == {None}
    assert corrected((3, 8), unlabelled(0), unlabelled(10), 0.95).estimate is None


def test_draws_are_in_order_and_possible() -> None:
    few, many = drawn_errors(strata([50, 7, 1], [5, 7, 1], [1, 3, 0]), np.random.default_rng(1), 500)
    assert (few <= many).all() and few.min() >= 3 and many.max() <= 50 + 3


def test_few_labels_borrow_from_all() -> None:
    own, whole = side([100], [2], [0]), side([1000], [200], [20])
    mixed = lent(own, whole, 0.25)
    assert mixed.errors == pytest.approx(0.75 * 10)
    assert lent(own, whole, 1.0).errors == own.errors


def test_a_grader_without_errors_corrects_nothing() -> None:
    none = side([400], [400], [0]), side([400], [400], [0])
    assert [corrected((k, 8), *none, 0.95).estimate for k in (0, 2, 8)] == [0, 0.25, 1]
    assert corrected((0, 8), *none, 0.95).low == 0 and corrected((8, 8), *none, 0.95).high == 1


def test_missed_right_answers_make_problems_easier_and_false_alarms_harder() -> None:
    clean, errs = side([4000], [4000], [0]), side([4000], [4000], [800])
    assert corrected((4, 8), clean, errs, 0.95).estimate > 0.55  # type: ignore[operator]
    assert corrected((4, 8), errs, clean, 0.95).estimate < 0.45  # type: ignore[operator]
    assert corrected((8, 8), clean, errs, 0.95).estimate == 1
    assert corrected((0, 8), errs, clean, 0.95).estimate == 0


def test_a_grader_that_knows_nothing_corrects_nothing() -> None:
    coin = side([400], [400], [200]), side([400], [400], [200])
    found = corrected((5, 8), *coin, 0.95)
    assert found.estimate is None and (found.low, found.high) == (0, 1)


@pytest.mark.parametrize("world", [name for name in WORLDS if name != "many small kinds"])
def test_intervals_hold_the_truth_as_often_as_they_say(world: str) -> None:
    found = coverage(world, 200, draws=60)
    assert min(found.values()) >= GOAL, found
