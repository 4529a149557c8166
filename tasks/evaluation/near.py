"""Which held-out problems are nearly the same as one that was trained on, by the pairs that tasks/similarity has found."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.similarity.task import PAIRS

KINDS = ("exact", "near", "image")  # the closer first; the last shares a picture only, and is another question
COPIES = ("exact", "near")
SCHEMA = {
    "problem_id": pl.String,
    "kind": pl.String,
    "train_problem_id": pl.String,
    "text_similarity": pl.Float64,
    "image_distance": pl.Float64,
}


def near_trained(heldout: pl.Series, trained: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
    """A row (SCHEMA) for each held-out problem that is, exactly, nearly, or by its picture alone, one of those trained on.

    Of several matches it is with the closest one. `pairs` are rows of `near_pairs`, each pair once.
    """
    turned = pairs.rename({"problem_id": "other_id", "other_id": "problem_id"})
    both = pl.concat([pairs, turned.select(pairs.columns)]).rename({"other_id": "train_problem_id"})
    exact = pl.DataFrame({"problem_id": heldout.filter(heldout.is_in(trained.implode())).unique()}).with_columns(
        kind=pl.lit("exact"), train_problem_id="problem_id", text_similarity=pl.lit(1.0), image_distance=pl.lit(0.0)
    )
    found = pl.concat([part.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()) for part in (exact, both)])
    mine = found.filter(pl.col("problem_id").is_in(heldout.implode()), pl.col("train_problem_id").is_in(trained.implode()))
    rank = pl.col("kind").replace_strict({kind: place for place, kind in enumerate(KINDS)}, return_dtype=pl.Int64)
    ordered = mine.sort(rank, -pl.col("text_similarity"), "image_distance", "train_problem_id")
    return ordered.unique("problem_id", keep="first", maintain_order=True).sort("problem_id")


def trained_on(sets: Sequence[Artifact]) -> pl.Series:
    """The ids of all problems that these curated sets give to stages."""
    files = [read_parquet(item.file("curated.parquet"), columns=["problem_id"]) for item in sets]
    return pl.concat([pl.DataFrame(schema={"problem_id": pl.String}), *files])["problem_id"].unique()


def near_facts(heldout: pl.Series, trained: pl.Series, near: pl.DataFrame, similarity: Artifact) -> dict[str, Any]:
    """What a manifest tells of them: how many of each kind, of how many, and by which look for similar problems."""
    counts = {kind: int((near["kind"] == kind).sum()) for kind in KINDS}
    return {"similarity": similarity.key, "heldout": heldout.n_unique(), "trained_on": len(trained), **counts}


def read_pairs(similarity: Artifact) -> pl.DataFrame:
    """The pairs that a look for similar problems found."""
    return read_parquet(similarity.file(PAIRS))
