"""Which problems a step draws: in turn those that are likely to teach, and a few of all alike. A pure function of forecast, seed and step.

Who draws the most promising alone trains on few: on the starter 20 of 130 problems got 280 of 320 groups. Few of these were without a
signal, and the policy learnt less of other problems than from a shuffled stage (the study's arm `narrow live`). So all problems whose
expected signal reaches `floor` of the greatest take turns, and the forecast only says which these are. A problem of which nothing is
known, neither by a profile nor by a draw, may teach as much as any, so it takes turns with them: a stage that started blind else drew what
it had found first, 50 of 384 problems, again and again.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.estimates.live.belief import Forecast, Places
from tasks.estimates.live.breadth import Breadth

Why = Literal["prior", "explore", "refill"]
DEFAULT = Breadth()


@dataclass(frozen=True)
class Draw:
    """A problem's place in the stage, and what it was drawn for: `prior` (its forecast), `explore` (drawn among all alike), or `refill` (in
    the place of a group that could not teach)."""

    index: int
    why: Why


@dataclass(frozen=True)
class Moment:
    """When something is drawn: the stage's seed and the step."""

    seed: int
    step: int

    def numbers(self, what: str) -> np.random.Generator:
        """Random numbers of this moment's own, for each thing that is drawn."""
        return np.random.default_rng(int(digest(["live", what, self.seed, self.step])[:16], 16))


def choose(forecast: Forecast, count: int, moment: Moment, breadth: Breadth = DEFAULT) -> list[Draw]:
    """The problems of a step, none of them twice: the share `explore` of them among all alike, the others by `order`.

    Where explore × count is no whole number, chance decides between the two beside it, so that the share holds over steps. Raises
    InputError where the stage has fewer problems than `count`.
    """
    problems = len(forecast.mean)
    if count > problems:
        raise InputError(f"a step draws {count} problems and the stage has {problems}; lower `batch` or widen the stage's bands")
    numbers = moment.numbers("explore")
    few = min(count, int(breadth.explore * count + numbers.random()))
    explored = numbers.permutation(problems)[:few]
    ranked = without(order(forecast, moment, breadth.floor), explored)[: count - few]
    return [Draw(int(index), "prior") for index in ranked] + [Draw(int(index), "explore") for index in explored]


def refills(forecast: Forecast, moment: Moment, taken: Places, floor: float = DEFAULT.floor) -> Places:
    """All problems that a step has not drawn, in the order in which they take the places of groups that could not teach."""
    return without(order(forecast, moment, floor), taken)


def order(forecast: Forecast, moment: Moment, floor: float = DEFAULT.floor) -> Places:
    """All problems, the first to be drawn first: new ones and those whose signal reaches `floor` of the greatest, the least often drawn
    ones first and equals by chance, and then the others by their signal; or all by chance where the forecast has weights, each next one
    drawn among those left in proportion to them (exponential clocks: P. Efraimidis and P. Spirakis, Information Processing Letters 97,
    2006)."""
    clocks = moment.numbers("order").exponential(size=len(forecast.mean))
    if forecast.weights is None:
        is_below = forecast.signal < floor * forecast.signal.max()
        if forecast.is_new is not None:
            is_below &= ~forecast.is_new
        turns = np.zeros(len(clocks)) if forecast.drawn is None else forecast.drawn
        return np.lexsort((clocks, np.where(is_below, -forecast.signal, turns), is_below))
    with np.errstate(divide="ignore"):
        return np.argsort(clocks / forecast.weights, kind="stable")


def without(places: Places, taken: NDArray[np.int64]) -> Places:
    """The places that are not taken, in their order."""
    return places[~np.isin(places, taken)]
