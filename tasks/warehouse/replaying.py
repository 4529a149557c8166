"""Replays recorded stages for the relation `forecast`: reads of each what its problems' profile said, and shows the beliefs its groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet

if TYPE_CHECKING:
    import duckdb

PRIOR, MORE = ("problem_id", "logit_mean", "logit_variance"), {"p_mean", "dataset"}
WITHOUT_HINTS = """
    select stage_id, step, problem_id, group_size, correct, max(group_size) over (partition by stage_id) as completions
    from stg_groups
    where not hinted"""


def stages_in(groups: Iterable[Path]) -> dict[str, Artifact]:
    """The stages that files of `groups` are of, by their ids; a file that lies in no stage's folder is of none."""
    folders = sorted({path.parents[1] for path in groups if len(path.parents) > 3})
    found = [Artifact(home=folder.parents[1], kind=folder.parent.name, key=folder.name) for folder in folders]
    return {stage.key: stage for stage in found if stage.is_complete}


def profile_file(stage: Artifact) -> Path | None:
    """The file of problems that a stage was trained on; None where its set is gone, or holds another one by now."""
    told = stage.manifest
    curated = Artifact(home=stage.home, kind="curated", key=str(told.get("curated", "")))
    name = f"{told.get('stage', '')}.parquet"
    if not told.get("curated") or not curated.is_complete or not (curated.path / name).is_file():
        return None
    trained_on, held = told.get("made_from", {}).get("problems"), curated.manifest.get("files", {}).get(name)
    return curated.path / name if trained_on in (None, held) else None


def forecasts(connection: duckdb.DuckDBPyConnection, groups: Iterable[Path]) -> pl.DataFrame:
    """The relation `forecast` over the stages in these files of `groups`, whose `stg_groups` the connection has."""
    from tasks.estimates.forecasts import FORECAST, GROUPS, Recorded, replayed

    tables, stages = [pl.DataFrame(schema=FORECAST)], stages_in(groups)
    for (stage_id,), rows in connection.sql(WITHOUT_HINTS).pl().group_by("stage_id", maintain_order=True):
        problems = profile(stages[str(stage_id)]) if str(stage_id) in stages else None
        if problems is not None:
            size = group_size(stages[str(stage_id)].manifest) or int(rows["completions"][0])
            tables.append(replayed(Recorded(rows.select(*GROUPS), problems, size)))
    return pl.concat(tables).sort("stage_id", "belief", "step", "problem_id", "correct", "group_size")


def profile(stage: Artifact) -> pl.DataFrame | None:
    """What was known of a stage's problems before it: the columns of PRIOR, and of MORE those there are; None where nothing was."""
    path = profile_file(stage)
    held = set(pl.read_parquet_schema(path)) if path else set()
    return read_parquet(path, columns=[*PRIOR, *sorted(MORE & held)]) if path and set(PRIOR) <= held else None


def group_size(manifest: Mapping[str, Any]) -> int | None:
    """How many completions a group of the stage has, as its settings say."""
    return manifest.get("settings", {}).get("group_size")
