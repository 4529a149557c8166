"""The grading task: a verdict for every rollout of a profile. Responses are never sampled again for it.

Cached by the profile's content, the gold answers and the grader's identity; verdicts that an earlier or killed run has written are kept.
"""

from pathlib import Path
from typing import Any

from tasks.grading.settings import GradingSettings
from tasks.grading.shards import Ungraded, gold_answers, verdict_rows
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.problems.tables import load_problems
from tasks.sampling.profile import holding, read_profile, round_limits, shard_paths, write_profile
from tasks.steps.caching import room_task
from tasks.steps.naming import grade_name, policy_named
from tasks.steps.progress import progress_shown

VERSION = 2


def plan(home: Path, profile: Artifact, problems: tuple[Artifact, ...], settings: GradingSettings) -> Artifact:
    """The graded profile that `grade` makes of the same arguments."""
    inputs = {
        "version": VERSION,
        "profile": profile.content,
        "problems": [source.content for source in problems],
        "grader": grader_id(settings),
        "settings": settings.model_dump(exclude={"workers", "verifier"}),
    }
    return artifact(home, "graded", inputs)


@room_task(plan, name="grade", task_run_name=grade_name, retries=1)
def grade(home: Path, profile: Artifact, problems: tuple[Artifact, ...], settings: GradingSettings) -> Artifact:
    """Grade what is not graded yet, append the verdicts, and name them together with the profile's rollouts."""
    target = plan(home, profile, problems, settings)
    if target.is_complete:
        return target
    from tasks.grading.graders import keep_grader  # asks the warehouse; reruns and plans never do

    lake, facts = Lake(home), read_profile(profile)
    golds = gold_answers(load_problems(problems), round_limits(profile), facts["rounds"])
    ids = (grader_id(settings), facts["policy_id"], facts["sampling_id"])
    about = {"grader_id": grader_id(settings), "profile": profile.key, "policy_name": policy_named(profile)}
    with lake.writing("verdicts", *ids) as partition, building(target, about) as folder:
        keep_grader(lake, settings)
        ungraded = Ungraded(shard_paths(profile, "rollouts"), golds, lake, partition)
        append_verdicts(lake, partition, ungraded, settings, folder, about["policy_name"])
        verdicts = holding(lake.shards(partition), golds["problem_id"])
        kept: dict[str, Any] = {name: facts[name] for name in ("policy_id", "sampling_id", "rounds", "problems", "stops") if name in facts}
        names = [path.relative_to(lake.home).as_posix() for path in verdicts]
        write_profile(
            folder, lake, rollouts=shard_paths(profile, "rollouts"), facts={**kept, "grader_id": grader_id(settings), "verdicts": names}
        )
    return target


def append_verdicts(lake: Lake, partition: Path, ungraded: Ungraded, settings: GradingSettings, folder: Path, policy: str) -> None:
    """Grade what is left shard by shard, so that memory is bounded by a shard whatever the profile holds."""
    from tasks.grading.pool import Grader  # loads all that compares answers; reruns and plans never do

    with progress_shown(f"grading the answers of {policy}", folder) as on_progress, Grader(settings) as grader:
        for seen, name, rollouts in ungraded:
            if name:
                lake.append(partition, "verdicts", verdict_rows(rollouts, grader), name)
            on_progress(seen, ungraded.total, "responses")
