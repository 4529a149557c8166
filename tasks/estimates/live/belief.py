"""What a belief is: it starts from a prior, takes the groups of each step, and forecasts every problem's accuracy for the step to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tasks.base.errors import InputError

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
FLAT_VARIANCE = float(np.pi**2 / 3)  # of log(p / (1 - p)) where p is uniform in [0, 1]
LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Prior:
    """What the profile knows of the problems of a stage, in the stage's order: `difficulty` b = -logit_mean and `variance` v =
    logit_variance of it, shape (problems,) each. NaN where a problem was never profiled: `prior_of` fills it."""

    difficulty: Numbers
    variance: Numbers

    def __len__(self) -> int:
        return len(self.difficulty)


def prior_of(logit_mean: ArrayLike, logit_variance: ArrayLike) -> Prior:
    """The prior by the columns `logit_mean` and `logit_variance` of a stage's file.

    A problem without a profile (NaN or None) gets what the others say of a problem picked at random: the mean of their means, and the
    variance of all of them (the mean of the variances and the variance of the means). Where nobody has a profile, p is uniform: b = 0 and
    v = pi^2 / 3. Raises InputError for a variance below 0, an infinite number, or columns of different lengths.
    """
    mean, variance = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (logit_mean, logit_variance))
    if mean.shape != variance.shape:
        raise InputError(f"a prior has {len(mean)} logit means but {len(variance)} logit variances; give one of each for every problem")
    for name, values in (("logit_mean", mean), ("logit_variance", variance)):
        refuse(np.isinf(values) | ((name == "logit_variance") & (values < 0)), values, f"{name} of a prior", "curate the stage again")
    known = ~(np.isnan(mean) | np.isnan(variance))
    centre = float(mean[known].mean()) if known.any() else 0.0
    spread = float(variance[known].mean() + mean[known].var()) if known.any() else FLAT_VARIANCE
    filled = np.where(known, variance, spread)
    return Prior(-np.where(known, mean, centre), np.maximum(filled, LEAST_VARIANCE))


def blind(problems: int) -> Prior:
    """The prior of so many problems of which nothing is known: every p is uniform in [0, 1]."""
    return prior_of(*np.full((2, problems), np.nan))


def prior_by_dataset(logit_mean: ArrayLike, logit_variance: ArrayLike, datasets: Sequence[str | None]) -> Prior:
    """The same where problems are of several datasets: one without a profile is like the others of its own, or, where none of those is
    known either, like all others."""
    mean, variance = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (logit_mean, logit_variance))
    prior, unknown = prior_of(mean, variance), np.isnan(mean) | np.isnan(variance)
    names = np.array([name or "" for name in datasets])
    for dataset in np.unique(names[unknown]):
        here = names == dataset
        if not unknown[here].all():
            alike = prior_of(mean[here], variance[here])
            prior.difficulty[here], prior.variance[here] = alike.difficulty, alike.variance
    return prior


@dataclass(frozen=True)
class Forecast:
    """What a belief says of every problem for the next step, shape (problems,) each: `mean` and `deviation` of its accuracy p, and
    `signal` = E[1 - p^G - (1-p)^G], the chance that a group of G is neither all right nor all wrong. `weights`: how often each is drawn
    beside the others, where the model draws by chance and not by rank. `drawn`: how often the stage has drawn each, and
    `is_new`: of which neither a profile nor a draw says anything, where these are known."""

    mean: Numbers
    deviation: Numbers
    signal: Numbers
    weights: Numbers | None = None
    drawn: Numbers | None = None
    is_new: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Groups:
    """A step's groups that taught something, one entry a problem: its place in the stage, and `right` k of `judged` n completions."""

    places: Places
    right: Numbers
    judged: Numbers

    def __len__(self) -> int:
        return len(self.places)


class Belief(Protocol):
    """A model of a stage's problems. Its state is a function of its prior and of the groups it was shown, in their order, and of nothing
    else: the same groups give the same forecasts to the bit."""

    def forecast(self) -> Forecast:
        """What is to be expected at the step after the last one that was observed (the first, where none was)."""

    def observe(self, step: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> None:
        """Learn from all groups of a step: the places of their problems in the stage, k right answers and n judged ones of each, in the
        order of the records. A group without a judged answer, or with a NaN, teaches nothing. Raises InputError for a step that is not
        after the one before, or numbers that no group has."""


class Steps:
    """The steps that a belief has been shown: it checks that they come in order, and counts those that passed in between."""

    def __init__(self, problems: int) -> None:
        self.problems = problems
        self.last: int | None = None

    def take(self, step: int, groups: Sequence[ArrayLike]) -> tuple[int, Groups]:
        """How many steps have passed since the last one (1 for the first), and the groups of this one, checked."""
        if self.last is not None and step <= self.last:
            raise InputError(f"step {step} comes after step {self.last} among the groups shown; show each step once, in order")
        passed = 1 if self.last is None else step - self.last
        self.last = step
        return passed, groups_of(self.problems, *groups)


def groups_of(problems: int, indices: ArrayLike, right: ArrayLike, judged: ArrayLike) -> Groups:
    """The groups of a step that teach something, those of one problem added up, in the order of the stage.

    Raises InputError where the three differ in length, an index is none of the `problems`, or k is not within 0 and n.
    """
    places = np.atleast_1d(np.asarray(indices, dtype=np.int64))
    k, n = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (right, judged))
    if not len(places) == len(k) == len(n):
        raise InputError(f"{len(places)} groups with {len(k)} counts of right and {len(n)} of judged answers; give one of each for a group")
    counted = ~np.isnan(k) & (n > 0)
    places, k, n = places[counted], k[counted], n[counted]
    refuse((places < 0) | (places >= problems), places, "index of a group", f"the stage has problems 0 to {problems - 1}")
    refuse((k < 0) | (k > n) | np.isinf(n), k, "count of right answers of a group", "it lies between 0 and the judged ones")
    unique, at = np.unique(places, return_inverse=True)
    return Groups(unique, np.bincount(at, k, len(unique)).astype(np.float64), np.bincount(at, n, len(unique)).astype(np.float64))


def refuse(is_wrong: NDArray[np.bool_], values: NDArray[np.generic], what: str, way_out: str) -> None:
    """Raise InputError that names the first of the values that are wrong, and its place."""
    if is_wrong.any():
        place = int(is_wrong.argmax())
        raise InputError(f"{what} {place + 1} is {values[place]}: {way_out}")
