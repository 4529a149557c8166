"""How many held-out problems, and how many samples of each, an accuracy takes to be known within so much.

What is measured of a problem varies for two reasons: problems differ (the variance `between` them), and so do the samples of one (the
variance `within` it). Of N problems with m samples each the mean has the variance (between + within / m) / N (W. G. Cochran, Sampling
Techniques, section 10.2). More samples shrink the second part alone, more problems both. All of it is ours.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Components:
    """Variances of a share in [0, 1], or of the difference of two, between problems and of a single sample within one, and the number of
    problems that they were estimated from."""

    between: float
    within: float
    problems: int


@dataclass(frozen=True)
class Plan:
    """So many problems with so many samples each, and half the width of the interval that this gives."""

    problems: int
    samples: int
    half_width: float


def accuracy_components(k: ArrayLike, n: ArrayLike) -> Components | None:
    """The components of an accuracy, of k right samples of n, an entry per problem: by moments, so that they are unbiased (before the one
    between problems is cut off at 0).

    None where fewer than two problems have two samples: then nothing tells the two apart.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    known = n > 1
    k, n = k[known], n[known]
    if len(n) < 2:
        return None
    own = own_variance(k, n)
    return Components(spread_beyond(k / n, own / n), float(own.mean()), len(n))


def difference_components(k: ArrayLike, n: ArrayLike, k_before: ArrayLike, n_before: ArrayLike) -> Components | None:
    """The components of the difference of two accuracies of the same problems; of a sample of each policy. None as above."""
    k, n, k_before, n_before = (np.asarray(part, dtype=float) for part in (k, n, k_before, n_before))
    known = (n > 1) & (n_before > 1)
    k, n, k_before, n_before = (part[known] for part in (k, n, k_before, n_before))
    if len(n) < 2:
        return None
    now, before = own_variance(k, n), own_variance(k_before, n_before)
    between = spread_beyond(k / n - k_before / n_before, now / n + before / n_before)
    return Components(between, float(now.mean() + before.mean()), len(n))


def own_variance(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """An unbiased estimate of p (1 - p) of each problem."""
    return k * (n - k) / (n * (n - 1))


def spread_beyond(values: np.ndarray, noise: np.ndarray) -> float:
    """The variance of values beyond what their noise, a variance each, explains; 0 where there is no more."""
    return max(float(np.var(values, ddof=1) - noise.mean()), 0.0)


def half_width(components: Components, problems: int, samples: float, confidence: float = 0.95) -> float:
    """Half the width of the interval of a mean over so many problems with so many samples each."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return z * sqrt((components.between + components.within / samples) / problems)


def problems_for(components: Components, within: float, samples: int, confidence: float = 0.95) -> int:
    """The fewest problems, with so many samples each, whose mean is known within ± `within`; at least two."""
    return max(2, ceil((half_width(components, 1, samples, confidence) / within) ** 2 * (1 - 1e-12)))


def best_plan(components: Components, completions: int, problems: int, confidence: float = 0.95) -> Plan:
    """The plan of the narrowest interval for at most so many completions where there are so many problems.

    A new problem tells more than one more sample of a known one, as it brings both variances down. So it asks as many problems as there
    are once before any twice, but for what is left over where completions and problems do not come out even.
    """
    counts = np.arange(1, min(problems, completions) + 1)
    samples = completions // counts
    best = int(np.argmin((components.between + components.within / samples) / counts))
    plan = int(counts[best]), int(samples[best])
    return Plan(*plan, half_width(components, *plan, confidence))
