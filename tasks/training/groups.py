"""The groups of a batch: completions of one prompt, which are compared with each other alone.

A problem's completions stand together, so many in a row of the batch. Mostly they are one group. Of a problem that is asked with its hint
and without (`hint_dropout`) they are two, each with an accuracy, a mean, a deviation and a weight of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.training.weighting import Array

ACCURACY = 0  # the column of the rewards that says whether an answer is right


class Told(NamedTuple):
    """What a completion's example tells: its problem, the accuracy expected of that offline (None: not known), and whether its prompt
    carried a hint."""

    problem_id: str
    prior: float | None
    hinted: bool


@dataclass(frozen=True)
class Groups:
    """The groups of a batch, n in the order of its rows, of one row the hinted one first: what each was told [n], its row [n], which of
    that row's G completions it has [n, G], and their rewards [n, G, functions], NaN for those that are not its own."""

    told: list[Told]
    row: NDArray[np.int64]
    members: NDArray[np.bool_]
    rewards: Array

    @property
    def right(self) -> Array:
        """The accuracy reward of each completion, [n, G]; NaN where it has none."""
        return self.rewards[:, :, ACCURACY]

    @property
    def counted(self) -> NDArray[np.int64]:
        """The completions that could be judged, [n]."""
        return (~np.isnan(self.right)).sum(axis=1)

    @property
    def correct(self) -> Array:
        """Of these the right ones, [n]."""
        return np.nansum(self.right, axis=1)

    @property
    def prior(self) -> Array:
        """The accuracy that was expected offline, [n]; NaN where nothing is known."""
        return np.array([np.nan if one.prior is None else one.prior for one in self.told])

    @property
    def shares_row(self) -> NDArray[np.bool_]:
        """Whether a row holds two groups, [rows]."""
        return np.bincount(self.row) > 1

    def combined(self, weights: Sequence[float]) -> Array:
        """The combined rewards [n, G], each function's times its weight; NaN where no function gave any."""
        return np.where(np.isnan(self.rewards).all(axis=2), np.nan, np.nansum(self.rewards * np.array(weights), axis=2))

    def in_rows(self, values: Array) -> Array:
        """Values [n, G] of the groups' completions as they stand in the batch, [rows, G]."""
        batch = np.zeros((self.row.max() + 1, values.shape[1]))
        np.add.at(batch, self.row, np.where(self.members, values, 0.0))
        return batch

    def records(self, weights: Array, advantages: Array) -> list[dict[str, Any]]:
        """What is written down of each group, whose weights are [n] and whose completions' advantages stand in the batch as [rows, G]: with
        their mean and (population) standard deviation. `G` counts the completions that could be judged."""
        own: dict[str, Any] = {"axis": 1, "where": self.members}
        used = advantages[self.row]
        numbers = zip(self.told, self.counted, self.correct, weights, used.mean(**own), used.std(**own), strict=True)
        return [
            {
                "problem_id": told.problem_id,
                "hinted": told.hinted,
                "G": int(n),
                "correct": int(k),
                "accuracy": k / n if n else None,
                "prior": told.prior,
                "weight": float(weight),
                "advantage_mean": mean,
                "advantage_std": deviation,
            }
            for told, n, k, weight, mean, deviation in numbers
        ]

    def metrics(self) -> dict[str, float]:
        """Shares of the groups: without a signal (all right, all wrong, or none that could be judged), and judged only in part."""
        sizes, correct = self.counted, self.correct
        shares = {
            "all_right": (sizes > 0) & (correct == sizes),
            "all_wrong": (sizes > 0) & (correct == 0),
            "unjudged": sizes == 0,
            "partly_judged": (sizes > 0) & (sizes < self.members.sum(axis=1)),
        }
        return {**{f"groups/{name}": float(share.mean()) for name, share in shares.items()}, **self.by_hint()}

    def by_hint(self) -> dict[str, float]:
        """How often the problems that were asked both with their hint and without were solved with it, and without."""
        hinted, both = np.array([told.hinted for told in self.told]), self.shares_row[self.row]
        parts = {"with": both & hinted, "without": both & ~hinted}
        counted = {name: (self.correct[part].sum(), self.counted[part].sum()) for name, part in parts.items()}
        return {f"hints/accuracy_{name}": float(k / n) for name, (k, n) in counted.items() if n}


def grouped(told: Sequence[Told], rewards: Array) -> Groups:
    """The groups of a batch whose rewards are [rows, G, functions] and whose completions were told this, in the order of the rows."""
    rows, size, _ = rewards.shape
    hinted = np.array([one.hinted for one in told]).reshape(rows, size)
    kinds = np.stack([hinted, ~hinted], axis=1)  # [rows, 2, G]
    row, kind = np.nonzero(kinds.any(axis=2))
    members = kinds[row, kind]
    first = row * size + members.argmax(axis=1)
    return Groups([told[place] for place in first], row, members, np.where(members[:, :, None], rewards[row], np.nan))
