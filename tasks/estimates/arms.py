"""Which arms of a study are compared with which, and what is found: each with the baseline, each with the arm that it adds to, and the
primary comparisons that were named before the runs began.

The primary comparisons are a family of their own. All comparisons together, these among them, are the family of those that nobody named.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import polars as pl

from tasks.estimates.family import Judged, Scores, differences, judge

Pair = tuple[str, str]
"""An arm, and the arm that it is compared with."""
PRIMARY, EXPLORATORY = "primary", "exploratory"
SCHEMA: dict[str, Any] = {
    "study_id": pl.String,
    "arm": pl.String,
    "against": pl.String,
    "place": pl.Int64,
    "family": pl.String,
    "family_size": pl.Int64,
    "differences": pl.Int64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "p_value": pl.Float64,
    "family_low": pl.Float64,
    "family_high": pl.Float64,
    "family_p_value": pl.Float64,
}


def study_comparisons(scores: pl.DataFrame, primaries: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """The comparisons of every study, one row each: `scores` has a row for each study_id, arm and seed, `primaries` for each study_id, arm
    and against that was named."""
    rows = []
    for (study_id,), runs in scores.group_by("study_id", maintain_order=True):
        named = primaries.filter(study_id=study_id).select("arm", "against").rows()
        rows += [{"study_id": study_id, **row} for row in compared(runs, named, confidence)]
    return pl.DataFrame(rows, schema=SCHEMA)


def compared(runs: pl.DataFrame, named: Iterable[Pair], confidence: float) -> list[dict[str, Any]]:
    """The comparisons of one study, primary ones first."""
    arms = runs.unique("arm", keep="first").sort("place")
    scored = runs.filter(pl.col("accuracy").is_not_null())
    scores = {arm: dict(scored.filter(arm=arm).select("seed", "accuracy").rows()) for arm in arms["arm"]}
    primary = [pair for pair in dict.fromkeys(named) if pair[0] in scores and pair[1] in scores]
    every = list(dict.fromkeys(chain(primary, *pairs_of(arms))))
    others = [pair for pair in every if pair not in primary]
    found = in_families(scores, primary, every, confidence)
    return [row_of(place, pair, *found[pair]) for place, pair in enumerate([*primary, *others])]


def pairs_of(arms: pl.DataFrame) -> tuple[list[Pair], list[Pair]]:
    """Every arm against the baseline, and against the arm that it adds to."""
    baseline = arms.filter("is_baseline")["arm"].to_list()
    to_baseline = [(arm, first) for first in baseline for arm in arms["arm"] if arm != first]
    return to_baseline, arms.filter(pl.col("adds_to").is_not_null()).select("arm", "adds_to").rows()


def in_families(
    scores: Mapping[str, Scores], primary: list[Pair], every: list[Pair], confidence: float
) -> dict[Pair, tuple[str, int, Judged]]:
    """Each pair with its family, how many comparisons that holds, and what is found."""
    found: dict[Pair, tuple[str, int, Judged]] = {}
    for name, pairs in ((EXPLORATORY, every), (PRIMARY, primary)):
        judged = judge([differences(scores[arm], scores[against]) for arm, against in pairs], confidence)
        found |= {pair: (name, len(pairs), one) for pair, one in zip(pairs, judged, strict=True)}
    return found


def row_of(place: int, pair: Pair, family: str, size: int, judged: Judged) -> dict[str, Any]:
    """A comparison as a row."""
    return {
        "arm": pair[0],
        "against": pair[1],
        "place": place,
        "family": family,
        "family_size": size,
        "differences": judged.count,
        "difference": judged.mean,
        "difference_low": judged.low,
        "difference_high": judged.high,
        "p_value": judged.p,
        "family_low": judged.family_low,
        "family_high": judged.family_high,
        "family_p_value": judged.family_p,
    }
