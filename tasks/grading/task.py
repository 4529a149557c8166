"""The grading task: a verdict for every rollout of a profile. Responses are never sampled again for it.

Cached by the profile's content, the gold answers and the grader's identity; verdicts that an earlier or killed run has written are kept.
"""

from pathlib import Path
from typing import Any

import polars as pl

from tasks.caching import room_task
from tasks.grading.pool import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, grader_id
from tasks.lake import ROLLOUT_KEY, Lake
from tasks.problems.tables import load_problems
from tasks.progress import progress_shown
from tasks.sampling.profile import holding, profile_rollouts, read_profile, shard_paths, write_profile
from tasks.store import Artifact, artifact, building, digest

VERSION = 1
SHARD_ROWS = 8192


def plan(home: Path, profile: Artifact, problems: tuple[Artifact, ...], settings: GradingSettings) -> Artifact:
    """The graded profile that `grade` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "profile": profile.content,
        "problems": [source.content for source in problems],
        "grader": grader_id(),
        "settings": settings.model_dump(exclude={"workers"}),
    }
    return artifact(home, "graded", inputs)


@room_task(plan, name="grade", task_run_name="grade the responses", retries=1)
def grade(home: Path, profile: Artifact, problems: tuple[Artifact, ...], settings: GradingSettings) -> Artifact:
    """Grade what is not graded yet, append the verdicts, and name them together with the profile's rollouts."""
    target = plan(home, profile, problems, settings)
    if target.is_complete:
        return target
    lake, facts = Lake(home), read_profile(profile)
    golds = load_problems(problems)
    partition = lake.partition("verdicts", grader_id(), facts["policy_id"], facts["sampling_id"])
    with lake.lock(partition), building(target, {"grader_id": grader_id(), "profile": profile.key}) as folder:
        append_verdicts(lake, partition, ungraded(lake, partition, profile_rollouts(profile, golds["problem_id"]), golds), settings)
        verdicts = holding(lake.shards(partition), golds["problem_id"])
        kept: dict[str, Any] = {name: facts[name] for name in ("policy_id", "sampling_id", "rounds", "problems", "stops") if name in facts}
        names = [path.relative_to(lake.home).as_posix() for path in verdicts]
        write_profile(folder, lake, rollouts=shard_paths(profile, "rollouts"), facts={**kept, "grader_id": grader_id(), "verdicts": names})
    return target


def ungraded(lake: Lake, partition: Path, rollouts: pl.DataFrame, golds: pl.DataFrame) -> pl.DataFrame:
    """The rollouts, with their gold answer and choices, that have no verdict under that gold answer yet."""
    wanted = rollouts.join(golds.select("problem_id", "gold_id", "answer", "choices"), on="problem_id", maintain_order="left")
    done = lake.scan("verdicts", lake.shards(partition)).select(*ROLLOUT_KEY, "gold_id").collect()
    return wanted.join(done, on=[*ROLLOUT_KEY, "gold_id"], how="anti", maintain_order="left")


def append_verdicts(lake: Lake, partition: Path, rollouts: pl.DataFrame, settings: GradingSettings) -> None:
    """Grade rollouts shard by shard."""
    if rollouts.is_empty():
        return
    with progress_shown("grading") as on_progress, Grader(settings) as grader:
        for start in range(0, len(rollouts), SHARD_ROWS):
            shard = rollouts.slice(start, SHARD_ROWS)
            rows = verdict_rows(shard, grader)
            lake.append(partition, "verdicts", rows, digest(shard.select(*ROLLOUT_KEY, "gold_id").rows()))
            on_progress(start + len(shard), len(rollouts), "responses")


def verdict_rows(rollouts: pl.DataFrame, grader: Grader) -> pl.DataFrame:
    """The lake's verdicts of these rollouts."""
    golds = [Gold(answer, tuple(choices or ())) for answer, choices in rollouts.select("answer", "choices").iter_rows()]
    grades = grader.grade(rollouts["response"].to_list(), golds)
    columns: dict[str, list] = {
        "verdict": [grade.verdict.value for grade in grades],
        "extracted": [grade.extracted for grade in grades],
        "rule": [grade.rule for grade in grades],
        "format_ok": [grade.format_ok for grade in grades],
    }
    return rollouts.select(*ROLLOUT_KEY, "gold_id").with_columns(
        pl.lit(grader_id()).alias("grader_id"), *(pl.Series(name, values) for name, values in columns.items())
    )
