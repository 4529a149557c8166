"""Small lakes of responses to be graded, and the grading of them, for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tasks.grading import task
from tasks.grading.settings import GradingSettings
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.sampling.profile import write_profile
from tests.sql.rows import problems_artifact, table


def answered(home: Path, responses: Mapping[str, Sequence[str]], per_shard: int = 100, **facts: Any) -> Artifact:
    """A profile of these responses to each problem, one a round."""
    lake = Lake(home).make()
    rows = [{"problem_id": name, "round": place, "response": text} for name, texts in responses.items() for place, text in enumerate(texts)]
    folder = lake.partition("rollouts", "base", "warm")
    parts = table("rollouts", rows).iter_slices(per_shard)
    paths = [lake.append(folder, "rollouts", part, f"s{number}") for number, part in enumerate(parts)]
    target = artifact(home, "profiles", {"of": responses, "per_shard": per_shard})
    kept = {"policy_id": "base", "sampling_id": "warm", "rounds": max(map(len, responses.values())), "problems": [], **facts}
    with building(target, {}) as aside:
        write_profile(aside, lake, rollouts=paths, facts=kept)
    return target


def graded(home: Path, profile: Artifact, problems: Sequence[Mapping[str, Any]], settings: GradingSettings) -> Artifact:
    """The profile's answers to these problems, graded."""
    name = repr(problems)
    made = task.GradeRequest(home=home, profile=profile, problems=(problems_artifact(home, problems, name),), settings=settings)
    return task.grade_rollouts.fn(made)


def verdicts(home: Path, grader: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Verdict and rule of each problem and round by a grader."""
    rows = Lake(home).scan("verdicts").filter(pl.col("grader_id") == grader).collect()
    return {(row["problem_id"], row["round"]): (row["verdict"], row["rule"]) for row in rows.iter_rows(named=True)}
