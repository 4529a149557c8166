"""Reads the evaluation's summary: which places to show, how they are called, and k of avg@k."""

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.wording import label

ALL = ("all", "all")
PLAIN_SPLITS = ("heldout", "test", "")
IS_ALL = (pl.col("dataset") == "all") & (pl.col("split") == "all")


def read_scores(evaluation: Artifact, name: str = "summary.parquet") -> pl.DataFrame:
    """The rows of a file of an evaluation, its policies in the order in which they were compared: base first, then as they were trained."""
    rows, arms = read_parquet(evaluation.file(name)), evaluation.manifest.get("arms", [])
    order = {policy: place for place, policy in enumerate(dict.fromkeys(arm["policy"] for arm in arms))}
    place = rows["policy"].replace_strict(order, default=len(order), return_dtype=pl.Int64)
    return rows.sort(place, maintain_order=True)


def shown_places(summary: pl.DataFrame) -> list[tuple[str, str]]:
    """Each dataset and split once, "all" first; without it where there is one dataset only, which it would repeat."""
    ordered = summary.select("dataset", "split").unique().sort(IS_ALL, "dataset", "split", descending=[True, False, False]).rows()
    return ordered[1:] if len(ordered) == 2 and ordered[0] == ALL else ordered


def place_title(dataset: str, split: str) -> str:
    """A dataset and split; "all" is every held-out problem."""
    if (dataset, split) == ALL:
        return "All held-out problems"
    return label(dataset) if split in PLAIN_SPLITS else f"{label(dataset)} / {label(split)}"


def average_title(summary: pl.DataFrame) -> str:
    """ "avg@k" with the k of this evaluation, where it is the same for all rows."""
    measured = summary.filter(pl.col("problems") > 0)
    ratios = {round(samples / problems) for samples, problems in measured.select("samples", "problems").iter_rows()}
    return f"avg@{ratios.pop()}" if len(ratios) == 1 else "avg@k"
