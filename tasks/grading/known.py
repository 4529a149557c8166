"""What the same judges have said of the same responses under another grader's name, so that a change of one judge asks only that one anew.

A recipe's verdicts are all by one grader (see verdict.py), whose name changes with each of its parts: with the verifier of one dataset, or
with a second opinion. What the other parts have said is found by the rule of a stored verdict, which is a verifier's own id where one has
judged, and else a rule of the grader that the name begins with. What time, memory or a judge decided is not taken over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.grading.settings import GradingSettings
from tasks.grading.shards import PLACE
from tasks.grading.verdict import BY_DATASET, JUDGE, SECOND, Grade, Verdict, judge_id
from tasks.lake.compacted import live, manifests, partition_of
from tasks.lake.lake import Lake

VERIFIER = "verifier-"
PASSING = ("time", "memory", "worker_died", "verifier", JUDGE)
"""Rules of verdicts that say nothing for good of what a judge says, or not which."""


@dataclass(frozen=True)
class Known:
    """Where the verdicts lie that can be taken over: for each problem's number, round and sample the number of a file in `files`."""

    files: tuple[Path, ...]
    places: pl.DataFrame

    def grades(self, rollouts: pl.DataFrame) -> list[Grade | None]:
        """What is known of each of these rollouts."""
        held = rollouts.select("problem_id", "gold_id", *PLACE[1:], "problem").join(self.places, on=PLACE, how="inner")
        if held.is_empty():
            return [None] * len(rollouts)
        rows = pl.concat(self.rows_of(number, part) for (number,), part in held.group_by("file"))
        said = {row[:4]: Grade(Verdict(row[4]), *row[5:]) for row in rows.iter_rows()}
        return [said.get(key) for key in rollouts.select("problem_id", "gold_id", "round", "sample").iter_rows()]

    def rows_of(self, number: int, held: pl.DataFrame) -> pl.DataFrame:
        """The verdicts of these rollouts in one file."""
        keys = ["problem_id", "gold_id", "round", "sample"]
        rows = pl.scan_parquet(self.files[number], glob=False).filter(pl.col("problem_id").is_in(held["problem_id"].unique().implode()))
        mine = rows.join(held.lazy().select(keys), on=keys, how="semi")
        return mine.select(*keys, "verdict", "extracted", "rule", "format_ok").collect()


def find_known(lake: Lake, ids: tuple[str, str, str], settings: GradingSettings, golds: pl.DataFrame) -> Known:
    """What other graders' verdicts hold of what the settings' judges would say; `ids` are grader, policy and way of sampling."""
    wanted = golds.select("problem_id", "gold_id", "problem", judge=judges_of(golds, settings))
    files: list[Path] = []
    places = [pl.DataFrame(schema={"problem": pl.UInt32, "round": pl.UInt32, "sample": pl.UInt32, "file": pl.UInt32})]
    for name, first in others(lake, ids, set(wanted["judge"])):
        for path in lake.shards(lake.home / "verdicts" / name):
            places.append(held_in(path, first, wanted).with_columns(file=pl.lit(len(files), pl.UInt32)).cast(places[0].schema))
            files.append(path)
    return Known(tuple(files), pl.concat(places).unique(PLACE, keep="first", maintain_order=True))


def judges_of(golds: pl.DataFrame, settings: GradingSettings) -> pl.Series:
    """Who judges each problem."""
    ids = {dataset: judge_id(settings.verifier_of(dataset)) for dataset in golds["dataset"].unique()}
    return golds["dataset"].replace_strict(ids, return_dtype=pl.String)


def others(lake: Lake, ids: tuple[str, str, str], wanted: set[str]) -> Iterator[tuple[str, str]]:
    """The other partitions of the same policy and sampling that may hold what one of these judges said, with whom their name begins."""
    mine, *answered = ids
    folders = {partition_of(path.as_posix()) for path in (lake.home / "verdicts").glob("*") if path.is_dir()}
    partitions = folders | {part.partition for part in live(manifests(lake.home), "verdicts")}
    ending = "".join(f"-{one}" for one in answered)
    for name in sorted(partitions):
        grader = name.removesuffix(ending)
        if grader in (name, mine):
            continue
        first = grader.partition(SECOND)[0].partition(BY_DATASET)[0]
        if first in wanted or (BY_DATASET in grader and any(judge.startswith(VERIFIER) for judge in wanted)):
            yield name, first


def held_in(path: Path, first: str, wanted: pl.DataFrame) -> pl.DataFrame:
    """Problem's number, round and sample of the verdicts of a file that are what is wanted."""
    by_rule = pl.lit(None, pl.String) if first.startswith(VERIFIER) else pl.lit(first)
    judge = pl.when(pl.col("rule").str.starts_with(VERIFIER)).then("rule").otherwise(by_rule)
    rows = pl.scan_parquet(path, glob=False).filter(~pl.col("rule").is_in(PASSING)).with_columns(judge=judge)
    return rows.join(wanted.lazy(), on=["problem_id", "gold_id", "judge"]).select(PLACE).collect(engine="streaming")
