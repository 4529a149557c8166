"""The order in which a run goes through its problems: all of them, and from one end to the other where it is asked for."""

import pytest

from tasks.base.errors import InputError
from tasks.training.orders import WholeRunSampler, ranks


def test_the_order_of_problems_leaves_none_out() -> None:
    sampler = WholeRunSampler(5, batches=5, problems=3, group_size=2, uses=1, seed=1)
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == 30
    groups = drawn[::2]
    assert groups == drawn[1::2]
    assert [sorted(groups[start : start + 5]) for start in (0, 5, 10)] == [[0, 1, 2, 3, 4]] * 3
    assert list(WholeRunSampler(5, batches=2, problems=3, group_size=2, uses=1, seed=1)) == drawn[:12]
    assert list(WholeRunSampler(2, batches=1, problems=3, group_size=2, uses=2, seed=1))[:6] * 2 == list(
        WholeRunSampler(2, batches=1, problems=3, group_size=2, uses=2, seed=1)
    )


def test_an_order_goes_from_one_end_to_the_other_in_every_pass() -> None:
    accuracy = [0.5, 0.9, None, 0.1, 0.5, 0.5]  # the mean of those known is 0.5
    for order, ends in (("easy_to_hard", (1, 3)), ("hard_to_easy", (3, 1))):
        drawn = list(WholeRunSampler(6, batches=6, problems=4, group_size=1, uses=1, seed=1, ranks=ranks(accuracy, order)))
        passes = [drawn[start : start + 6] for start in range(0, 24, 6)]
        assert {(one[0], one[-1]) for one in passes} == {ends}
        assert all(sorted(one) == [0, 1, 2, 3, 4, 5] for one in passes)
        assert len({tuple(one) for one in passes}) > 1  # equal ones are shuffled anew, the one without an estimate among them
    assert ranks(accuracy, "shuffled") is None


def test_weighted_problems_come_as_often_in_an_order() -> None:
    weighed = {"batches": 10, "problems": 4, "group_size": 1, "uses": 1, "seed": 3, "weights": [1.0, 1.0, 2.0, 0.0]}
    ordered = list(WholeRunSampler(4, **weighed, ranks=ranks([0.2, 0.4, 0.6, 0.8], "hard_to_easy")))
    assert sorted(ordered) == sorted(WholeRunSampler(4, **weighed)) == sorted([0, 1, 2, 2] * 10)
    assert ordered == [0, 1, 2, 2] * 10


def test_problems_that_nobody_measured_have_no_order() -> None:
    with pytest.raises(InputError, match="order easy_to_hard: none of 2 problems has a prior to be ordered by; profile them"):
        ranks([None, None], "easy_to_hard")
