"""Stages as training leaves them: a set with a profile, and the groups that were drawn of it."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, write_parquet
from tests.sql.rows import table

G = 4


def set_of(lake: Lake, name: str, logits: Mapping[str, float | None]) -> Artifact:
    """A set of one stage, `first`, of problems whose profile says these logits (None: nothing)."""
    target = artifact(lake.home, "curated", {"name": name})
    ids, means = list(logits), list(logits.values())
    stage = {"problem_id": ids, "logit_mean": means, "logit_variance": [None if mean is None else 0.5 for mean in means]}
    rows = [{"set_id": target.key, "stage": "first", "problem_id": name, "rank": rank} for rank, name in enumerate(ids, 1)]
    with building(target, {}) as folder:
        schema = {"problem_id": pl.String, "logit_mean": pl.Float64, "logit_variance": pl.Float64}
        write_parquet(pl.DataFrame(stage, schema=schema), folder / "first.parquet")
        write_parquet(table("curated", rows), folder / "curated.parquet")
    return target


def stage_of(lake: Lake, name: str, curated: Artifact, groups: Sequence[Mapping[str, Any]], **facts: Any) -> Artifact:
    """A stage that was trained on it, with these groups."""
    target = artifact(lake.home, "stages", {"name": name})
    rows = [{"accuracy": row["correct"] / row.get("G", G) if row.get("G", G) else None} | dict(row, stage_id=target.key) for row in groups]
    told = {"curated": curated.key, "stage": "first", "settings": {"group_size": G, "hints": False}} | facts
    with building(target, told) as folder:
        write_parquet(table("groups", rows), folder / "groups" / "groups.parquet")
    return target


def drawn(problems: Sequence[str], steps: int, seed: int = 0) -> list[dict[str, Any]]:
    """Two groups of each step, with answers by chance."""
    chance = random.Random(seed)
    return [
        {"step": step, "problem_id": name, "correct": chance.randint(0, G), "hinted": False}
        for step in range(1, steps + 1)
        for name in chance.sample(list(problems), 2)
    ]
