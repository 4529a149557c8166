"""Candidates for rules out of bare counts: what the warehouse would make of them."""

import polars as pl

from tasks.curation.candidates import Candidates, nobody
from tasks.estimates.outcomes import posteriors, priors
from tasks.estimates.settings import BANDS, DifficultySettings

IDS = {"split": "train", "policy_id": "base", "sampling_id": "warm", "grader_id": "strict"}
EDGES = DifficultySettings()


def candidates_of(rows: pl.DataFrame) -> Candidates:
    """The candidates of `problem_id`, `n`, `k` and perhaps `dataset`, `metadata` and more, by the fit of each dataset."""
    filled = {"gold_id": "gold", "dataset": "geometry", "metadata": "{}", "accuracy_low": None, "accuracy_high": None, **IDS}
    share, edges = pl.col("k") / pl.col("n"), (EDGES.low, EDGES.hard_below, EDGES.medium_below, EDGES.high)
    given = rows.with_columns(
        accuracy=share,
        band=share.cut(edges, labels=BANDS).cast(pl.String),
        **{name: pl.lit(value) for name, value in filled.items() if name not in rows.columns},
    )
    counts = given.select(pl.col(name).cast(dtype) for name, dtype in nobody().counts.schema.items())
    outcomes = counts.group_by("dataset", *IDS, "k", "n").len("problems").sort("dataset", "n", "k")
    return Candidates(counts, posteriors(outcomes, priors(outcomes), EDGES))
