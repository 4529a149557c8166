"""How much a group's difficulty weighs: the weight families, the shrinkage towards the prior, and what they do to advantages.

The families' ends and all formulas but the idea are ours; the paper ("Unlocking the Potential of Difficulty Prior", arXiv 2505.13261)
says that a decreasing weight of the group's accuracy takes the place of GRPO's division by the group's standard deviation.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
STEEPNESS = 5.0
STD_FLOOR = 1e-4  # TRL's: added to the standard deviation before dividing by it


def none(p: Array, high: float, low: float) -> Array:
    """1 whatever the accuracy, with the division by the standard deviation: stock GRPO."""
    return np.ones_like(p)


def constant(p: Array, high: float, low: float) -> Array:
    """1 whatever the accuracy, without that division: Dr. GRPO's (arXiv 2503.20783), which other families are compared with."""
    return np.ones_like(p)


def linear(p: Array, high: float, low: float) -> Array:
    """high - (high - low) p."""
    return high - (high - low) * p


def quadratic(p: Array, high: float, low: float) -> Array:
    """low + (high - low) (1 - p)^2: falls fast among hard problems, slowly among easy ones."""
    return low + (high - low) * (1 - p) ** 2


def inverse(p: Array, high: float, low: float) -> Array:
    """a / (p + b) with b = low / (high - low) and a = high b, so that the ends are hit."""
    if high == low:
        return np.full_like(p, high)
    b = low / (high - low)
    return high * b / (p + b)


def exponential(p: Array, high: float, low: float) -> Array:
    """high (low / high)^p: the same factor for every step in p."""
    return high * (low / high) ** p


def steep_exponential(p: Array, high: float, low: float) -> Array:
    """low + (high - low) (exp(-s p) - exp(-s)) / (1 - exp(-s)), s = 5: high weights for hard problems alone."""
    return low + (high - low) * (np.exp(-STEEPNESS * p) - np.exp(-STEEPNESS)) / (1 - np.exp(-STEEPNESS))


FAMILIES: dict[str, Callable[[Array, float, float], Array]] = {
    family.__name__: family for family in (none, constant, linear, quadratic, inverse, exponential, steep_exponential)
}


def shrink(correct: ArrayLike, counted: ArrayLike, prior: ArrayLike, strength: float) -> Array:
    """The accuracy a group is weighted by: p = (k + c p0) / (G + c), shape [groups].

    `correct` k of `counted` G completions, `prior` p0 the accuracy expected offline (NaN: unknown, then p = k / G), `strength` c >= 0.
    c = 0 is the paper. NaN where nothing is known: no completion counts and there is no prior, or c is 0.
    Source: the posterior mean under a Beta(c p0, c (1 - p0)) prior.
    """
    k, n, p0 = (np.asarray(values, dtype=np.float64) for values in (correct, counted, prior))
    c = np.where(np.isnan(p0), 0.0, strength)
    with np.errstate(invalid="ignore"):
        return (k + c * np.nan_to_num(p0)) / (n + c)


def weigh(accuracy: ArrayLike, family: str, *, high: float, low: float) -> Array:
    """The weight w(p) of each group, decreasing from w(0) = high to w(1) = low; 1 where the accuracy is not known (NaN). Shape kept."""
    p = np.asarray(accuracy, dtype=np.float64)
    return np.where(np.isnan(p), 1.0, FAMILIES[family](p, high, low))


def advantages(rewards: ArrayLike, right: ArrayLike, weights: ArrayLike, *, mode: str, normalise: bool = False) -> tuple[Array, Array]:
    """The weighted advantages of groups, shape [groups, G], and the weights as they were applied, [groups].

    `rewards` r are the combined rewards, of which `right` a is the part for a right answer; a NaN reward does not count and gets 0.
    "replace_std", the paper's: A = w (a - mean a) + (f - mean f), f = r - a what else is rewarded. "multiply": the same over GRPO's
    std r + 1e-4 (arXiv 2402.03300, with the sample standard deviation, as TRL has it). Either is 0 throughout a group whose answers are
    all right or all wrong: to such a group accuracy gives no signal, and the format none of its own. "stock": GRPO's advantages,
    (r - mean r) / (std r + 1e-4), whatever the weights.

    `normalise`: all advantages and weights times sum |stock| / sum |A|, the sums over the groups with a signal. It is one factor a batch:
    ratios between groups are those of the family. (A plain mean over groups would depend on how many teach nothing, and for
    "replace_std" it would leave the advantages smaller than GRPO's by the standard deviation that is not divided by.) A batch without any
    signal keeps its weights.
    """
    r, w = np.asarray(rewards, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    counted = ~np.isnan(r)
    whole, part = centred(r, counted), centred(np.nan_to_num(np.asarray(right, dtype=np.float64)), counted)
    spread = deviation(whole, counted) + STD_FLOOR
    if mode == "stock":
        return whole / spread, np.ones_like(w)
    signal = np.any(part != 0, axis=1, keepdims=True)
    size = spread if mode == "multiply" else 1.0
    values = np.where(signal, (whole + (w[:, None] - 1) * part) / size, 0.0)
    factor = normal_factor(values, np.where(signal, whole / spread, 0.0)) if normalise else 1.0
    return values * factor, w * factor


def centred(values: Array, counted: NDArray[np.bool_]) -> Array:
    """Values [groups, G] less the mean of those of their group that count; 0 where one does not."""
    some = np.where(counted, values, 0.0)
    mean = some.sum(axis=1, keepdims=True) / np.maximum(counted.sum(axis=1, keepdims=True), 1)
    return np.where(counted, some - mean, 0.0)


def deviation(whole: Array, counted: NDArray[np.bool_]) -> Array:
    """The sample standard deviation [groups, 1] of what counts, of values that are centred."""
    return np.sqrt((whole**2).sum(axis=1, keepdims=True) / np.maximum(counted.sum(axis=1, keepdims=True) - 1, 1))


def normal_factor(values: Array, stock: Array) -> float:
    """What makes advantages on average as large as stock GRPO's; 1 where there are none."""
    size = np.abs(values).sum()
    return float(np.abs(stock).sum() / size) if size else 1.0
