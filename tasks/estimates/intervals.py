"""Student's t quantiles: intervals over a handful of seeds are wider than a normal quantile says."""

from collections.abc import Iterable

import polars as pl


def t_quantiles(seeds: Iterable[int], confidence: float) -> pl.DataFrame:
    """For each number of seeds the t quantile of a two-sided interval of that confidence: columns seeds, t (null for one seed)."""
    found = [(n, t_quantile((1 + confidence) / 2, n - 1) if n > 1 else None) for n in sorted(set(seeds))]
    return pl.DataFrame(found, schema={"seeds": pl.Int64, "t": pl.Float64}, orient="row")


def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t with so many degrees of freedom."""
    from scipy.special import stdtrit  # a quarter of a second to import; a lake without a study never needs it

    return float(stdtrit(degrees, probability))
