"""What the lake holds to be graded again, and what a grader's verdicts changed."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.grading.graders import find_grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake, read_parquet
from tasks.sampling.profile import read_profile
from tasks.warehouse.querying import query

COMPARED = """
    with judged as (
        select difficulty.*, grader_order.place from difficulty inner join grader_order using (grader_id)
    ),

    compared as (
        select before.grader as against, after.*, before.k as k_before, before.n as n_before, before.band as band_before
        from judged as after
        inner join judged as before using (problem_id, gold_id, dataset, split, policy_id, sampling_id)
        where after.grader_id = $grader and before.grader_id <> $grader
            and ($against::varchar is null or before.grader_id = $against::varchar)
        qualify
            row_number() over (
                partition by problem_id, gold_id, dataset, split, policy_id, sampling_id
                order by before.place < after.place desc, before.place desc
            ) = 1
    )
"""
CHANGED = (
    COMPARED
    + """
    select dataset, split, policy, hints, sampling, source_id as problem, against, k_before || ' of ' || n_before as before, band_before,
        k || ' of ' || n as after, band as band_after
    from compared
    inner join stg_problems using (problem_id, gold_id, dataset, split)
    where band is distinct from band_before
    order by all"""
)
JUDGED = (
    COMPARED
    + """
    select policy, hints, sampling, dataset, split, against, count(*) as problems,
        count(*) filter (where k <> k_before or n <> n_before) as other_accuracy,
        count(*) filter (where band is distinct from band_before) as other_band
    from compared
    group by all
    order by all"""
)


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
    return {name for source in problems for name in read_parquet(source.file("problems.parquet"), columns=["problem_id"])["problem_id"]}


def changes(home: Path, settings: GradingSettings | None = None, against: str | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """From the published warehouse: the problems whose band the settings' grader gives otherwise than another one, and by policy, sampling
    and place how many both have judged.

    The other is the grader `against` (a name or id); None: for every problem the one before it in the order in which they first judged,
    and where there is none the last of those after it. Raises InputError for one that is unknown, or is the settings' own.
    """
    lake, mine = Lake(home), grader_id(settings)
    other = find_grader(lake, against) if against else None
    if other == mine:
        raise InputError(f"--against {against!r} is the grader that judges now; name another one, or leave it out")
    changed, judged = (query(lake, sql, {"grader": mine, "against": other}) for sql in (CHANGED, JUDGED))
    return changed, judged
