"""Reads ingested problems back, from several artifacts at once, and finds what they share."""

from collections.abc import Sequence

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import RELATIONS, read_parquet


def read_problems(artifacts: Sequence[Artifact]) -> pl.DataFrame:
    """The `problems` rows of all artifacts, in their order; a problem that is in several is there several times."""
    tables = [read_parquet(artifact.file("problems.parquet")) for artifact in artifacts]
    return pl.concat([pl.DataFrame(schema=RELATIONS["problems"]), *tables])


def load_problems(artifacts: Sequence[Artifact]) -> pl.DataFrame:
    """The problems of all artifacts, each once: a problem that is in several is taken from the first of them."""
    return read_problems(artifacts).unique("problem_id", keep="first", maintain_order=True)


def cross_duplicates(problems: Sequence[Artifact]) -> pl.DataFrame:
    """The problems that several datasets or splits hold: problem_id, dataset, split, row, answer, conflict; one row per place.

    `conflict` says that the places disagree about the answer. A train problem in a held-out split is contamination.
    """
    rows = read_problems(problems)
    places = pl.struct("dataset", "split").n_unique().over("problem_id")
    golds = pl.col("gold_id").n_unique().over("problem_id")
    shared = rows.with_columns(places=places, conflict=golds > 1).filter(pl.col("places") > 1)
    return shared.select("problem_id", "dataset", "split", "row", "answer", "conflict").sort("problem_id", "dataset", "split", "row")
