"""Value of information: which outcomes, k of n, are worth another batch of rounds for what it may change in the choice of problems.

A problem is kept by a range of accuracy where it more likely than not lies in it, a decision that is wrong with probability min(P, 1 - P).
Another batch can lower this, and costs tokens. At a price of a token, in wrong decisions, backward induction over all rounds that may
still come finds the best rule; looking one batch ahead would miss what no single batch can turn and several can (A. Wald and J. Wolfowitz,
Bayes Solutions of Sequential Decision Problems, Annals of Mathematical Statistics 21, 1950). The price is the one at which the rule just
does what is asked of it. All of it is ours.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import Prior
from tasks.estimates.settings import AdaptiveSettings

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]

CHEAP, DEAR, HALVINGS = -20.0, 3.0, 30  # logarithms of a mean response's price between which it is sought, and how finely
LEAST = 1e-12  # what a batch must be worth, beyond the noise of arithmetic


@dataclass(frozen=True)
class Outlook:
    """What may come of problems of one prior that are kept by `ranges` of accuracy: up to `total` rounds, `every` so many at a time."""

    prior: Prior
    ranges: tuple[tuple[float, float], ...]
    total: int
    every: int

    @cached_property
    def wrong(self) -> Numbers:
        """How likely a decision after k of n is wrong, the mean over the ranges: (total + 1) n × (total + 1) k."""
        n, k = (part.ravel() for part in np.indices((self.total + 1, self.total + 1)))
        posterior = posterior_of(np.minimum(k, n), n, self.prior)
        inside = np.stack([posterior.between(low, high) for low, high in self.ranges])
        return np.minimum(inside, 1 - inside).mean(axis=0).reshape(self.total + 1, -1)

    @cached_property
    def batches(self) -> list[Numbers]:
        """For each n below `total` the chances of 0, 1, … right ones in the next batch: (n + 1) k × samples of the batch + 1."""
        return [self.right_among(min(self.every, self.total - n), n) for n in range(self.total)]

    def right_among(self, more: int, n: int) -> Numbers:
        """The chances of 0, 1, … `more` right ones among so many more, after 0, 1, … n of n."""
        return posterior_of(np.arange(n + 1), np.full(n + 1, n), self.prior).predictive(more)


@dataclass(frozen=True)
class First:
    """What the first rounds have found: so many `problems` with k of n right, whose responses have the `place`-th of some lengths in
    `tokens`."""

    tokens: Numbers
    place: Counts
    n: Counts
    k: Counts
    problems: Numbers

    def mean(self, values: Numbers) -> float:
        """The mean over the problems of one value for each outcome."""
        return float(self.problems @ values / self.problems.sum())


@dataclass(frozen=True)
class Plan:
    """A rule for problems of several lengths: whether it draws on after k of n, how likely the decision is wrong in the end, and how many
    samples it will have drawn until then: each (total + 1) n × lengths × (total + 1) k."""

    goes_on: NDArray[np.bool_]
    wrong: Numbers
    more: Numbers

    def mean_wrong(self, first: First) -> float:
        """The share of decisions that are expected to be wrong in the end."""
        return first.mean(self.wrong[first.n, first.place, first.k])

    def mean_rounds(self, first: First) -> float:
        """The samples that a problem is expected to get."""
        return first.mean(first.n + self.more[first.n, first.place, first.k])


def best_plan(outlook: Outlook, first: First, adaptive: AdaptiveSettings) -> Plan:
    """The rule at the highest price of a token that still leaves at most `excess` more wrong decisions than `match_rounds` of every problem
    would; or, where there is a `budget`, at the lowest that keeps to it."""
    unit = first.mean(first.tokens[first.place])
    most = mean_wrong_after(outlook, first, min(adaptive.match_rounds or outlook.total, outlook.total)) + adaptive.excess
    low, high = CHEAP, DEAR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        plan = plan_at(np.exp(middle) / unit, outlook, first.tokens)
        is_enough = plan.mean_wrong(first) > most if adaptive.budget is None else plan.mean_rounds(first) <= adaptive.budget
        low, high = (low, middle) if is_enough else (middle, high)
    return plan_at(np.exp(low if adaptive.budget is None else high) / unit, outlook, first.tokens)


def plan_at(price: float, outlook: Outlook, tokens: Numbers) -> Plan:
    """The rule with the least sum of wrong decisions and tokens at that price, for problems whose responses have so many `tokens`."""
    shape = (outlook.total + 1, len(tokens), outlook.total + 1)
    goes_on, more, wrong = np.zeros(shape, bool), np.zeros(shape), np.repeat(outlook.wrong[:, None], len(tokens), axis=1)
    for n in reversed(range(outlook.total)):
        chances = outlook.batches[n]
        size, ks = chances.shape[1] - 1, slice(n + 1)
        later_wrong, later_more = (averaged(chances, values[n + size]) for values in (wrong, more))
        later_more += size
        worth = wrong[n, :, ks] - later_wrong - price * tokens[:, None] * later_more
        goes_on[n, :, ks] = worth > LEAST
        wrong[n, :, ks] = np.where(worth > LEAST, later_wrong, wrong[n, :, ks])
        more[n, :, ks] = np.where(worth > LEAST, later_more, 0)
    return Plan(goes_on, wrong, more)


def averaged(chances: Numbers, after: Numbers) -> Numbers:
    """What is expected after a batch, lengths × k: the mean of `after` (lengths × k) by the chances (k × right ones) of it."""
    ks = len(chances)
    return np.sum([chances[:, right] * after[:, right : right + ks] for right in range(chances.shape[1])], axis=0)


def mean_wrong_after(outlook: Outlook, first: First, rounds: int) -> float:
    """The share of decisions that are expected to be wrong when every problem has `rounds` samples."""
    found = outlook.wrong[first.n, first.k]
    for n in np.unique(first.n[first.n < rounds]):
        chances = outlook.right_among(rounds - n, n)
        ends = outlook.wrong[rounds][np.add.outer(np.arange(n + 1), np.arange(rounds - n + 1))]
        found = np.where(first.n == n, (chances * ends).sum(axis=1)[np.minimum(first.k, n)], found)
    return first.mean(found)
