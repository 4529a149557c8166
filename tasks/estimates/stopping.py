"""When enough rounds of a problem are drawn: the outcomes, k of n, that settle it.

The paper samples every problem equally often; stopping early is ours. A stop never looks at what is still to come, so the likelihood of
what was seen is the same as with a fixed number of rounds: the posterior (posterior.py) holds. The plain share k/n does not. It leans
inwards: whoever strays towards an edge is drawn on until it comes back, and whoever lies between two edges stops at once, so that k/n of
problems whose p is 0.15 is 0.19 on average, and of those whose p is 0.73 it is 0.68 (the rule "predictive", 16 rounds, p from a U).
"""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.estimates.fit import PROFILE
from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import Prior, prior_of
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.estimates.value import First, Outlook, best_plan

SCHEMA = dict.fromkeys(PROFILE, pl.String) | {
    "length": pl.Int64,
    "n": pl.Int64,
    "k": pl.Int64,
    "is_decided": pl.Boolean,
    "p_mean": pl.Float64,
    "later_low": pl.Int64,
    "later_high": pl.Int64,
    "later_chance": pl.Float64,
}

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


def stopping_rule(outcomes: pl.DataFrame, adaptive: AdaptiveSettings, bands: DifficultySettings) -> pl.DataFrame:
    """Whether k of n settle a problem, for each profile and length of `first_outcomes` (see sql/marts/) and every n below its N; and what
    the posterior says then: `p_mean`, and the interval of the right ones among the N - n samples to come."""
    tables = [pl.DataFrame(schema=SCHEMA)]
    for profile, first in outcomes.group_by(PROFILE, maintain_order=True):
        total, prior = samples_in(first), prior_of(first["k"], first["n"], first["problems"])
        n, k = (part.ravel() for part in np.indices((total, total)))
        n, k = n[(n > 0) & (k <= n)], k[(n > 0) & (k <= n)]
        said = foreseen(n, k, total, prior, bands.confidence)
        said = said.with_columns(pl.lit(value).alias(name) for name, value in zip(PROFILE, profile, strict=True))
        for length, decided in decisions(first, (n, k), prior, adaptive, bands):
            table = said.with_columns(length=pl.lit(length), is_decided=pl.Series(decided))
            tables.append(table.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()))
    return pl.concat(tables)


def samples_in(first: pl.DataFrame) -> int:
    """The most samples that a problem of a profile has in the end: one a round, or as many as it has by now where rounds had several."""
    return max(int(first["max_rounds"][0]), *first["n"])


def decisions(
    first: pl.DataFrame, outcomes: tuple[Counts, Counts], prior: Prior, adaptive: AdaptiveSettings, bands: DifficultySettings
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Each length of a profile's first outcomes, and which outcomes, n and k, settle problems of it."""
    lengths, total = first["length"].unique().sort(), samples_in(first)
    if adaptive.rule != "value":
        decided = settled(*outcomes, total, adaptive, adaptive.cuts(bands))
        yield from ((length, decided) for length in lengths)
        return
    plan = best_plan(Outlook(prior, adaptive.kept(bands), total, adaptive.every), first_of(first, lengths), adaptive)
    yield from ((length, ~plan.goes_on[outcomes[0], place, outcomes[1]]) for place, length in enumerate(lengths))


def first_of(outcomes: pl.DataFrame, lengths: pl.Series) -> First:
    """A profile's rows of `first_outcomes` in arrays; a length is twice the binary logarithm of the tokens."""
    tokens = 2.0 ** (lengths.to_numpy() / 2)
    place = lengths.search_sorted(outcomes["length"]).to_numpy()
    n, k, problems = (outcomes[name].to_numpy() for name in ("n", "k", "problems"))
    return First(tokens, place, n, k, problems.astype(float))


def foreseen(n: Counts, k: Counts, total: int, prior: Prior, confidence: float) -> pl.DataFrame:
    """What the posterior after k of n says: `p_mean`; the right ones among the total - n samples to come, from `later_low` to `later_high`
    (the equal-tailed interval of that confidence); and how likely they lie there, `later_chance`, which is more as they are whole."""
    posterior, tail = posterior_of(k, n, prior), (1 - confidence) / 2
    low, high, chance = np.zeros(len(n), int), np.zeros(len(n), int), np.zeros(len(n))
    for drawn in np.unique(n):
        here = n == drawn
        reached = posterior_of(k[here], n[here], prior).predictive(total - drawn).cumsum(axis=1)
        low[here], high[here] = (reached <= tail).sum(axis=1), (reached < 1 - tail).sum(axis=1)
        padded = np.pad(reached, ((0, 0), (1, 0)))
        rows = np.arange(here.sum())
        high[here] = np.minimum(high[here], total - drawn)
        chance[here] = reached[rows, high[here]] - padded[rows, low[here]]
    return pl.DataFrame({"n": n, "k": k, "p_mean": posterior.mean, "later_low": low, "later_high": high, "later_chance": chance})


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
