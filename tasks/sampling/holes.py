"""What a profile should have and has not: completions that could not be had, with the reasons. Nothing is missing in silence.

Whoever cannot have a completion leaves a file with the reason beside the profile in the making. What is missing in the end is looked up in
the lake, not there: a completion without a reason is missing all the same.
"""

from pathlib import Path
from textwrap import shorten
from typing import Any

import polars as pl

from tasks.base.files import digest
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet, write_parquet
from tasks.sampling.requests import KEY
from tasks.steps.shortfalls import Shortfall

NOTED = ".holes"
MISSING = "missing.parquet"
UNTOLD = "its sampling process ended without saying why"
SHOWN, WIDTH = 3, 300


def note_holes(folder: Path, rows: pl.DataFrame) -> None:
    """Keep the keys that could not be drawn, each with its `reason`; none are nothing to be kept."""
    if len(rows):
        write_parquet(rows, folder / NOTED / f"{digest(rows.rows())}.parquet")


def with_reasons(keys: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Missing keys with the last reason that was kept for each."""
    noted = [read_parquet(path) for path in sorted((folder / NOTED).glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)]
    if not noted:
        return keys.with_columns(reason=pl.lit(UNTOLD))
    told = pl.concat(noted).unique(KEY, keep="last")
    return keys.join(told, on=KEY, how="left", maintain_order="left").with_columns(pl.col("reason").fill_null(UNTOLD))


def write_missing(rows: pl.DataFrame, folder: Path) -> dict[str, Any]:
    """Write what is missing into a profile in the making; gives what its manifest says of it: nothing where nothing is."""
    if rows.is_empty():
        return {}
    write_parquet(rows, folder / MISSING)
    reasons = rows.group_by("reason").len().sort("len", "reason", descending=[True, False])
    return {
        "missing": {
            "completions": len(rows),
            "problems": rows["problem_id"].n_unique(),
            "reasons": dict(reasons.head(SHOWN).iter_rows()),
        }
    }


def missing_of(profile: Artifact) -> dict[str, Any]:
    """What the manifest of a profile says is missing; nothing where nothing is."""
    return profile.manifest.get("missing", {})


def shortfall_of(profile: Artifact) -> Shortfall | None:
    """What is missing of a profile, why, and where all reasons stand; None where nothing is."""
    missing = missing_of(profile)
    if not missing:
        return None
    count, problems = missing["completions"], missing["problems"]
    what = f"{count:,} completion{'s' * (count != 1)} of {problems:,} problem{'s' * (problems != 1)} could not be had"
    return Shortfall(what, f"{reasons_of(profile)}. All reasons: {profile.path / MISSING}")


def reasons_of(profile: Artifact) -> str:
    """The most frequent reasons for what is missing of a profile, in words."""
    reasons = missing_of(profile).get("reasons", {})
    return "; ".join(shorten(" ".join(reason.split()), WIDTH, placeholder=" …") for reason in reasons)


def problems_missing_in(profile: Artifact) -> pl.Series:
    """The problems of which a profile misses a completion."""
    path = profile.path / MISSING
    return read_parquet(path)["problem_id"].unique() if path.exists() else pl.Series("problem_id", [], dtype=pl.String)
