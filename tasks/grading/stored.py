"""What the lake holds to be graded again, and what a new grader's verdicts changed."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake import Lake
from tasks.querying import query
from tasks.sampling.profile import read_profile
from tasks.store import Artifact

CHANGED = """
    select later_grader_id, dataset, policy, source_id as problem, k || ' of ' || n as before, band as band_before,
        later_k || ' of ' || later_n as after, later_band as band_after
    from grader_changes
    inner join stg_problems using (problem_id, gold_id, dataset, split)
    left join stg_policies using (policy_id)
    where band_changed
    order by all"""
JUDGED = """
    select later_grader_id, policy, dataset, grader_id as earlier_grader, count(*) as problems,
        count(*) filter (where k <> later_k or n <> later_n) as other_accuracy, count(*) filter (where band_changed) as other_band
    from grader_changes
    left join stg_policies using (policy_id)
    group by all
    order by all"""


def stored_profiles(lake: Lake, among: Sequence[Artifact] = ()) -> list[tuple[Artifact, tuple[Artifact, ...]]]:
    """Every profile of the lake with the problems it is of; with `among` only those that share a problem with these.

    A profile whose problems were deleted cannot be graded and is left out.
    """
    wanted = problem_ids(among)
    found = []
    for manifest in sorted(lake.home.glob("profiles/*/manifest.json")):
        profile = Artifact(home=lake.home, kind="profiles", key=manifest.parent.name)
        problems = tuple(Artifact(home=lake.home, kind="problems", key=key) for key in read_profile(profile)["problems"])
        if all(source.is_complete for source in problems) and (not among or wanted & problem_ids(problems)):
            found.append((profile, problems))
    return found


def problem_ids(problems: Sequence[Artifact]) -> set[str]:
    """The ids of all problems in these artifacts."""
    return {name for source in problems for name in pl.read_parquet(source.file("problems.parquet"), columns=["problem_id"])["problem_id"]}


def changes(home: Path, settings: GradingSettings | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """From the published warehouse: the problems whose band the settings' grader changed, and by policy and dataset how many it judged
    anew."""
    changed, judged = (
        query(Lake(home), sql).filter(later_grader_id=grader_id(settings)).drop("later_grader_id") for sql in (CHANGED, JUDGED)
    )
    return changed, judged
