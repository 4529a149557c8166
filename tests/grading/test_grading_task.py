"""The grading task on a real lake: shard by shard, resumable, and never twice."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from tasks.grading import shards, task
from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade, grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import ROLLOUT_KEY, Lake
from tasks.sampling.profile import read_profile, write_profile
from tests.sql.rows import problems_artifact, table

pytestmark = pytest.mark.process


def grade(home: Path, profile: Artifact, problems: tuple[Artifact, ...], settings: GradingSettings) -> Artifact:
    return task.grade_rollouts.fn(task.GradeRequest(home=home, profile=profile, problems=problems, settings=settings))


SETTINGS = GradingSettings()
PROBLEMS = [
    {"problem_id": "p", "answer": "4"},
    {"problem_id": "q", "answer": "B", "choices": ["1", "2"]},
    {"problem_id": "r", "answer": "x+y"},
]
SAID = {"p": r"\boxed{4}", "q": "The answer is (A).", "r": r"\boxed{y+x}"}


def profile_of(home: Path, name: str = "profile", *, rounds: int = 4, per_shard: int = 4, **facts: str) -> Artifact:
    """A profile of `rounds` rounds of every problem, and of one problem that is no problem of ours."""
    lake = Lake(home)
    keys = [(problem, place) for place in range(4) for problem in (*SAID, "stranger")]
    rows = table("rollouts", [{"problem_id": problem, "round": place, "response": SAID.get(problem, "?")} for problem, place in keys])
    folder = lake.partition("rollouts", "base", "warm")
    paths = [lake.append(folder, "rollouts", part, f"s{number}") for number, part in enumerate(rows.iter_slices(per_shard))]
    target = artifact(home, "profiles", {"name": name})
    with building(target, {}) as aside:
        write_profile(
            aside, lake, rollouts=paths, facts={"policy_id": "base", "sampling_id": "warm", "rounds": rounds, "problems": [], **facts}
        )
    return target


def verdicts_of(home: Path) -> list[tuple]:
    rows = Lake(home).scan("verdicts").select("problem_id", "round", "verdict").sort("problem_id", "round").collect()
    return rows.rows()


def expected(rounds: int = 4) -> list[tuple]:
    judged = {"p": "correct", "q": "incorrect", "r": "correct"}
    return [(problem, place, verdict) for problem, verdict in judged.items() for place in range(rounds)]


def test_every_rollout_of_its_problems_and_rounds_gets_one_verdict(tmp_path: Path) -> None:
    problems = (problems_artifact(tmp_path, PROBLEMS),)
    made = grade(tmp_path, profile_of(tmp_path, rounds=3), problems, SETTINGS)
    assert verdicts_of(tmp_path) == expected(3)
    more = grade(tmp_path, profile_of(tmp_path, "more"), problems, SETTINGS)
    assert verdicts_of(tmp_path) == expected(4)
    assert len(read_profile(made)["verdicts"]) == 3 and len(read_profile(more)["verdicts"]) == 4
    assert grade(tmp_path, profile_of(tmp_path, "more"), problems, SETTINGS) == more


def test_a_killed_run_goes_on_with_the_shard_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for home in (whole, torn):
        problems_artifact(home, PROBLEMS)
    done = grade(whole, profile_of(whole), (problems_artifact(whole, PROBLEMS),), SETTINGS)
    graded = []

    def dies_at_the_third(rollouts: pl.DataFrame, judges: Judges, before: Sequence[Grade | None]) -> list[Grade]:
        graded.append(len(rollouts))
        if len(graded) == 3:
            raise KeyboardInterrupt
        return shards.grades_of(rollouts, judges, before)

    with monkeypatch.context() as patch:
        patch.setattr(task, "grades_of", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            grade(torn, profile_of(torn), (problems_artifact(torn, PROBLEMS),), SETTINGS)
    assert verdicts_of(torn) == [row for row in expected() if row[1] < 2]
    again = grade(torn, profile_of(torn), (problems_artifact(torn, PROBLEMS),), SETTINGS)
    assert verdicts_of(torn) == expected() and again.content == done.content


def test_a_shard_longer_than_a_batch_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 3)
    made = grade(tmp_path, profile_of(tmp_path, per_shard=16), (problems_artifact(tmp_path, PROBLEMS),), SETTINGS)
    assert verdicts_of(tmp_path) == expected() and len(read_profile(made)["verdicts"]) == 5


def test_a_new_gold_answer_is_graded_again_and_the_old_verdict_stays(tmp_path: Path) -> None:
    grade(tmp_path, profile_of(tmp_path), (problems_artifact(tmp_path, PROBLEMS),), SETTINGS)
    changed = [{**PROBLEMS[0], "answer": "5", "gold_id": "new"}, *PROBLEMS[1:]]
    grade(tmp_path, profile_of(tmp_path), (problems_artifact(tmp_path, changed, "changed"),), SETTINGS)
    rows = Lake(tmp_path).scan("verdicts").filter(pl.col("problem_id") == "p").collect()
    assert sorted(rows.select("gold_id", "verdict").unique().rows()) == [("gold", "correct"), ("new", "incorrect")]
    assert rows.select(*ROLLOUT_KEY, "gold_id", "grader_id").is_unique().all() and set(rows["grader_id"]) == {grader_id()}


def test_rounds_after_a_problem_stopped_do_not_count(tmp_path: Path) -> None:
    stops = artifact(tmp_path, "stops", {"name": "stops"})
    with building(stops, {}) as folder:
        pl.DataFrame({"problem_id": ["p"], "rounds": [1]}).write_parquet(folder / "stops.parquet")
    grade(tmp_path, profile_of(tmp_path, stops=stops.key), (problems_artifact(tmp_path, PROBLEMS),), SETTINGS)
    assert verdicts_of(tmp_path) == [row for row in expected() if row[0] != "p" or row[1] < 1]


@pytest.mark.parametrize(("metadata", "verdict"), [('{"precision": 1.0}', "correct"), ("{}", "incorrect")])
def test_numbers_are_compared_to_the_decimals_that_the_metadata_states(tmp_path: Path, metadata: str, verdict: str) -> None:
    problems = problems_artifact(tmp_path, [{"problem_id": "p", "answer": "4.04", "metadata": metadata}])
    grade(tmp_path, profile_of(tmp_path), (problems,), SETTINGS)
    assert {row[2] for row in verdicts_of(tmp_path)} == {verdict}


def test_a_verifier_judges_beside_the_grader_and_a_changed_one_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def judge(response, gold, problem):\n    return problem['choices'] == ['1', '2'] and bool(problem['question'])\n")
    mine = GradingSettings(verifier=f"{file}:judge", workers=1)
    problems, profile = (problems_artifact(tmp_path, PROBLEMS),), profile_of(tmp_path)
    first, own = grade(tmp_path, profile, problems, mine), grade(tmp_path, profile, problems, SETTINGS)
    known = grader_id(mine)
    file.write_text("def judge(response, gold, problem):\n    return True\n")
    second = grade(tmp_path, profile, problems, mine)
    assert len({first.key, own.key, second.key}) == 3
    rows = Lake(tmp_path).scan("verdicts").collect()
    right = {grader: set(part.filter(verdict="correct")["problem_id"]) for (grader,), part in rows.group_by("grader_id")}
    assert right == {known: {"q"}, grader_id(): {"p", "r"}, grader_id(mine): {"p", "q", "r"}}
