"""A second opinion in a lake: who is asked about what, what becomes of it, and that nobody pays twice."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from flows.commands.answers import app
from flows.commands.plan import missing_for_judge, remarks
from flows.export import check_reward
from flows.recipe import load_recipe
from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.grading import shards, task
from tasks.grading.graders import called
from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.stored import changes
from tasks.grading.verdict import Gold, Grade, Verdict, grader_id
from tasks.lake.lake import Lake
from tasks.steps.planning import State, Step
from tasks.training.rewards import Rewards
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.grading.grading_lakes import answered, graded, verdicts
from tests.sampling.double import Answer, Call, Double, doubles, good

PROBLEMS = [{"problem_id": name, "dataset": "sums", "answer": "4", "question": f"What is {name}?"} for name in "abcdefghij"]
SAID = {name: ["\\boxed{4}", f"\\boxed{{5}}, in {name} I mean four", ""] for name in "abcdefghij"}
FAST = {"backoff_s": 0.01, "backoff_limit_s": 0.05, "health_s": 0.05, "patience_s": 0.5, "timeout_s": 5, "tries": 2}


def settings(server: Double, **fields: object) -> GradingSettings:
    return GradingSettings(workers=1, second={"base_urls": [server.url], "model": "m", "limit": 1, **FAST, **fields})  # type: ignore[arg-type]


def kind(call: Call) -> Answer:
    """A judge to whom `four` is right, who is at a loss about `b`, and to whom all else is wrong."""
    prompt = call.body["messages"][0]["content"]
    if "What is b?" in prompt:
        return good(call, words="Who knows?")
    return good(call, words="Correct" if "I mean four" in prompt else "Incorrect")


@contextmanager
def a_judge() -> Iterator[Double]:
    with doubles(kind) as [server]:
        yield server


def opinions(home: Path) -> pl.DataFrame:
    return Lake(home).scan("opinions").sort("problem_id", "round").collect()


def test_yes_makes_right_and_no_or_neither_leaves_what_was(tmp_path: Path) -> None:
    with a_judge() as server:
        chosen = settings(server)
        made = graded(tmp_path, answered(tmp_path, SAID), PROBLEMS, chosen)
    found, heard = verdicts(tmp_path, grader_id(chosen)), opinions(tmp_path)
    assert [found["a", place][0] for place in range(3)] == ["correct", "correct", "unparseable"]
    assert [found["b", place][0] for place in range(3)] == ["correct", "incorrect", "unparseable"]
    assert found["a", 1][1] == "judge" and found["b", 1][1] == "same_number" and found["a", 0][1] == "same_text"
    assert len(heard) == len(server.calls) == 20
    columns = ("first_verdict", "first_rule", "judge_said", "accepts", "decided_by")
    assert heard.filter(problem_id="a").select(columns).rows() == [
        ("incorrect", "same_number", "Correct", True, "judge"),
        ("unparseable", "no_answer", "Incorrect", False, "judge"),
    ]
    assert heard.filter(problem_id="b")["decided_by"].to_list() == ["rules", "rules"]
    assert made.manifest["second"] == {"asked": 20, "accepted": 9, "rejected": 9, "neither": 2, "unanswered": 0, "unasked": 0}


def test_only_the_verdicts_named_are_asked_about(tmp_path: Path) -> None:
    with a_judge() as server:
        graded(tmp_path, answered(tmp_path, SAID), PROBLEMS, settings(server, of=["unparseable"]))
    assert set(opinions(tmp_path)["first_verdict"]) == {"unparseable"} and len(server.calls) == 10


def test_no_more_is_asked_than_the_limit_and_the_least_sure_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with a_judge() as server:
        made = graded(tmp_path, answered(tmp_path, SAID), PROBLEMS, settings(server, limit=0.2))
    assert len(server.calls) == 6 and set(opinions(tmp_path)["first_rule"]) == {"no_answer"}
    assert made.manifest["second"] | {"asked": 6, "unasked": 14} == made.manifest["second"]


def test_which_are_asked_depends_on_no_time_and_no_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, torn, count = tmp_path / "whole", tmp_path / "torn", iter(range(100))

    def dies_at_the_third(rollouts: pl.DataFrame, judges: Judges, before: Sequence[Grade | None]) -> list[Grade]:
        grades = shards.grades_of(rollouts, judges, before)
        if next(count) == 2:
            raise KeyboardInterrupt
        return grades

    with a_judge() as server:
        chosen = settings(server, limit=0.3)
        made = graded(whole, answered(whole, SAID, per_shard=7), PROBLEMS, chosen)
        asked = len(server.calls)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(task, "grades_of", dies_at_the_third)
            graded(torn, answered(torn, SAID, per_shard=7), PROBLEMS, chosen)
        again = graded(torn, answered(torn, SAID, per_shard=7), PROBLEMS, chosen)
    assert asked == 9 and len(server.calls) == 2 * asked  # what was said of the shard that was lost was on disk
    assert again.manifest["second"] == made.manifest["second"]
    assert opinions(torn).equals(opinions(whole)) and verdicts(torn, grader_id(chosen)) == verdicts(whole, grader_id(chosen))


def test_grading_again_asks_nobody(tmp_path: Path) -> None:
    profile = answered(tmp_path, SAID)
    with a_judge() as server:
        chosen = settings(server)
        graded(tmp_path, profile, PROBLEMS, chosen)
        before, asked = verdicts(tmp_path, grader_id(chosen)), len(server.calls)
        for kind_of in ("graded", "verdicts", "opinions"):
            shutil.rmtree(tmp_path / kind_of)
        Lake(tmp_path).make()
        server.die()
        graded(tmp_path, profile, PROBLEMS, chosen)
        wider = settings(server, of=["incorrect", "unparseable", "timeout"])
        graded(tmp_path, profile, PROBLEMS, wider)
    assert len(server.calls) == asked and verdicts(tmp_path, grader_id(chosen)) == before == verdicts(tmp_path, grader_id(wider))


def test_a_judge_that_dies_leaves_what_is_graded_and_what_it_said(tmp_path: Path) -> None:
    profile = answered(tmp_path, SAID, per_shard=9)
    with doubles(lambda call: kind(call) if call.number < 9 else Answer({}, cut=True)) as [server]:
        with pytest.raises(InputError, match="cut off|run again") as caught:
            graded(tmp_path, profile, PROBLEMS, settings(server, concurrency=1))
        written = len(Lake(tmp_path).scan("verdicts").collect())
        chosen = settings(server)
        server.script = kind
        graded(tmp_path, profile, PROBLEMS, chosen)
    good_ones = 20
    assert "\n" not in str(caught.value) and written == 9 and not list(tmp_path.glob("graded/*/manifest.json"))[1:]
    assert len(opinions(tmp_path)) == good_ones and len(verdicts(tmp_path, grader_id(chosen))) == 30


def test_a_judge_that_is_down_is_told_before_anything_is_graded(tmp_path: Path) -> None:
    with a_judge() as server:
        chosen = settings(server)
        server.die()
        with pytest.raises(InputError, match=r"no server has been up for 0\.5 s \(grading\.second\.patience_s\)"):
            graded(tmp_path, answered(tmp_path, SAID), PROBLEMS, chosen)
    assert verdicts(tmp_path, grader_id(chosen)) == {} and opinions(tmp_path).is_empty()


def test_what_changes_band_is_shown_and_who_decided_is_a_column(tmp_path: Path) -> None:
    profile = answered(tmp_path, {name: said[1:] * 4 for name, said in SAID.items()})
    with a_judge() as server:
        chosen = settings(server)
        graded(tmp_path, profile, PROBLEMS, GradingSettings(workers=1))
        graded(tmp_path, profile, PROBLEMS, chosen)
    publish(Lake(tmp_path), DifficultySettings())
    changed, judged = changes(tmp_path, chosen)
    assert len(changed) == 9 and judged["other_band"].to_list() == [9] and set(changed["after"]) == {"4 of 8"}
    assert changed["against"].unique().to_list() == [called(GradingSettings())]
    rows = query(Lake(tmp_path), "select grader, verdict, first_verdict, decided_by, count(*) as n from answers group by all")
    told = {row[1:4]: row[4] for row in rows.rows() if "second opinion of m" in row[0]}
    assert told[("correct", "incorrect", "judge")] == 36 and told[("unparseable", "unparseable", "rules")] == 4
    assert set(rows.filter(~pl.col("grader").str.contains("second"))["decided_by"]) == {None}


def test_training_asks_no_judge_unless_it_is_told_to() -> None:
    batch = {"answer": ["4"] * 2, "choices": [[], []], "precision": [None] * 2, "question": ["What is a?"] * 2}
    said = [SAID["a"][1], SAID["a"][2]]
    with a_judge() as server:
        for allowed, wanted, calls in ((False, [0.0, 0.0], 0), (True, [1.0, 0.0], 2)):
            chosen = settings(server, in_training=allowed).in_training
            assert (grader_id(chosen) == grader_id()) is not allowed
            with Judges(chosen) as judges:
                assert Rewards(judges).accuracy(said, **batch) == wanted and len(server.calls) == calls


def test_choices_and_several_answers_are_told_in_words() -> None:
    def script(call: Call) -> Answer:
        return good(call, words="Correct")

    with doubles(script) as [server], Judges(settings(server)) as judges:
        golds = [Gold("B", ("red", "blue"), question="Which?"), Gold('["12", "13"]', question="How many?")]
        grades = judges.grade(["\\boxed{A}", "\\boxed{7}"], golds)
    prompts = {call.body["messages"][0]["content"] for call in server.calls}
    [several], [choice] = ([prompt for prompt in prompts if asked in prompt] for asked in ("How many?", "Which?"))
    assert "12 or 13" in several and "(A) red\n(B) blue" in choice and "B (blue)" in choice
    assert [grade.verdict for grade in grades] == [Verdict.correct] * 2


def test_a_plan_tells_who_will_be_asked_and_that_its_key_is_missing() -> None:
    second = "grading.second={base_urls: ['http://127.0.0.1:1/v1'], model: xverify, key_variable: NO_SUCH_KEY, limit: 0.05}"
    recipe = load_recipe("starter", [second])
    steps = [Step(1, "starter", "grade", State.waits, None, None, [], {}, {})]
    assert "xverify (grading.second) is asked about at most 5% of the responses that are graded" in remarks(recipe, steps)[1]
    assert "grading.second.key_variable: the environment variable NO_SUCH_KEY is not set; export it, or leave the setting out" in [
        *missing_for_judge(recipe)
    ]


def test_a_reward_that_is_exported_asks_no_judge(tmp_path: Path) -> None:
    second = "grading.second={base_urls: ['http://127.0.0.1:1/v1'], model: m, in_training: %s}"
    check_reward(load_recipe("starter", [second % "false"]))
    with pytest.raises(InputError, match=r"is judged by m: export with --to datasets .* or set grading\.second=null"):
        check_reward(load_recipe("starter", [second % "true"]))


@pytest.mark.process
def test_a_file_is_graded_as_a_recipe_says(tmp_path: Path) -> None:
    """Through the command itself: by the judge, with another verifier for a dataset, and at no cost the second time."""
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [{"response": text, "answer": "4", "question": "What is a?", "dataset": "sums"} for text in SAID["a"]]
    given.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {**lines[1], "dataset": "starter-charts"}]))
    (tmp_path / "mine.py").write_text("def judge(response, gold, problem):\n    return problem['question'] == 'What is a?'\n")
    by_dataset = {"starter-charts": {"verifier": f"{tmp_path}/mine.py:judge"}}
    with a_judge() as server:
        second = settings(server).model_dump(mode="json")["second"]
        recipe = {"name": "mine", "problems": {"starter": {}}, "grading": {"by_dataset": by_dataset, "second": second}}
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipe))
        for _ in range(2):
            told = CliRunner().invoke(app, ["grade", str(given), "--out", str(out), "--recipe", str(tmp_path / "mine.yaml"), "--json"])
            assert json.loads(told.stdout)["verdicts"] == {"correct": 3, "unparseable": 1}, told.output
            assert len(server.calls) == 2
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row.get("decided_by") for row in rows] == [None, "judge", "judge", None]
    assert rows[1] | {"first_verdict": "incorrect", "judge_said": "Correct", "rule": "judge"} == rows[1]
    assert rows[3]["rule"].startswith("verifier-judge-")
