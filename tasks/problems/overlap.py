"""Keeps the parts of a recipe's problems apart: what is held out must not be trained on, and what training watches itself with is neither.

A problem is what the policy sees (see identity.py), so it is the same one under another dataset's name, in another file, and with another
gold answer. Problems that are only nearly the same are not found here but by tasks/similarity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet

READ = ["problem_id", "gold_id", "dataset", "split", "source_id"]
SHOWN = 3
SHORT = 12
WAY_OUT = (
    "choose sources, or `skip` and `limit`, that share none, or set problems.overlap to drop_train or drop_heldout, "
    "which drops them from what is trained on, or from what is held out"
)


@dataclass(frozen=True)
class Parts:
    """The problems of a recipe by what they are for, one artifact a source."""

    train: tuple[Artifact, ...]
    heldout: tuple[Artifact, ...]
    validation: tuple[Artifact, ...] = ()

    @property
    def sources(self) -> tuple[Artifact, ...]:
        """The sources of all parts, those to train on first."""
        return (*self.train, *self.heldout, *self.validation)


def check_apart(parts: Parts) -> None:
    """Raise InputError where a problem is in two of the parts, naming how many, where, and the first of them."""
    if faults := list(overlaps(parts)):
        raise InputError(f"problems: {'; '.join(faults)}; {WAY_OUT}")


def overlaps(parts: Parts) -> Iterator[str]:
    """What each two parts share, in words; nothing where they share nothing."""
    pairs = (
        ("held-out problems are also trained on", parts.heldout, parts.train),
        ("validation problems are also trained on", parts.validation, parts.train),
        ("validation problems are also held out", parts.validation, parts.heldout),
    )
    for said, ones, others in pairs:
        found = shared(places(ones), places(others))
        if not found.is_empty():
            yield described(said, found)


def places(sources: Sequence[Artifact]) -> pl.DataFrame:
    """READ of all these sources, in their order."""
    empty = pl.DataFrame(schema=dict.fromkeys(READ, pl.String))
    return pl.concat([empty, *(read_parquet(source.file("problems.parquet"), columns=READ) for source in sources)])


def shared(ones: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Each problem of `ones` that is among the others, once for each pair of datasets and splits, with `same_gold`."""
    found = ones.join(others, on="problem_id", suffix="_other", maintain_order="left")
    pairs = ["problem_id", "dataset", "split", "dataset_other", "split_other"]
    same = (pl.col("gold_id") == pl.col("gold_id_other")).any()
    return found.group_by(pairs, maintain_order=True).agg(pl.col("source_id").first(), same_gold=same)


def described(said: str, found: pl.DataFrame) -> str:
    """How many problems are shared, between which datasets, how many of them with another gold answer, and the first of them."""
    total, unlike = found["problem_id"].n_unique(), found.filter(~pl.col("same_gold"))["problem_id"].n_unique()
    counts = found.group_by("dataset", "split", "dataset_other", "split_other", maintain_order=True).len()
    where = ", ".join(f"{count} of {one}/{split} in {other}/{side}" for one, split, other, side, count in counts.iter_rows())
    first = found.unique("problem_id", keep="first", maintain_order=True).head(SHOWN)
    ids = ", ".join(f"{problem[:SHORT]} ({source})" for problem, source in first.select("problem_id", "source_id").iter_rows())
    gold = f", {unlike} of them with another gold answer" if unlike else ""
    if total == 1:
        said = said.replace("problems are", "problem is")
    return f"{total} {said} ({where}{gold}; {'the first: ' if total > SHOWN else ''}{ids})"
