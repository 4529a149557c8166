"""Math-verify's own public test cases as data: its gold answers, its predictions, what it expects, and where no teacher would expect it.

Clone huggingface/Math-Verify and name its `tests/test_all.py` in MATH_VERIFY_TESTS. The file is read, never run.
"""

import ast
import os
from dataclasses import dataclass
from pathlib import Path

from tasks.grading.extraction.answer import final_answer
from tasks.grading.grader import Grader
from tasks.grading.verdict import Gold, Grade, Verdict

FILE = Path(os.environ.get("MATH_VERIFY_TESTS", ""))
_LONGEST_GOLD = 60

NOT_SHARED = {
    "Answer $ \n 9 \n $": "a blank line inside the formula changes no answer",
    "Answer \\( \n 9 \n \\)": "a blank line inside the formula changes no answer",
    "so the number is 10 which is 1,000.99m²": "says two numbers",
    "$x = 5+5+1 = 1/3 \\approx 11$": "claims that 11 is 1/3",
    "$x=1/3\\approx1.3$": "claims that 1/3 is about 1.3",
    "$0$": "a gold answer of `1 = \\zzz = x = 0` says nothing",
    "$\\begin{pmatrix}0.33\\\\0.2 \\end{pmatrix}$": "0.33 is not 1/3",
    "$(0.6,2.6667]$": "2.6667 is not 8/3",
    "$\\boxed{1,2}$": "a gold answer in two boxes is two answers or the last one: the file does not say which",
    "$-2 \\\\le x \\\\le 7$": "an inequality is the interval that it describes, whichever of the two is the gold answer",
}
"""Predictions whose expected verdict no teacher would share, with the reason; only where our verdict differs."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of its cases: as it is written there, and our grade."""

    gold: str
    prediction: str
    expected: bool
    grade: Grade

    @property
    def kept(self) -> bool:
        """Whether our verdict is the expected one."""
        return (self.grade.verdict == Verdict.correct) == self.expected


def graded_cases(path: Path = FILE) -> list[Case]:
    """All of its cases of a gold answer, a prediction and an expectation, graded."""
    rows = [row for call in _tables(path) if (row := _constants(call)) is not None]
    golds = [Gold(_gold(gold)) for gold, _, _ in rows]
    with Grader() as grader:
        grades = grader.grade([prediction for _, prediction, _ in rows], golds)
    return [Case(gold, prediction, bool(expected), grade) for (gold, prediction, expected), grade in zip(rows, grades, strict=True)]


def shared(cases: list[Case]) -> list[Case]:
    """The cases whose expectation a teacher would share."""
    return [case for case in cases if case.kept or case.prediction not in NOT_SHARED]


def _tables(path: Path) -> list[ast.expr]:
    """The rows of every table that a test of the file is run over."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call) and len(node.args) == 2]
    tables = [call.args[1] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "parametrize"]
    return [row for table in tables if isinstance(table, ast.List) for row in table.elts]


def _constants(row: ast.expr) -> tuple[str, str, int] | None:
    """The gold answer, the prediction and the expectation of a row that has them as constants."""
    try:
        gold, prediction, expected, *_ = ast.literal_eval(row)
    except ValueError:
        return None
    return gold, prediction, expected


def _gold(text: str) -> str:
    """A gold answer; of a whole solution, the answer at its end."""
    answer = final_answer(text) if len(text) > _LONGEST_GOLD or r"\boxed" in text else None
    return answer.text if answer else text
