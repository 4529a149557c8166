"""Which learning rate an arm takes: the one with which its pilot runs are right most often on the validation problems at the end.

The answers of all pilot seeds count alike; of two rates that are right equally often the smaller is taken. A rate at which a pilot run
broke off (a policy that collapses, say) is not. All of it is ours.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet

ACCURACY = "validation/accuracy"
MOST_VARIANCE = 0.25  # of an answer that is right or wrong
AS_OFTEN = 1e-9  # accuracies that differ by less are the same number, added up in another order
SCHEMA: dict[str, Any] = {"learning_rate": pl.Float64, "seed": pl.Int64, "accuracy": pl.Float64, "broke": pl.String}


class Pilot(BaseModel):
    """An arm that was trained with a learning rate on a pilot seed: its last stage, or why it has none (`broke`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float
    seed: int
    stage: Artifact | None = None
    broke: str = ""


class Chosen(BaseModel):
    """The learning rate that was chosen, whether it is at an `edge` of the grid ("lowest", "highest", or ""), where a rate beyond might be
    better still, and how much more often than with the next best rate the validation problems were solved (None: all others broke)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float
    edge: str
    lead: float | None


def pilot_rows(pilots: Sequence[Pilot]) -> pl.DataFrame:
    """What the grid saw, a row for every pilot run: columns of SCHEMA, `accuracy` null where it broke."""
    rows = [(pilot.learning_rate, pilot.seed, pilot.stage and last_accuracy(pilot.stage), pilot.broke) for pilot in pilots]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("learning_rate", "seed")


def last_accuracy(stage: Artifact) -> float:
    """How a stage's policy did on the validation problems when it was last asked."""
    metrics = read_parquet(stage.file("metrics/metrics.parquet")).filter(pl.col("name") == ACCURACY)
    return float(metrics.sort("step")["value"].item(-1))


def choose(rows: pl.DataFrame, arm: str) -> Chosen:
    """The learning rate to take. Raises InputError where the arm broke with each of them."""
    means = rows.group_by("learning_rate").agg(pl.col("accuracy").mean(), whole=pl.col("accuracy").is_not_null().all())
    whole = means.filter("whole").sort("learning_rate").select("learning_rate", "accuracy").rows()
    if not whole:
        why = next(iter(rows.filter(pl.col("broke") != "")["broke"]))
        raise InputError(f"arm {arm!r}: its pilot runs broke with every learning rate of the grid, the first with: {why}")
    best = max(accuracy for _, accuracy in whole)
    rate = min(rate for rate, accuracy in whole if accuracy > best - AS_OFTEN)
    others = [accuracy for other, accuracy in whole if other != rate]
    edges = {rows["learning_rate"].min(): "lowest", rows["learning_rate"].max(): "highest"}
    return Chosen(learning_rate=rate, edge=edges.get(rate, ""), lead=best - max(others) if others else None)


def error_of_difference(answers: int) -> float:
    """The standard error of a difference of two accuracies over so many answers each, at most."""
    return sqrt(2 * MOST_VARIANCE / answers)
