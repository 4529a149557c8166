"""What a stage remembers of itself: the tables `groups`, `metrics` and, where it chooses its problems, `selections`, kept in memory and
written whole into each checkpoint.

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
        self.selections: list[dict[str, Any]] = _rows(checkpoint, "selections")

    def add_groups(self, step: int, groups: list[dict[str, Any]]) -> None:
        """Remember the groups that step `step` (1 first) learns from; each row lacks only the stage and the step."""
        self.groups += [{"stage_id": self.stage_id, "step": step, **group} for group in groups]

    def add_selections(self, step: int, draws: list[dict[str, Any]]) -> None:
        """Remember a step's draws, in the order in which they were drawn; each row lacks only stage, step and place."""
        rows = [{"stage_id": self.stage_id, "step": step, "place": place, **draw} for place, draw in enumerate(draws, start=1)]
        self.selections += rows

    def add_metrics(self, step: int, values: dict[str, Any]) -> None:
        """Remember a step's numbers by name; what measures time, or is no number, is left out."""
        kept = {name: value for name, value in values.items() if isinstance(value, int | float) and not name.startswith(WALL_CLOCK)}
        rows = [{"stage_id": self.stage_id, "step": step, "name": name, "value": float(value)} for name, value in kept.items()]
        self.metrics += rows

    def series(self, name: str) -> list[float]:
        """The values of a metric, step by step."""
        return [row["value"] for row in self.metrics if row["name"] == name]

    def write(self, folder: Path) -> None:
        """Write `groups/groups.parquet`, `metrics/metrics.parquet` and, of a stage that chooses, `selections/selections.parquet` under
        `folder`."""
        for relation in ("groups", "metrics", *(("selections",) if self.selections else ())):
            frame = pl.DataFrame(getattr(self, relation), schema=RELATIONS[relation])
            write_parquet(conform(frame, relation), folder / relation / f"{relation}.parquet")


def _rows(checkpoint: Path | None, relation: str) -> list[dict[str, Any]]:
    path = checkpoint / relation / f"{relation}.parquet" if checkpoint else None
    return read_parquet(path).to_dicts() if path and path.exists() else []
