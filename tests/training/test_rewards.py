"""Rewards of valid and invalid completions, in the forms that TRL gives them."""

from collections.abc import Iterator

import pytest

from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade, Verdict
from tasks.training.rewards import Rewards, completion_text, format_reward

THOUGHT = "<think>Two and three.</think>"


@pytest.fixture(scope="module")
def grader() -> Iterator[Judges]:
    with Judges(GradingSettings(workers=1)) as grader:
        yield grader


def said(text: str) -> list[dict]:
    return [{"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    ("text", "answer", "accuracy", "kept"),
    [
        (rf"{THOUGHT} \boxed{{5}}", "5", 1.0, 1.0),
        (rf"{THOUGHT} \boxed{{6}}", "5", 0.0, 1.0),
        (r"\boxed{5}", "5", 1.0, 0.0),
        ("no idea", "5", 0.0, 0.0),
        ("", "5", 0.0, 0.0),
        (rf"{THOUGHT} \boxed{{5}}", " ", None, None),
    ],
)
def test_completions(text: str, answer: str, accuracy: float | None, kept: float | None, grader: Judges) -> None:
    rewards, batch = Rewards(grader), {"completions": [said(text)], "answer": [answer], "choices": [[]], "precision": [None]}
    assert rewards.accuracy(**batch, prompts=["…"], trainer_state=None) == [accuracy]
    assert rewards.format(**batch) == [kept]


@pytest.mark.parametrize(("start", "kept"), [("", 1.0), ("<think>", 0.0)])
def test_a_thought_that_the_prompt_opens_is_only_closed(start: str, kept: float, grader: Judges) -> None:
    batch = {"completions": [said(rf"{start}Two and three.</think> \boxed{{5}}")], "answer": ["5"], "choices": [[]], "precision": [None]}
    assert Rewards(grader, opened=True).format(**batch) == [kept]
    assert Rewards(grader).format(**batch) == [1 - kept]


def test_choices_are_graded_by_letter(grader: Judges) -> None:
    batch = {"completions": [said(r"\boxed{B}"), said(r"\boxed{A}")], "answer": ["B", "B"], "choices": [["7", "2"], ["7", "2"]]}
    assert Rewards(grader).accuracy(**batch, precision=[None, None]) == [1.0, 0.0]


def test_numbers_are_compared_to_the_decimals_that_the_problem_asks_for(grader: Judges) -> None:
    batch = {"completions": [said(r"\boxed{1.41}")] * 2, "answer": [r"\sqrt{2}"] * 2, "choices": [[], []]}
    assert Rewards(grader).accuracy(**batch, precision=[2, None]) == [1.0, 0.0]


def test_the_shares_of_verdicts_are_metrics(grader: Judges) -> None:
    logged: dict[str, float] = {}
    batch = {"completions": [said(r"\boxed{5}"), said("?"), said(r"\boxed{5}"), said(r"\boxed{4}")], "answer": ["5", "5", "", "5"]}
    Rewards(grader).accuracy(**batch, choices=[[]] * 4, precision=[None] * 4, log_metric=logged.__setitem__)
    shares = {"correct": 0.25, "unparseable": 0.25, "unscorable": 0.25, "incorrect": 0.25, "timeout": 0.0}
    assert logged == {f"verdicts/{verdict}": share for verdict, share in shares.items()}


@pytest.mark.process
def test_a_completion_that_took_all_the_time_is_no_better_off_than_a_wrong_one() -> None:
    unknown = r"\int e^{-x^2}\sin(x^3) dx"
    batch = {"answer": [unknown] * 2, "choices": [[]] * 2, "precision": [None] * 2}
    with Judges(GradingSettings(workers=1, timeout_s=0.3)) as judges:
        rewards = Rewards(judges)
        completions = [said(rf"{THOUGHT} \boxed{{\int e^{{-x^2}}\cos(x^3) dx}}"), said(rf"{THOUGHT} \boxed{{5}}")]
        logged: dict[str, float] = {}
        accuracy = rewards.accuracy(completions=completions, **batch, log_metric=logged.__setitem__)
        assert accuracy[0] is None and logged["verdicts/timeout"] >= 0.5
        assert rewards.format(completions=completions, **batch)[0] == 0.0


@pytest.mark.parametrize(
    ("verdict", "rule", "reward"),
    [("timeout", "time", 0.0), ("timeout", "memory", 0.0), ("timeout", "worker_died", None), ("timeout", "wait", None)],
)
def test_only_time_that_the_completion_took_is_held_against_it(verdict: str, rule: str, reward: float | None) -> None:
    assert format_reward(Grade(Verdict(verdict), "5", rule, True)) == reward


def test_another_batch_is_graded_anew(grader: Judges) -> None:
    rewards = Rewards(grader)
    for text, kept in ((rf"{THOUGHT} \boxed{{5}}", 1.0), ("?", 0.0)):
        assert rewards.format([said(text)], ["5"], [[]], [None]) == [kept]


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("plain", "plain"),
        (said("one"), "one"),
        ([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}], "a"),
        ([{"role": "assistant", "content": None}], ""),
        (said("a") + said("b"), "ab"),
    ],
)
def test_the_text_of_a_completion(completion: object, text: str) -> None:
    assert completion_text(completion) == text
