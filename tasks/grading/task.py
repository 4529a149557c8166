"""The grading task: a verdict for every rollout of a profile. Responses are never sampled again for it.

Cached by the profile's content, the gold answers and the grader's identity; verdicts that an earlier or killed run has written are kept.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.grading.settings import WHO, GradingSettings
from tasks.grading.shards import Ungraded, gold_answers, grades_of, opinion_rows, verdict_rows
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact
from tasks.lake.lake import Lake
from tasks.problems.tables import read_problems
from tasks.sampling.profile import holding, read_profile, round_limits, rounds_of, shard_paths, write_profile
from tasks.steps.caching import room_task
from tasks.steps.naming import policy_named, problems_named
from tasks.steps.progress import progress_shown
from tasks.steps.request import StepRequest

if TYPE_CHECKING:
    from tasks.grading.hearing import Hearing

VERSION = 2


class GradeRequest(StepRequest):
    """A profile, the problems that its responses answer, and how they are judged."""

    profile: Artifact
    problems: tuple[Artifact, ...]
    settings: GradingSettings

    def target(self) -> Artifact:
        inputs = {
            "version": VERSION,
            "profile": self.profile.content,
            "problems": [source.content for source in self.problems],
            "grader": grader_id(self.settings),
            "settings": self.settings.model_dump(exclude={"workers", "wait_s", *WHO}),
        }
        return artifact(self.home, "graded", inputs)

    def said(self) -> str:
        return f"grade the answers of {policy_named(self.profile)} to {problems_named(self.problems)}"

    def foretold(self) -> dict[str, Any]:
        return {"policy_name": policy_named(self.profile), "rounds": rounds_of(self.profile)}


@room_task(name="grade", retries=1)
def grade_rollouts(request: GradeRequest, target: Artifact, folder: Path) -> dict[str, Any]:
    """Grade what is not graded yet, append the verdicts, and name them together with the profile's rollouts. Raises InputError where a
    judge is to be asked and cannot; what is graded until then is kept, and so is every word of the judge."""
    from tasks.grading.graders import keep_grader  # asks the warehouse; reruns and plans never do
    from tasks.grading.hearing import Hearing

    lake, profile, settings = Lake(target.home), request.profile, request.settings
    facts, grader = read_profile(profile), grader_id(settings)
    golds = gold_answers(read_problems(request.problems), round_limits(profile), facts["rounds"])
    shards = shard_paths(profile, "rollouts")
    with lake.writing("verdicts", grader, facts["policy_id"], facts["sampling_id"]) as partition:
        keep_grader(lake, settings)
        ungraded = Ungraded(shards, golds, lake, partition)
        hearing = Hearing(lake, settings.second, partition, golds) if settings.second else None
        append_verdicts(request, ungraded, hearing, folder)
        verdicts = holding(lake.shards(partition), golds["problem_id"])
    told = {"second": hearing.told(verdicts)} if hearing else {}
    kept: dict[str, Any] = {name: facts[name] for name in ("policy_id", "sampling_id", "rounds", "problems", "stops") if name in facts}
    names = [path.relative_to(lake.home).as_posix() for path in verdicts]
    write_profile(folder, lake, rollouts=shards, facts={**kept, "grader_id": grader, "verdicts": names})
    return {"grader_id": grader, "profile": profile.key, "policy_name": policy_named(profile), **told}


def append_verdicts(request: GradeRequest, ungraded: Ungraded, hearing: "Hearing | None", folder: Path) -> None:
    """Grade what is left shard by shard, so that memory is bounded by a shard whatever the profile holds. What a judge says of a shard is
    written before its verdicts, so that no verdict is without."""
    from tasks.grading.judges import Judges  # loads all that compares answers; reruns and plans never do
    from tasks.grading.known import find_known

    title, lake, grader = f"grading the answers of {policy_named(request.profile)}", Lake(request.home), grader_id(request.settings)
    facts = read_profile(request.profile)
    known = find_known(lake, (grader, facts["policy_id"], facts["sampling_id"]), request.settings, ungraded.golds)
    with progress_shown(title, folder) as on_progress, Judges(request.settings, hearing.words if hearing else None) as judges:
        for seen, name, rollouts in ungraded:
            if name and hearing:
                hearing.open(judges, ungraded.done)
            if name:
                grades = grades_of(rollouts, judges, known.grades(rollouts))
                if hearing:
                    hearing.append(opinion_rows(rollouts, grades, grader), name)
                lake.append(ungraded.partition, "verdicts", verdict_rows(rollouts, grades, grader), name)
            on_progress(seen, ungraded.total, "responses")
