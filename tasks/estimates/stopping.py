"""When enough rounds of a problem are drawn: the outcomes, k of n, that settle its band.

The paper samples every problem equally often; stopping early is ours. A stop never looks at what is still to come, so the likelihood of
what was seen is the same as with a fixed number of rounds; only the plain share k/n of a problem that stopped early leans outwards.
"""

from collections.abc import Iterable
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.estimates.settings import AdaptiveSettings

SCHEMA = {"max_rounds": pl.Int64, "n": pl.Int64, "k": pl.Int64, "is_decided": pl.Boolean}

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


def stopping_rule(totals: Iterable[int], adaptive: AdaptiveSettings, edges: tuple[float, ...]) -> pl.DataFrame:
    """Whether k of n settle the band, for each N of `totals` and every n below it: columns max_rounds (N), n, k, is_decided."""
    tables = [pl.DataFrame(schema=SCHEMA)]
    for total in totals:
        n, k = (part.ravel() for part in np.indices((total, total)))
        n, k = n[(n > 0) & (k <= n)], k[(n > 0) & (k <= n)]
        decided = settled(n, k, total, adaptive, edges)
        tables.append(pl.DataFrame({"max_rounds": [total] * len(n), "n": n, "k": k, "is_decided": decided}, schema=SCHEMA))
    return pl.concat(tables)


def settled(n: Counts, k: Counts, total: int, adaptive: AdaptiveSettings, edges: tuple[float, ...]) -> NDArray[np.bool_]:
    """Whether k of n settle the band of a problem that would be drawn `total` times, by the rule that the settings name."""
    if adaptive.rule == "predictive":
        return stay_probability(n, k, total, adaptive.prior, edges) >= adaptive.confidence
    low, high = wilson(n, k, adaptive.confidence) if adaptive.rule == "wilson" else credible(n, k, adaptive.confidence, adaptive.prior)
    return bands_of(low, edges) == bands_of(high, edges)


def bands_of(accuracy: Numbers, edges: tuple[float, ...]) -> Counts:
    """The number of each accuracy's band: [0, e1), [e1, e2), …, (em, 1]; the macro `stop_band` is the same in SQL."""
    inner = np.searchsorted(np.asarray(edges[:-1]), accuracy, side="right")
    return np.where(accuracy > edges[-1], len(edges), inner)


def wilson(n: Counts, k: Counts, confidence: float) -> tuple[Numbers, Numbers]:
    """Wilson's score interval of k of n (E. B. Wilson, JASA 22, 1927); exact at its ends for k = 0 and k = n."""
    z, share = NormalDist().inv_cdf((1 + confidence) / 2), k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.where(k == 0, 0.0, centre - margin), np.where(k == n, 1.0, centre + margin)


def credible(n: Counts, k: Counts, confidence: float, prior: tuple[float, float]) -> tuple[Numbers, Numbers]:
    """The equal-tailed interval of the posterior Beta(a + k, b + n - k), reaching to the very end for k = 0 and k = n."""
    from scipy.stats import beta  # half a second to import; reruns never need it

    a, b, tail = prior[0] + k, prior[1] + n - k, (1 - confidence) / 2
    return np.where(k == 0, 0.0, beta.ppf(tail, a, b)), np.where(k == n, 1.0, beta.ppf(1 - tail, a, b))


def stay_probability(n: Counts, k: Counts, total: int, prior: tuple[float, float], edges: tuple[float, ...]) -> Numbers:
    """The probability that the accuracy over all `total` rounds lies in the band of k/n.

    The right answers among the rounds to come follow the posterior predictive, a Beta-binomial (Gelman et al., Bayesian Data Analysis,
    section 2.4).
    """
    from scipy.stats import betabinom

    own, stays = bands_of(k / n, edges), np.zeros(len(n))
    for more in range(total):
        possible = more <= total - n
        chance = betabinom.pmf(more, np.maximum(total - n, more), prior[0] + k, prior[1] + n - k)
        stays += np.where(possible & (bands_of((k + more) / total, edges) == own), chance, 0.0)
    return stays
