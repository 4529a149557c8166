"""What chance alone gives where the same problems are answered twice: what a policy that has not changed would show the second time.

The right answers among the later samples follow the posterior predictive of the earlier ones (A. Gelman et al., Bayesian Data Analysis,
section 2.4). So a problem that scored low by bad luck is expected to score higher: regression to the mean is in it. Sums over problems have
the variance of independent problems and, beside it, that of the fit (prior_error.py).

Whether a policy has moved at all is asked of the means: E[p | both] - E[p | earlier] has mean 0 for an unchanged policy whatever rule
stopped either sampling, and variance Var[p | earlier] - Var[p | both] (a martingale).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.estimates.fit import PROFILE
from tasks.estimates.outcomes import prior_in
from tasks.estimates.posterior import Posterior, posterior_of
from tasks.estimates.prior import Prior
from tasks.estimates.prior_error import PriorError, prior_error
from tasks.estimates.settings import BANDS, DifficultySettings
from tasks.estimates.stopping import bands_of

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
COUNTS = ("k", "n", "later_k", "later_n")
CHANGES = ("up", "down", "gained", "lost")
SHIFT = "shift"
LATER_OUTCOMES = (
    dict.fromkeys(PROFILE, pl.String)
    | dict.fromkeys(COUNTS, pl.Int64)
    | dict.fromkeys(("expected", "p_value"), pl.Float64)
    | {"moved": pl.String}
)
CHANGES_BY_CHANCE = dict.fromkeys((*PROFILE, "later_policy_id", "change"), pl.String) | dict.fromkeys(
    ("found", "expected", "deviation", "p_value"), pl.Float64
)
EVEN = 0.9  # share of a pair's problems that must be asked equally often the second time, for what is foreseen of counts to hold
FITTED = ("fit", "mixture")  # kinds of prior that say how accuracies are spread, so that a second answer can be foreseen
STOPPED = (SHIFT, "up", "down")  # what holds, or nearly so, whatever rule stopped the later samples


@dataclass(frozen=True)
class Twice:
    """Outcomes of problems that were answered twice, k of n and then later_k of later_n (arrays of one shape, (outcomes,)), and the prior
    of the earlier profile with its error."""

    k: Numbers
    n: Numbers
    later_k: Numbers
    later_n: Numbers
    error: PriorError
    edges: DifficultySettings

    @property
    def prior(self) -> Prior:
        """The prior of the earlier profile."""
        return self.error.prior

    def posterior(self, prior: Prior) -> Posterior:
        """What the earlier samples say."""
        return posterior_of(self.k, self.n, prior)

    def foreseen(self, prior: Prior) -> Numbers:
        """The chances of 0, 1, … later right answers: outcomes × (the most later samples + 1), 0 beyond an outcome's own."""
        chances = np.zeros((len(self.k), int(self.later_n.max()) + 1))
        for m in np.unique(self.later_n):
            rows = self.later_n == m
            chances[rows, : int(m) + 1] = posterior_of(self.k[rows], self.n[rows], prior).predictive(int(m))
        return chances

    @cached_property
    def right(self) -> Numbers:
        """The numbers of later right answers that `foreseen` is of."""
        return np.arange(self.later_n.max() + 1.0)[None, :]

    @cached_property
    def p_values(self) -> tuple[Numbers, NDArray[np.bool_]]:
        """Two-sided p-values of every possible number of later right answers, and whether it is above what is foreseen: as `foreseen`."""
        chances = self.foreseen(self.prior)
        below = np.cumsum(chances, axis=1)
        above = 1 - below + chances
        is_above: NDArray[np.bool_] = above < below
        return np.clip(2 * np.minimum(below, above), 0.0, 1.0), is_above

    def shown(self) -> Numbers:
        """Whether a number of later right answers is each of CHANGES, and in each later band: changes × outcomes × numbers."""
        p, is_above = self.p_values
        moved = p <= 1 - self.edges.confidence
        never: NDArray[np.bool_] = (self.k == 0)[:, None]
        is_solved: NDArray[np.bool_] = self.right > 0
        bands = band_places(self.right / self.later_n[:, None], self.edges)
        changes = [moved & is_above, moved & ~is_above, never & is_solved, ~never & ~is_solved]
        return np.stack([*changes, *(bands == place for place in range(len(BANDS)))]).astype(float)

    def found(self, shown: Numbers) -> Numbers:
        """Which changes the outcomes show: outcomes × changes."""
        return shown[:, np.arange(len(self.k)), self.later_k.astype(int)].T

    def expected(self, shown: Numbers, prior: Prior) -> Numbers:
        """The chance of each change for an unchanged policy: outcomes × changes."""
        return np.einsum("com,om->oc", shown, self.foreseen(prior))

    def step(self, prior: Prior) -> Numbers:
        """How much the later samples move the mean of p."""
        both = posterior_of(self.k + self.later_k, self.n + self.later_n, prior)
        return both.mean - self.posterior(prior).mean

    def step_variance(self) -> Numbers:
        """The variance of `step` for an unchanged policy, on average over what the later samples may be."""
        both = posterior_of(self.k + self.later_k, self.n + self.later_n, self.prior)
        return self.posterior(self.prior).variance - both.variance


def band_places(share: Numbers, edges: DifficultySettings) -> Places:
    """The place in BANDS of each share of right answers."""
    return bands_of(share, (edges.low, edges.hard_below, edges.medium_below, edges.high))


Answered = tuple[tuple[object, ...], pl.DataFrame, Twice, Places]


def answered_twice(pairs: pl.DataFrame, outcomes: pl.DataFrame, priors: pl.DataFrame, edges: DifficultySettings) -> Iterator[Answered]:
    """Of each profile in `pairs` (the mart `pair_outcomes`): its ids, its rows, its distinct outcomes, and the place of each row's outcome
    in them. A profile whose counts fix no prior is left out: nothing can be foreseen from it."""
    known = {profile: prior_in(rows) for profile, rows in priors.group_by(PROFILE)}
    counted = dict(outcomes.group_by(PROFILE))
    for profile, rows in pairs.group_by(PROFILE, maintain_order=True):
        if known[profile].kind not in FITTED:
            continue
        mine = (counted[profile][name].to_numpy().astype(float) for name in ("k", "n", "problems"))
        distinct, places = np.unique(rows.select(COUNTS).to_numpy().astype(float), axis=0, return_inverse=True)
        k, n, later_k, later_n = distinct.T
        yield profile, rows, Twice(k, n, later_k, later_n, prior_error(known[profile], *mine), edges), places.ravel()


def later_outcomes(pairs: pl.DataFrame, outcomes: pl.DataFrame, priors: pl.DataFrame, edges: DifficultySettings) -> pl.DataFrame:
    """The table `later_outcomes` (see sql/given/): how likely an unchanged policy is to show each outcome of problems answered twice."""
    tables = [pl.DataFrame(schema=LATER_OUTCOMES)]
    for profile, _, twice, _ in answered_twice(pairs, outcomes, priors, edges):
        p, is_above = (values[np.arange(len(twice.k)), twice.later_k.astype(int)] for values in twice.p_values)
        moved = np.where(p > 1 - edges.confidence, "unclear", np.where(is_above, "up", "down"))
        columns: dict[str, Any] = dict(zip(PROFILE, ([part] * len(p) for part in profile), strict=True))
        columns |= {name: getattr(twice, name).astype(int) for name in COUNTS}
        columns |= {"expected": twice.posterior(twice.prior).mean, "p_value": p, "moved": moved.tolist()}
        tables.append(pl.DataFrame(columns, schema=LATER_OUTCOMES))
    return pl.concat(tables)


def changes_by_chance(pairs: pl.DataFrame, outcomes: pl.DataFrame, priors: pl.DataFrame, edges: DifficultySettings) -> pl.DataFrame:
    """The table `changes_by_chance` (see sql/given/): of each pair of policies what was found, and what an unchanged one would show."""
    tables = [pl.DataFrame(schema=CHANGES_BY_CHANCE)]
    for profile, rows, twice, places in answered_twice(pairs, outcomes, priors, edges):
        later, of_pair = np.unique(rows["later_policy_id"].to_numpy().astype(str), return_inverse=True)
        counts = np.zeros((len(later), len(twice.k)))
        np.add.at(counts, (of_pair, places), rows["problems"].to_numpy())
        uneven = ~asked_evenly(twice, counts)
        for change, (found, expected, deviation) in {**sums(twice, counts), SHIFT: shift(twice, counts)}.items():
            columns: dict[str, Any] = dict(zip(PROFILE, ([part] * len(later) for part in profile), strict=True))
            columns |= {"later_policy_id": later.tolist(), "change": [change] * len(later), "found": found}
            p_value = two_sided(found, expected, deviation)
            for name, values in (("expected", expected), ("deviation", deviation), ("p_value", p_value)):
                columns[name] = values if change in STOPPED else np.where(uneven, np.nan, values)
            tables.append(pl.DataFrame(columns, schema=CHANGES_BY_CHANCE))
    return pl.concat(tables).fill_nan(None)


def asked_evenly(twice: Twice, counts: Numbers) -> NDArray[np.bool_]:
    """Whether nearly all problems of each pair were asked equally often by the second policy: where rounds were adaptive they were not, and
    how often it was asked tells what it answered."""
    by_number = np.stack([counts[:, twice.later_n == m].sum(axis=1) for m in np.unique(twice.later_n)])
    return by_number.max(axis=0) >= EVEN * counts.sum(axis=1)


def two_sided(found: Numbers, expected: Numbers, deviation: Numbers) -> Numbers:
    """Two-sided p-values by the normal distribution; NaN without any deviation."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(deviation > 0, 2 * ndtr(-np.abs(found - expected) / deviation), np.nan)


Sums = tuple[Numbers, Numbers, Numbers]


def sums(twice: Twice, counts: Numbers) -> dict[str, Sums]:
    """How many problems each pair (rows of `counts`: pairs × outcomes) has of each of CHANGES and of each cell "band > later band": found,
    expected of an unchanged policy, and the standard deviation of that."""
    shown = twice.shown()
    found, expected = twice.found(shown), twice.expected(shown, twice.prior)
    reach = twice.error.moved(lambda prior: twice.expected(shown, prior))
    bands = band_places(twice.k / twice.n, twice.edges)
    of_band = {band: counts * (bands == place) for place, band in enumerate(BANDS)}
    parts = {change: (place, counts) for place, change in enumerate(CHANGES)}
    parts |= {f"{band} > {later}": (len(CHANGES) + place, of_band[band]) for band in BANDS for place, later in enumerate(BANDS)}
    return {
        name: summed(part, found[:, place], expected[:, place], expected[:, place] * (1 - expected[:, place]), reach[:, place])
        for name, (place, part) in parts.items()
    }


def shift(twice: Twice, counts: Numbers) -> Sums:
    """How far the later samples move the mean of p, summed over each pair's problems; 0 is expected of an unchanged policy."""
    found = twice.step(twice.prior)
    return summed(counts, found, np.zeros_like(found), twice.step_variance(), twice.error.moved(twice.step))


def summed(counts: Numbers, found: Numbers, expected: Numbers, variance: Numbers, reach: Numbers) -> Sums:
    """Sums over problems of values per outcome: found, expected, and their standard deviation, to which the fit adds its part."""
    of_fit = ((counts @ reach) ** 2).sum(axis=1)
    return counts @ found, counts @ expected, np.sqrt(np.maximum(counts @ variance, 0.0) + of_fit)
