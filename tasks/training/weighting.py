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
    """1 whatever the accuracy: stock GRPO."""
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
    family.__name__: family for family in (none, linear, quadratic, inverse, exponential, steep_exponential)
}


def shrink(correct: ArrayLike, counted: ArrayLike, prior: ArrayLike, strength: float) -> Array:
    """The accuracy a group is weighted by: p = (k + c p0) / (G + c), shape [groups].

    `correct` k of `counted` G completions, `prior` p0 the problem's offline accuracy (NaN: unknown, then p = k / G), `strength` c >= 0.
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


def advantages(rewards: ArrayLike, weights: ArrayLike, *, mode: str, normalise: bool = False) -> Array:
    """The weighted advantages of groups of combined rewards, shape [groups, G]; a NaN reward does not count and gets 0.

    "replace_std": w (r - mean), the paper's. "multiply": w (r - mean) / (std + 1e-4), GRPO's own advantage (arXiv 2402.03300, with the
    sample standard deviation, as TRL has it) times the weight; weights of 1 then are stock GRPO. `normalise`: see `normalised`. The
    trainer reaches the same numbers by rescaling TRL's advantages (`rescale`), which leaves TRL's other options in force.
    """
    r = np.asarray(rewards, dtype=np.float64)
    counted = ~np.isnan(r)
    mean = np.where(counted, r, 0.0).sum(axis=1, keepdims=True) / np.maximum(counted.sum(axis=1, keepdims=True), 1)
    centred = np.where(counted, r - mean, 0.0)
    stock = standardise(centred, counted)
    unweighted = stock if mode == "multiply" else centred
    return rescale(unweighted, normalised(weights, unweighted, stock) if normalise else weights)


def standardise(centred: ArrayLike, counted: ArrayLike) -> Array:
    """GRPO's advantages of rewards less their group's mean, shape [groups, G]: over the sample standard deviation of what counts."""
    values, n = np.asarray(centred, dtype=np.float64), np.asarray(counted).sum(axis=1, keepdims=True)
    return values / (np.sqrt((values**2).sum(axis=1, keepdims=True) / np.maximum(n - 1, 1)) + STD_FLOOR)


def normalised(weights: ArrayLike, unweighted: ArrayLike, stock: ArrayLike) -> Array:
    """The weights times one factor, by which the mean absolute advantage of the batch is stock GRPO's. Shape [groups].

    `unweighted` advantages [groups, G] are what the weights multiply, `stock` GRPO's of the same rewards. The factor is
    sum |stock| / sum |w unweighted|: a mean over the groups, each with the gradient that it brings, so groups without spread have no say,
    and the mean weight is taken where weight has an effect. (A plain mean over groups would depend on how many teach nothing, and for
    "replace_std" it would leave the advantages smaller than GRPO's by the standard deviation that is not divided by.) It is one factor
    a batch: ratios between groups are those of the family. Weights of a batch without any spread stay as they are.
    """
    values = np.asarray(weights, dtype=np.float64)
    size = np.abs(rescale(unweighted, values)).sum()
    return values * (np.abs(stock).sum() / size) if size else values


def rescale(stock: ArrayLike, weights: ArrayLike) -> Array:
    """Unweighted advantages [groups, G] times their groups' weights [groups]."""
    return np.asarray(stock, dtype=np.float64) * np.asarray(weights, dtype=np.float64)[:, None]
