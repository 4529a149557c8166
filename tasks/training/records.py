"""What a stage remembers of itself: the `groups` and `metrics` tables, kept in memory and written whole into each checkpoint.

Rows therefore live and die with the checkpoint they belong to: a run that is killed and resumed ends with the tables of an undisturbed
one. No wall-clock value is a metric, for the same reason.
"""

from pathlib import Path
from typing import Any

import polars as pl

from tasks.lake.lake import RELATIONS, conform, read_parquet, write_parquet

WALL_CLOCK = ("step_time", "train_", "total_flos", "epoch")


class Records:
    """The rows of one stage so far."""

    def __init__(self, stage_id: str, checkpoint: Path | None = None) -> None:
        """Rows of nothing yet, or those that `checkpoint` holds."""
        self.stage_id = stage_id
        self.groups: list[dict[str, Any]] = _rows(checkpoint, "groups")
        self.metrics: list[dict[str, Any]] = _rows(checkpoint, "metrics")

    def add_groups(self, step: int, groups: list[dict[str, Any]]) -> None:
        """Remember the groups that step `step` (1 first) learns from; each row lacks only the stage and the step."""
        self.groups += [{"stage_id": self.stage_id, "step": step, **group} for group in groups]

    def add_metrics(self, step: int, values: dict[str, Any]) -> None:
        """Remember a step's numbers by name; what measures time, or is no number, is left out."""
        kept = {name: value for name, value in values.items() if isinstance(value, int | float) and not name.startswith(WALL_CLOCK)}
        rows = [{"stage_id": self.stage_id, "step": step, "name": name, "value": float(value)} for name, value in kept.items()]
        self.metrics += rows

    def series(self, name: str) -> list[float]:
        """The values of a metric, step by step."""
        return [row["value"] for row in self.metrics if row["name"] == name]

    def write(self, folder: Path) -> None:
        """Write `groups/groups.parquet` and `metrics/metrics.parquet` under `folder`."""
        for relation in ("groups", "metrics"):
            frame = pl.DataFrame(getattr(self, relation), schema=RELATIONS[relation])
            write_parquet(conform(frame, relation), folder / relation / f"{relation}.parquet")


def _rows(checkpoint: Path | None, relation: str) -> list[dict[str, Any]]:
    return read_parquet(checkpoint / relation / f"{relation}.parquet").to_dicts() if checkpoint else []
