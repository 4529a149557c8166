"""How many seeds a study takes to detect a difference, and the smallest difference that the seeds at hand could have shown.

Arms are compared with the baseline seed by seed. The power is that of the paired t test (J. Cohen, Statistical Power Analysis, chapter 2:
the noncentral t), with the level of each of m comparisons lowered to 1 - (1 - level)^(1/m) (Z. Šidák, JASA 62, 1967), so that all of them
together err no more often than one may. The study's own test, sign-flips of the largest t over arms, has that power to within four points
at 8 to 16 seeds. All of it is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, sqrt

import numpy as np

from tasks.estimates.family import Scores, differences

MOST_SEEDS = 1000  # beyond, an effect is told to be out of reach
LEAST_RUNS = 2  # of an arm: one has no spread


@dataclass(frozen=True)
class Detection:
    """What is sought: so many comparisons, with `level` the chance that any of them is called a difference where none is one,
    and `power` that with which a real one is to be found."""

    comparisons: int = 1
    level: float = 0.05
    power: float = 0.8

    @property
    def own_level(self) -> float:
        """The level of a single comparison."""
        return float(1 - (1 - self.level) ** (1 / self.comparisons))


@dataclass(frozen=True)
class Spread:
    """How the held-out accuracies of a study vary over seeds, as standard deviations [share]: of an arm's `difference` to the baseline and
    of an `arm` (both pooled over the arms), and of the `baseline`; the `correlation` of arm and baseline; and `seeds`, of the arm that
    has the fewest."""

    difference: float
    arm: float
    baseline: float
    correlation: float
    arms: int
    seeds: int


@dataclass(frozen=True)
class Split:
    """So many seeds for the baseline and for every arm, and the standard error of a difference that this gives [share]."""

    baseline: int
    arm: int
    error: float


def spread_of(baseline: Scores, arms: Sequence[Scores]) -> Spread | None:
    """The spread of scores by seed; the baseline may have more seeds than an arm, which then share in its differences.

    None where no arm has two seeds that the baseline has, too.
    """
    paired = [(arm, sorted(arm.keys() & baseline.keys())) for arm in arms if len(arm.keys() & baseline.keys()) > 1]
    if not paired:
        return None
    degrees = np.array([len(seeds) - 1 for _, seeds in paired])
    pooled = degrees @ np.array([moments(arm, baseline, seeds) for arm, seeds in paired]) / degrees.sum()
    difference, arm, shared, base = (float(value) for value in pooled)
    deviation = float(np.std(list(baseline.values()), ddof=1))
    correlation = shared / sqrt(arm * base) if arm * base > 0 else 0.0
    return Spread(sqrt(difference), sqrt(arm), deviation, correlation, len(paired), int(degrees.min()) + 1)


def moments(arm: Scores, baseline: Scores, seeds: Sequence[int]) -> tuple[float, float, float, float]:
    """Variances over seeds: of the difference, of the arm, what it shares with the baseline, and of the baseline."""
    own, shared, base = np.cov([[scores[seed] for seed in seeds] for scores in (arm, baseline)]).ravel()[[0, 1, 3]]
    return float(np.var(list(differences(arm, baseline).values()), ddof=1)), float(own), float(shared), float(base)


def deviation_interval(deviation: float, seeds: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a standard deviation that so many seeds gave. The arms share a baseline, so they count as one."""
    from scipy.stats import chi2

    ends = chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], seeds - 1)
    low, high = deviation * np.sqrt((seeds - 1) / ends)
    return float(low), float(high)


def least_seeds(sought: Detection) -> int:
    """The fewest seeds with which sign-flips can reach the level at all: their least p is 2 / 2^seeds."""
    return max(LEAST_RUNS, int(np.ceil(1 - log2(sought.level) - 1e-9)))


def power_at(effect: float, deviation: float, seeds: int, sought: Detection) -> float:
    """The chance that a difference of `effect` is found with so many seeds, where differences deviate so much from seed to seed."""
    from scipy.stats import nct, t

    if seeds < least_seeds(sought):
        return 0.0
    bound, shift = t.ppf(1 - sought.own_level / 2, seeds - 1), effect * sqrt(seeds) / deviation
    return float(nct.sf(bound, seeds - 1, shift))


def smallest_effect(deviation: float, seeds: int, sought: Detection) -> float | None:
    """The smallest difference that is found with the power that is sought; None where so few seeds show none, however large."""
    from scipy.optimize import brentq

    if seeds < least_seeds(sought):
        return None
    error = deviation / sqrt(seeds)
    largest = error
    while power_at(largest, deviation, seeds, sought) < sought.power:
        largest *= 2
    return float(brentq(lambda effect: power_at(effect, deviation, seeds, sought) - sought.power, 0, largest))


def seeds_for(effect: float, deviation: float, sought: Detection) -> int | None:
    """The fewest seeds that find a difference of `effect` with the power that is sought; None where MOST_SEEDS do not."""
    low, high = least_seeds(sought), MOST_SEEDS
    if power_at(effect, deviation, high, sought) < sought.power:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(effect, deviation, middle, sought) >= sought.power else (middle + 1, high)
    return low


def split_error(spread: Spread, baseline: int, arm: int) -> float:
    """The standard error of an arm's mean less the baseline's, where the arm has so many of the baseline's seeds."""
    shared = spread.correlation * spread.arm * spread.baseline
    return sqrt(max(spread.arm**2 / arm + (spread.baseline**2 - 2 * shared) / baseline, 0.0))


def best_split(spread: Spread, runs: int, most: int = 2) -> Split | None:
    """How to share so many runs between the baseline and every arm, the baseline with at most `most` times an arm's seeds (a study allows
    twice as many): the smallest error of a difference. None where there are too few runs for two seeds each.

    Where arm and baseline have nothing in common the baseline is worth √arms times an arm's seeds (C. W. Dunnett, JASA 50, 1955); the more
    they go together, seed by seed, the less more seeds of the baseline alone are worth.
    """
    largest = runs // (spread.arms + 1)
    splits = [(min(runs - spread.arms * arm, most * arm), arm) for arm in range(LEAST_RUNS, largest + 1)]
    found = [Split(baseline, arm, split_error(spread, baseline, arm)) for baseline, arm in splits]
    return min(found, key=lambda split: split.error, default=None)
