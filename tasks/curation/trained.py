"""What rules read of the stage before: its groups, and what each belief that has seen them expects of its problems now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import RELATIONS, read_parquet
from tasks.warehouse.replaying import group_size, profile

if TYPE_CHECKING:
    import duckdb

GROUPS, FORECAST = "groups", "forecast"
FILE = "groups/groups.parquet"
NUMBERS = ("p_mean", "p_deviation", "signal")
EXPECTED = {"problem_id": pl.String, "belief": pl.String, **dict.fromkeys(NUMBERS, pl.Float64)}


@dataclass(frozen=True)
class Trained:
    """The `groups` of a stage (the lake's relation), and its `forecast`: for each of its problems and each belief (static, beta, live) what
    is expected of the accuracy p of a prompt without a hint after the last step (columns of EXPECTED)."""

    groups: pl.DataFrame
    forecast: pl.DataFrame

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make both relations, in the schema in use."""
        for name, rows in ((GROUPS, self.groups), (FORECAST, self.forecast)):
            connection.from_arrow(rows.to_arrow()).create(name)

    def reversed(self) -> Trained:
        """The same in the opposite order."""
        return Trained(self.groups.reverse(), self.forecast.reverse())


NONE = Trained(pl.DataFrame(schema=RELATIONS[GROUPS]), pl.DataFrame(schema=EXPECTED))
"""What there is before the first stage."""


def read_trained(stage: Artifact | None) -> Trained:
    """What a trained stage tells rules; nothing where there is no stage. Of one that did not write down which groups were hinted none was,
    where its settings say so."""
    if stage is None:
        return NONE
    rows = pl.concat([NONE.groups, read_parquet(stage.file(FILE))], how="diagonal_relaxed")
    groups = rows if stage.manifest["settings"]["hints"] else rows.with_columns(pl.col("hinted").fill_null(False))
    return Trained(groups, forecast_of(stage, groups))


def forecast_of(stage: Artifact, groups: pl.DataFrame) -> pl.DataFrame:
    """What each belief expects of the stage's problems; nothing where their profile is gone."""
    problems, size = profile(stage), group_size(stage.manifest)
    if problems is None or size is None:
        return NONE.forecast
    from tasks.estimates.forecasts import GROUPS as SHOWN
    from tasks.estimates.forecasts import Recorded, expected_now  # bring NumPy, which plans and reruns do without

    shown = groups.filter(~pl.col("hinted")).with_columns(group_size=pl.col("G")).select(*SHOWN)
    return expected_now(Recorded(shown, problems, size)).select(pl.col(name).cast(dtype) for name, dtype in EXPECTED.items())


def told_by(stage: Artifact) -> str:
    """Digest of all that a stage tells rules: its groups, and the profile that its beliefs began with."""
    told = stage.manifest
    return digest([told["files"][FILE], told.get("made_from", {}).get("problems")])
