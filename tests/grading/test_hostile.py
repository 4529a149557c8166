"""Text made to hang, crash or fill the grader: each is judged in its time, no child is lost, and honest answers are judged rightly after.

The benchmarks do the same with a thousand (`python -m tests.bench.grading`).
"""

import time

import pytest

from tasks.grading.extraction.answer import final_answer, format_ok
from tasks.grading.grader import decide
from tasks.grading.settings import GradingSettings
from tests.grading.hostile import MEGABYTE, endure, hostile_responses

TIMEOUT, OVER = 2.0, 60.0  # where the machine is busy; the benchmark tells how much longer it takes


@pytest.mark.process
def test_hostile_responses_are_judged_in_their_time_and_cost_no_child() -> None:
    endured = endure(60, GradingSettings(timeout_s=TIMEOUT))
    assert endured.slowest_s < TIMEOUT + OVER, endured.slowest
    assert endured.verdicts.keys() <= {"correct", "incorrect", "timeout", "unparseable"} and endured.verdicts.get("correct", 0) <= 2
    assert endured.children == 2 and endured.wrong == 0


@pytest.mark.parametrize("number", range(12))
def test_what_runs_in_the_parent_is_quick(number: int) -> None:
    for response, gold in hostile_responses(60, seed=number + 1):
        start = time.thread_time()  # of computing: another process may have the machine
        found = final_answer(response, gold.choices)
        format_ok(response)
        if found:
            decide(found.text, gold)
        assert time.thread_time() - start < 0.5 + 2 * len(response) / MEGABYTE, (response[:100], len(response))
