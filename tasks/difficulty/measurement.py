"""Runs the difficulty marts over one graded profile: its problems and rounds only, whatever else its shards hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.sampling.profile import read_profile, round_limits, shard_paths
from tasks.warehouse.building import open_over
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb


def open_graded(graded: Artifact, problems: Sequence[Artifact], settings: MartSettings, wanted: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """The `wanted` marts over the verdicts of a graded profile on `problems`: of the rounds that it names, whatever else its shards hold.

    Raises InputError when a shard it names is gone.
    """
    verdicts = shard_paths(graded, "verdicts")
    for shard in verdicts:
        if not shard.is_file():
            raise InputError(f"graded artifact {graded.path} names {shard}, which is gone; delete the artifact's folder and run again")
    files = {
        "verdicts": verdicts,
        "rollouts": shard_paths(graded, "rollouts"),
        "problems": [source.file("problems.parquet") for source in problems],
        "policies": Lake(graded.home).files("policies"),  # which of them are panels
    }
    counted = {"rounds": read_profile(graded)["rounds"], "round_limits": round_limits(graded)}
    return open_over(files, settings.model_copy(update=counted), wanted=wanted)
