"""Runs the difficulty marts over one graded profile: its problems and rounds only, whatever else its shards hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.sampling.profile import read_profile, round_limits, shard_paths
from tasks.warehouse.warehouse import open_over

if TYPE_CHECKING:
    import duckdb


def open_graded(
    graded: Artifact, problems: Sequence[Artifact], settings: DifficultySettings, wanted: Iterable[str], **options: Any
) -> duckdb.DuckDBPyConnection:
    """The `wanted` marts over the verdicts of a graded profile on `problems`; `options` are `open_over`'s own.

    Raises InputError when a shard it names is gone.
    """
    verdicts = shard_paths(graded, "verdicts")
    for shard in verdicts:
        if not shard.is_file():
            raise InputError(f"graded artifact {graded.path} names {shard}, which is gone; delete the artifact's folder and run again")
    files = {"verdicts": verdicts, "problems": [source.file("problems.parquet") for source in problems]}
    return open_over(files, settings, wanted=wanted, rounds=read_profile(graded)["rounds"], limits=round_limits(graded), **options)
