"""The rollouts of a profile that have no verdict yet, a shard at a time, and the verdicts of a shard.

Memory holds one shard of responses, the gold answers, and three small integers for each verdict that is there already.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tasks.base.files import digest
from tasks.grading.verdict import Gold, Grade
from tasks.lake.lake import RELATIONS, ROLLOUT_KEY, Lake, read_parquet
from tasks.problems.precision import stated_precision

if TYPE_CHECKING:
    from tasks.grading.judges import Judges

SHARD_ROWS = 8192
PLACE = ["problem", "round", "sample"]


def gold_answers(problems: pl.DataFrame, limits: Path | None, rounds: int) -> pl.DataFrame:
    """What each problem is graded by: problem_id, gold_id, answer, choices, question, dataset, precision, the rounds that count, and its
    number. `problems` are those of all places: one that lies in several is taken as it is in the first of them, and is of the dataset that
    is the first in the alphabet, as it is for curation and with that for training.

    `limits` is the file of the problems that stopped before the last of the profile's `rounds`.
    """
    placed = problems.with_columns(pl.col("dataset").min().over("problem_id"))
    problems = placed.unique("problem_id", keep="first", maintain_order=True)
    decimals = [stated_precision(*row) for row in problems.select("question", "metadata").iter_rows()]
    rows = problems.select("problem_id", "gold_id", "answer", "choices", "question", "dataset").with_row_index("problem")
    rows = rows.with_columns(pl.Series("precision", decimals, dtype=pl.Int64))
    if limits is None:
        return rows.with_columns(pl.lit(rounds).alias("rounds"))
    stopped = read_parquet(limits, columns=["problem_id", "rounds"])
    return rows.join(stopped, on="problem_id", how="left", maintain_order="left").with_columns(pl.col("rounds").fill_null(rounds))


class Ungraded:
    """Iterates over (rows of the shards read so far, name, rollouts with their gold answers), one item for each shard's worth of rows.

    `name` is what to call the verdicts' shard: the digest of its keys, and empty where nothing of the shard is left to grade. A shard
    longer than SHARD_ROWS, as an import may write it, is cut. The order is that of the files, so that a killed run goes on where it was.
    """

    def __init__(self, shards: Sequence[Path], golds: pl.DataFrame, lake: Lake, partition: Path) -> None:
        import pyarrow.parquet as pq  # brings pyarrow and NumPy, which plans and reruns do without

        self.shards, self.golds, self.partition = shards, golds, partition
        self.total = sum(pq.read_metadata(path).num_rows for path in shards)
        self.done = graded_places(lake, partition, golds)

    def __iter__(self) -> Iterator[tuple[int, str, pl.DataFrame]]:
        import pyarrow.parquet as pq

        seen = 0
        for path in self.shards:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=SHARD_ROWS):
                    seen += len(batch)
                    left = self.left_of(pl.DataFrame(batch))
                    yield seen, digest(left.select(*ROLLOUT_KEY, "gold_id").rows()) if len(left) else "", left

    def left_of(self, rollouts: pl.DataFrame) -> pl.DataFrame:
        """The rollouts of the profile's problems and rounds that have no verdict under their gold answer."""
        mine = rollouts.join(self.golds, on="problem_id", maintain_order="left").filter(pl.col("round") < pl.col("rounds"))
        places = mine.with_columns(pl.col("round", "sample").cast(pl.UInt32))
        return places.join(self.done, on=PLACE, how="anti", maintain_order="left")


def graded_places(lake: Lake, partition: Path, golds: pl.DataFrame) -> pl.DataFrame:
    """Problem number, round and sample (12 bytes) of every verdict that is there under the present gold answers."""
    wanted = golds.lazy().select("problem_id", "gold_id", "problem")
    verdicts = lake.scan("verdicts", lake.shards(partition)).join(wanted, on=["problem_id", "gold_id"])
    return verdicts.select("problem", pl.col("round", "sample").cast(pl.UInt32)).collect(engine="streaming")


def grades_of(rollouts: pl.DataFrame, judges: "Judges", before: Sequence[Grade | None] = ()) -> list[Grade]:
    """What is said of each of these rollouts, of which `before` tells what was said of them without a second opinion (None: nothing)."""
    known: dict[int, Gold] = {}
    asked = rollouts.select("problem", "answer", "choices", "precision", "question", "dataset").unique("problem")
    for problem, answer, choices, precision, question, dataset in asked.iter_rows():
        known[problem] = Gold(answer, tuple(choices or ()), precision, question, dataset)
    return judges.grade(rollouts["response"].to_list(), [known[problem] for problem in rollouts["problem"]], before)


def verdict_rows(rollouts: pl.DataFrame, grades: Sequence[Grade], grader: str) -> pl.DataFrame:
    """The lake's verdicts of these rollouts, by the grader of that id."""
    columns: dict[str, list] = {
        "verdict": [grade.verdict.value for grade in grades],
        "extracted": [grade.extracted for grade in grades],
        "rule": [grade.rule for grade in grades],
        "format_ok": [grade.format_ok for grade in grades],
    }
    return rollouts.select(*ROLLOUT_KEY, "gold_id").with_columns(
        pl.lit(grader).alias("grader_id"), *(pl.Series(name, values) for name, values in columns.items())
    )


def opinion_rows(rollouts: pl.DataFrame, grades: Sequence[Grade], grader: str) -> pl.DataFrame:
    """The lake's opinions on these rollouts: a row for each that a judge was asked about."""
    places = [place for place, grade in enumerate(grades) if grade.opinion]
    found = [grade.opinion for grade in grades if grade.opinion]
    columns: dict[str, list] = {
        "first_verdict": [opinion.first.value for opinion in found],
        "first_rule": [opinion.rule for opinion in found],
        "judge_said": [opinion.word for opinion in found],
        "accepts": [opinion.accepts for opinion in found],
        "decided_by": [opinion.decided_by for opinion in found],
    }
    return rollouts.select(*ROLLOUT_KEY, "gold_id")[places].with_columns(
        pl.lit(grader).alias("grader_id"), *(pl.Series(name, values, RELATIONS["opinions"][name]) for name, values in columns.items())
    )
