"""Which strata an audit is drawn by, and how many verdicts of each: rare rules and refusals get more than their share, all get a chance.

A kind of verdict (grader, verdict, dataset, rule, policy) is a stratum of its own where it holds LEAST_SHARE of its side; smaller ones are
merged, first over policies, then over rules, then over datasets. Strata do not depend on the size of the sample, and of each stratum the
k-th verdict has its turn at (k - 1 + u) / share, u a random part of a turn: so the first n turns are the audit of n, one of more verdicts
extends one of fewer, and with fewer verdicts than strata every stratum still has its chance (systematic sampling, in random order within).
"""

from typing import Any

import numpy as np
import polars as pl

from tasks.base.files import digest

LEAST_SHARE = 0.05  # with less, strata have a label or two each in a sample of 100
SIDES = {"correct": "right", "incorrect": "refused", "unparseable": "refused", "timeout": "timeout"}
WEIGHTS = {"right": 1.0, "refused": 1.0, "timeout": 0.1}
"""How much of a sample each side gets. Precision needs those called right and recall the refused, which may be few; timeouts are in no
accuracy, and are looked at only so that somebody has."""
KIND = ("grader_id", "verdict", "dataset", "rule", "policy_id")
LEVELS = (KIND, KIND[:4], KIND[:3], KIND[:2])  # by what kinds are together in a stratum, the finest first


def with_strata(kinds: pl.DataFrame) -> pl.DataFrame:
    """The kinds of verdicts, each with its `side` and the `stratum` that it belongs to: the finest that is large enough."""
    told = [name for name in KIND if name != "grader_id" or kinds["grader_id"].n_unique() > 1]
    side = pl.col("verdict").replace_strict(SIDES, return_dtype=pl.String)
    rows = kinds.with_columns(side=side, stratum=pl.lit(None, dtype=pl.String))
    for level in LEVELS:
        is_open = pl.col("stratum").is_null()
        size = pl.col("verdicts").filter(is_open).sum().over(level)
        is_large = (size >= LEAST_SHARE * pl.col("verdicts").sum().over("side")) | pl.lit(level == LEVELS[-1])
        names = [*([] if level == KIND else [pl.lit("others")]), *(pl.col(name) for name in level if name in told)]
        rows = rows.with_columns(stratum=pl.when(is_open & is_large).then(pl.concat_str(names, separator=" · ")).otherwise("stratum"))
    return rows


def shares(kinds: pl.DataFrame) -> pl.DataFrame:
    """The strata with their `verdicts`, and the `share` of the sample that each gets: in its side by the root of its size, which gives
    small ones more than their part without starving the large."""
    strata = kinds.group_by("side", "stratum").agg(pl.col("verdicts").sum()).sort("side", "stratum")
    root, weight = pl.col("verdicts").sqrt(), pl.col("side").replace_strict(WEIGHTS, return_dtype=pl.Float64)
    return strata.with_columns(share=weight * root / root.sum().over("side"))


def turns(strata: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """Whose turn it is, for the first n: `stratum`, which of its verdicts (`turn`, the first is 1), and the `place` in the sample."""
    rows = []
    for stratum, verdicts, share in strata.select("stratum", "verdicts", "share").iter_rows():
        begin = int(digest([seed, stratum])[:13], 16) / 16**13
        own = np.arange(1, min(verdicts, n) + 1)
        rows.append(pl.DataFrame({"stratum": [stratum] * len(own), "turn": own, "at": (own - 1 + begin) / share}))
    first = pl.concat(rows).sort("at", "stratum", "turn").head(n)
    return first.select("stratum", "turn", place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def wanted(kinds: pl.DataFrame, strata: pl.DataFrame, chosen: pl.DataFrame) -> list[dict[str, Any]]:
    """What the draw is told of each kind that has a stratum whose turn comes: `wanted` of the stratum, and how far its digests reach."""
    counts = chosen.group_by("stratum").agg(wanted=pl.len())
    sizes = strata.select("stratum", size="verdicts")
    rows = kinds.join(counts, on="stratum", how="inner", maintain_order="left").join(sizes, on="stratum", maintain_order="left")
    return [
        {name: row[name] for name in (*KIND, "stratum", "wanted")} | {"reach": reach(row["wanted"], row["size"])}
        for row in rows.iter_rows(named=True)
    ]


def reach(wanted: int, verdicts: int) -> str:
    """The beginning of a digest in hexadecimal below which so many of the verdicts surely lie, ten standard deviations of them more."""
    share = (wanted + 10 * wanted**0.5 + 50) / verdicts
    return "g" if share >= 1 else f"{int(share * 16**8):08x}"
