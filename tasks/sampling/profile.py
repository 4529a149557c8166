"""A profile: the rollouts of some problems by one policy, under one way of sampling, over so many rounds.

Shards only ever grow, so a profile does not copy rollouts: its `shards.json` names the shards that hold them, with their digests. Where
rounds were adaptive it also names the artifact that says which problems stopped earlier: later rounds of these do not belong to it,
even where the lake has them from another run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.files import file_digest
from tasks.lake.artifacts import Artifact
from tasks.lake.counting import NAMED_IN, read_shards, write_shards
from tasks.lake.lake import RELATIONS, Lake


def write_profile(folder: Path, lake: Lake, *, rollouts: Sequence[Path], facts: dict[str, Any]) -> None:
    """Write `shards.json` into an artifact that is being built: `facts`, and the shards as paths relative to the lake's home."""
    shards = {path.relative_to(lake.home).as_posix(): file_digest(path) for path in rollouts}
    write_shards(folder, {**facts, "rollouts": list(shards), "digests": shards})


def read_profile(profile: Artifact) -> dict[str, Any]:
    """What `shards.json` of a profile (or of a graded one) says."""
    return read_shards(profile.file(NAMED_IN).parent)


def rounds_of(profile: Artifact) -> Any:
    """How many rounds a profile has, or a graded one: of one that is not made, as far as its request settles that."""
    return read_profile(profile)["rounds"] if profile.is_complete else profile.manifest["rounds"]


def shard_paths(profile: Artifact, relation: str) -> list[Path]:
    """The files that hold the shards of "rollouts" or "verdicts" that a profile names: after a compaction, those that took them in."""
    return Lake(profile.home).present(read_profile(profile)[relation])


def round_limits(profile: Artifact) -> Path | None:
    """The file (problem_id, rounds) of the problems of a profile that stopped before its last round; None where none did."""
    stops = read_profile(profile).get("stops")
    return None if stops is None else Artifact(home=profile.home, kind="stops", key=stops).file("stops.parquet")


def holding(shards: Sequence[Path], problem_ids: pl.Series) -> list[Path]:
    """The shards that hold a row of any of these problems. Reads one column of all of them in one pass, a piece at a time."""
    if not shards:
        return []
    rows = pl.scan_parquet(list(shards), glob=False, include_file_paths="shard").filter(pl.col("problem_id").is_in(problem_ids.implode()))
    found = set(rows.select(pl.col("shard").unique()).collect(engine="streaming")["shard"])
    return [path for path in shards if str(path) in found]


def profile_rollouts(profile: Artifact, problem_ids: pl.Series, columns: Sequence[str] = tuple(RELATIONS["rollouts"])) -> pl.DataFrame:
    """The rollouts of a profile: its problems and rounds only, ordered by problem, round and sample; of `columns` only, the key's among
    them."""
    return rows_of(profile, "rollouts", problem_ids).select(columns).sort("problem_id", "round", "sample").collect()


def rows_of(profile: Artifact, relation: str, problem_ids: pl.Series) -> pl.LazyFrame:
    """The "rollouts" or "verdicts" of a profile on these problems: of its rounds only."""
    facts = read_profile(profile)
    rows = pl.scan_parquet(shard_paths(profile, relation), glob=False)
    limits, rounds = round_limits(profile), pl.lit(facts["rounds"])
    if limits is not None:
        rows, rounds = rows.join(pl.scan_parquet(limits, glob=False), on="problem_id", how="left"), pl.col("rounds").fill_null(rounds)
    return rows.filter(pl.col("problem_id").is_in(problem_ids.implode()), pl.col("round") < rounds).drop("rounds", strict=False)
