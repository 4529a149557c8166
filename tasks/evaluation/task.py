"""The evaluation task: all policies on the held-out problems, per problem and summed up with intervals.

Cached by the content of every arm's graded answers and of the problems, and by every SQL file used.
"""

from contextlib import closing
from pathlib import Path

import polars as pl

from tasks.caching import room_task
from tasks.difficulty.settings import DifficultySettings
from tasks.evaluation.comparison import EvaluationArm, arm_rows
from tasks.lake import conform, write_parquet
from tasks.store import Artifact, artifact, building
from tasks.warehouse import open_over, sql_digests

VERSION = 1
FILES = {"evaluation": "summary.parquet", "hint_effect": "hint_effect.parquet"}


def plan(home: Path, arms: tuple[EvaluationArm, ...], problems: tuple[Artifact, ...]) -> Artifact:
    """The evaluation that `evaluate` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "arms": [arm_inputs(arm) for arm in arms],
        "problems": [source.content for source in problems],
        "sql": sql_digests("difficulty", *FILES),
    }
    return artifact(home, "evaluations", inputs)


def arm_inputs(arm: EvaluationArm) -> dict[str, str | bool | None]:
    """What of an arm can change its rows."""
    fallback = arm.fallback.content if arm.fallback else None
    return {**arm.model_dump(include={"policy", "policy_id", "hints"}), "graded": arm.graded.content, "fallback": fallback}


@room_task(plan, name="evaluate", task_run_name="compare the policies on held-out problems")
def evaluate(home: Path, arms: tuple[EvaluationArm, ...], problems: tuple[Artifact, ...]) -> Artifact:
    """Write `evaluations.parquet` (the lake's relation) and the marts in FILES over it."""
    target = plan(home, arms, problems)
    if target.is_complete:
        return target
    graded = [found.key for arm in arms for found in (arm.graded, arm.fallback) if found]
    with building(target, {"arms": [arm.model_dump(include={"policy", "policy_id", "hints"}) for arm in arms], "graded": graded}) as folder:
        rows = pl.concat(arm_rows(arm, problems) for arm in arms).with_columns(evaluation_id=pl.lit(target.key))
        write_parquet(conform(rows, "evaluations"), folder / "evaluations.parquet")
        files = {"evaluations": [folder / "evaluations.parquet"]}
        with closing(open_over(files, DifficultySettings(), wanted=FILES)) as connection:
            for mart, name in FILES.items():
                write_parquet(connection.table(mart).pl(), folder / name)
    return target
