"""What becomes of a shard over which somebody has died: it is tried again, then cut, and what is at fault is set aside in the end.

Whoever dies leaves no word of which problem it was. So a shard that has failed MOST_TRIES times is cut in two, again and again, until one
problem is left: it is set aside with the reason, and the run goes on.
"""

import logging
from collections.abc import Callable

import polars as pl

from tasks.lake.lake import Lake
from tasks.sampling.holes import note_holes
from tasks.sampling.journal import journal_folder, written_down
from tasks.sampling.requests import KEY
from tasks.sampling.shard_queue import Shard
from tasks.sampling.worker import SampleSpec, partition_of

MOST_TRIES = 3


def after_failure(spec: SampleSpec, shard: Shard, cause: str, log: Callable[[int, str], None]) -> list[Shard]:
    """The shards in the place of one that has failed once more."""
    if (partition_of(spec, Lake(spec.home)) / f"{shard.name}.parquet").exists():
        return []  # all of it is drawn: whoever had it died between the last two strokes
    tries = shard.tries + 1
    if tries < MOST_TRIES:
        return [Shard(shard.keys, tries)]
    return halves(shard.keys) or without(spec, shard.keys, cause, log)


def halves(keys: pl.DataFrame) -> list[Shard]:
    """Keys in two parts by their problems, each of which may fail once; none where they are of one problem."""
    problems = keys["problem_id"].unique(maintain_order=True)
    if len(problems) == 1:
        return []
    is_first = keys["problem_id"].is_in(problems.head(len(problems) // 2).implode())
    return [Shard(keys.filter(half), MOST_TRIES - 1) for half in (is_first, ~is_first)]


def without(spec: SampleSpec, keys: pl.DataFrame, cause: str, log: Callable[[int, str], None]) -> list[Shard]:
    """Set one problem's keys aside with the reason; what is finished of them stays to be appended."""
    assert spec.folder is not None
    done = written_down(journal_folder(Lake(spec.home), spec.policy.policy_id, spec.sampling_id), keys)
    left = keys.join(done, on=KEY, how="anti", maintain_order="left")
    reason = f"problem {keys['problem_id'][0]}: whoever draws it dies: {cause}"
    note_holes(spec.folder, left.with_columns(reason=pl.lit(reason)))
    log(logging.WARNING, f"{len(left)} completions are set aside. {reason}")
    return [Shard(done)] if len(done) else []
