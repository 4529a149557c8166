"""Rewards of completions by the project's grader, in the form TRL calls them.

A completion whose gold answer cannot be scored gets no reward of any kind (None): TRL then leaves it out of its group's mean and gives it
no advantage, so nobody's fault is never counted as a wrong answer. One that took all the time or memory of its grading has no accuracy
either, so that no share counts it, but in all it gets what is worst, a wrong answer's reward without that for the format: a policy must not
find out that an answer nobody can compute costs less than a wrong one. How many there are is a metric (`verdicts/timeout`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tasks.grading.extraction.answer import format_ok
from tasks.grading.judges import Judges
from tasks.grading.verdict import Gold, Grade, Verdict

JUDGED_BY = ("answer", "choices", "precision", "question", "dataset")
PROVOKED = ("time", "memory")
"""Rules of the time-outs that are the completion's doing, and not those of a child that was killed or a verifier that waited."""
REWARDS = {Verdict.correct: 1.0, Verdict.incorrect: 0.0, Verdict.unparseable: 0.0}


class Rewards:
    """The reward functions of a stage. Both read one grading of each batch. With `opened` the prompts end inside a thought, which a
    completion that keeps the format then closes and does not open."""

    def __init__(self, grader: Judges, *, opened: bool = False) -> None:
        self._grader = grader
        self.opened = opened
        self._graded: tuple[Sequence[Any], list[Grade]] = ((), [])

    def accuracy(
        self,
        completions: Sequence[Any],
        answer: Sequence[str],
        choices: Sequence[Sequence[str]],
        precision: Sequence[int | None],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        **columns: Any,
    ) -> list[float | None]:
        """1 for a correct answer, 0 for a wrong one or none, None where that cannot be told. Logs the share of each verdict. Of the other
        columns, `dataset` tells who judges, and a verifier of the recipe's own sees the `question`."""
        grades = self._grade(completions, answer, choices, precision, columns)
        counts = Counter(grade.verdict for grade in grades)
        for verdict in Verdict:
            log_metric(f"verdicts/{verdict}", counts[verdict] / len(grades))
        return [REWARDS.get(grade.verdict) for grade in grades]

    def format(
        self,
        completions: Sequence[Any],
        answer: Sequence[str],
        choices: Sequence[Sequence[str]],
        precision: Sequence[int | None],
        **columns: Any,
    ) -> list[float | None]:
        """1 where the completion keeps the format that the prompt asks for, else 0; where `accuracy` gives None 0 for a completion that
        took all its time, and None for any other."""
        return [format_reward(grade) for grade in self._grade(completions, answer, choices, precision, columns)]

    def _grade(
        self,
        completions: Sequence[Any],
        answer: Sequence[str],
        choices: Sequence[Sequence[str]],
        precision: Sequence[int | None],
        columns: Mapping[str, Sequence[str] | None],
    ) -> list[Grade]:
        if self._graded[0] is not completions:
            told = [columns.get(name) or [""] * len(answer) for name in ("question", "dataset")]
            given = zip(answer, choices, precision, *told, strict=True)
            golds = [Gold(gold, tuple(texts), decimals, *words) for gold, texts, decimals, *words in given]
            texts = [completion_text(completion) for completion in completions]
            grades = self._grader.grade(texts, golds)
            if self.opened:
                grades = [replace(grade, format_ok=format_ok(text, opened=True)) for grade, text in zip(grades, texts, strict=True)]
            self._graded = (completions, grades)
        return self._graded[1]


def format_reward(grade: Grade) -> float | None:
    """The reward of a grade's format."""
    if grade.verdict == Verdict.timeout and grade.rule in PROVOKED:
        return 0.0
    return float(grade.format_ok) if grade.verdict in REWARDS else None


def completion_text(completion: str | list[dict[str, Any]]) -> str:
    """The text of a completion: itself, or its chat messages' contents joined."""
    if isinstance(completion, str):
        return completion
    return "".join(content_text(message.get("content")) for message in completion)


def content_text(content: str | list[dict[str, Any]] | None) -> str:
    """The text of a message's content, plain or in parts; parts that are not text count as nothing."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.get("text") or "" for part in content)
