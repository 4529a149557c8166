"""Answers that public bug reports are about, with the verdict of a careful teacher, as Grader takes them."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.grading.verdict import Gold, Grade, Verdict

CASES = Path(os.environ.get("GRADING_CASES") or Path(__file__).resolve().parents[3] / "shared" / "data" / "grading" / "cases.jsonl")


@dataclass(frozen=True)
class Outcome:
    """How many cases are judged as a teacher would, which are not, and how many of these are wrong answers taken for right."""

    right: int
    wrong: tuple[str, ...]
    false_positives: int

    @property
    def share(self) -> float:
        return self.right / (self.right + len(self.wrong))


def firm_cases() -> list[dict[str, Any]]:
    """The cases on which teachers agree."""
    return [case for line in CASES.read_text(encoding="utf-8").splitlines() if not (case := json.loads(line))["debatable"]]


def gold_of(case: dict[str, Any]) -> Gold:
    """What a case's response is compared with."""
    answer = case["answer"]
    text = answer if isinstance(answer, str) or answer is None else json.dumps(answer)
    return Gold(text, tuple(map(str, case["options"] or ())), case["precision"])


def outcome(cases: Sequence[dict[str, Any]], grades: Sequence[Grade]) -> Outcome:
    """The grades against the teacher's verdicts; to find no answer in a wrong one is to judge it wrong."""
    wrong, false_positives = [], 0
    for case, grade in zip(cases, grades, strict=True):
        verdict = Verdict.incorrect if grade.verdict == Verdict.unparseable else grade.verdict
        if verdict.value != case["expected"]:
            wrong.append(case["id"])
            false_positives += verdict == Verdict.correct
    return Outcome(len(cases) - len(wrong), tuple(wrong), false_positives)
