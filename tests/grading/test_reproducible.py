"""The same responses get the same grades whatever else the machine does. (The benchmarks do it with 2,432 recorded ones.)"""

import pytest

from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade
from tests.grading.busy import beside_busy_processes
from tests.grading.hostile import hostile_responses
from tests.grading.provoking import PROVOKING

pytestmark = pytest.mark.process

CASES = [
    *hostile_responses(18, seed=5),
    *((rf"\boxed{{{answer}}}", Gold("x+1")) for answer in PROVOKING),
    *((rf"\boxed{{(x+{n})^2}}", Gold(rf"x^2+{2 * n}x+{n * n}")) for n in range(2, 12)),
    *((rf"\boxed{{{n}\log_2 x}}", Gold(rf"\log_2 x^{n}")) for n in range(2, 8)),
]


def graded() -> list[Grade]:
    with Grader(GradingSettings(timeout_s=1.5)) as grader:
        return grader.grade(*map(list, zip(*CASES, strict=True)))


def test_grades_beside_four_busy_processes_are_those_of_a_quiet_machine() -> None:
    quiet = graded()
    with beside_busy_processes(4):
        assert graded() == quiet
    assert sum(grade.rule == "math_verify" for grade in quiet) >= 10
