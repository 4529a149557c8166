"""The choice of a step's problems: by their signal, a few by chance, none twice, and the same for the same seed and step."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.base.errors import InputError
from tasks.estimates.live.belief import Forecast
from tasks.estimates.live.breadth import Breadth
from tasks.estimates.live.choice import Moment, choose, order, refills

SIGNAL = np.linspace(0, 1, 100)


def forecast(signal=SIGNAL, weights=None, turns=None) -> Forecast:
    return Forecast(np.full(len(signal), 0.5), np.full(len(signal), 0.1), np.asarray(signal, dtype=float), weights, turns)


def breadth(explore: float = 0.0, floor: float = 0.8) -> Breadth:
    return Breadth(floor, explore)


def drawn(*options, **more) -> list[int]:
    return [draw.index for draw in choose(*options, **more)]


def test_a_step_draws_those_of_the_most_signal_and_none_twice():
    found = choose(forecast(), 20, Moment(0, 3), breadth())
    assert len({draw.index for draw in found}) == 20 and {draw.why for draw in found} == {"prior"}
    assert min(draw.index for draw in found) >= 80


@pytest.mark.parametrize(("floor", "able"), [(0.8, 20), (0.5, 50), (0.0, 100), (0.95, 5)])
def test_problems_that_reach_the_floor_take_turns(floor, able):
    counts = np.zeros(100)
    for step in range(200):
        counts[drawn(forecast(turns=counts), 5, Moment(0, step), breadth(floor=floor))] += 1
    assert counts[: 100 - able].sum() == 0 and counts[-able:].max() - counts[-able:].min() <= 1


@pytest.mark.parametrize("floor", [0.8, 0.5])
def test_problems_of_which_nothing_is_known_take_turns_with_them(floor):
    counts, is_known, is_below = np.zeros(100), np.arange(100) >= 30, floor > SIGNAL
    for step in range((30 + (~is_below).sum()) // 5):
        is_new = ~is_known & (counts == 0)
        counts[drawn(replace(forecast(turns=counts), is_new=is_new), 5, Moment(0, step), breadth(floor=floor))] += 1
    assert (counts == (~is_known | ~is_below)).all()


def test_below_the_floor_the_signal_counts_and_not_the_turns():
    assert drawn(forecast(turns=np.arange(100)), 30, Moment(0, 1), breadth())[20:] == [*range(79, 69, -1)]


def test_the_greatest_signal_counts_and_not_its_size():
    assert np.array_equal(order(forecast(), Moment(0, 1)), order(forecast(SIGNAL / 1000), Moment(0, 1)))
    assert sorted(drawn(forecast(np.zeros(9)), 9, Moment(0, 1), breadth())) == list(range(9))


def test_a_share_is_explored_among_all_alike():
    draws = [draw for step in range(1000) for draw in choose(forecast(), 8, Moment(7, step), breadth(0.1))]
    explored = [draw.index for draw in draws if draw.why == "explore"]
    assert len(explored) == pytest.approx(800, abs=40) and np.mean(explored) == pytest.approx(49.5, abs=4)
    assert all(len(set(drawn(forecast(), 90, Moment(7, step), breadth(0.5)))) == 90 for step in range(20))
    assert {draw.why for draw in choose(forecast(), 8, Moment(7, 1), breadth(1.0))} == {"explore"}


def test_the_draws_follow_from_seed_and_step():
    assert choose(forecast(), 8, Moment(1, 5), breadth(0.5)) == choose(forecast(), 8, Moment(1, 5), breadth(0.5))
    assert len({tuple(drawn(forecast(), 8, Moment(seed, step), breadth(0.5))) for seed in range(3) for step in range(3)}) == 9


def test_refills_are_the_others_by_the_same_signal():
    first = drawn(forecast(), 8, Moment(1, 5), breadth())
    others = refills(forecast(), Moment(1, 5), np.array(first)).tolist()
    assert sorted([*first, *others]) == list(range(100))
    assert [*first, *others] == order(forecast(), Moment(1, 5)).tolist()


def test_weights_draw_in_proportion():
    weights = np.array([0.0, 1.0, 1.0, 2.0])
    counts = np.bincount([drawn(forecast(np.ones(4), weights), 1, Moment(0, step), breadth())[0] for step in range(2000)], minlength=4)
    assert counts[0] == 0 and counts[1:] / 2000 == pytest.approx([0.25, 0.25, 0.5], abs=0.03)


def test_a_stage_with_fewer_problems_than_a_step_draws_is_refused():
    with pytest.raises(InputError, match="a step draws 101 problems and the stage has 100; lower `batch`"):
        choose(forecast(), 101, Moment(0, 1), breadth())
