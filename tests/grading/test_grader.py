"""The grader with real children: lazy, killable, replaced, and gone with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.grading import grader as grading
from tasks.grading.extraction import answer
from tasks.grading.extraction.answer import Extracted
from tasks.grading.grader import Grader, decide
from tasks.grading.rules import order
from tasks.grading.rules.rule import Context
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade, Verdict, grader_id
from tasks.grading.workers.children import ChildError
from tests.grading.provoking import PROVOKING
from tests.patience import until

pytestmark = pytest.mark.process

ENDLESS, UNKNOWN = r"\boxed{\int e^{-x^2}\cos(x^3) dx}", Gold(r"\int e^{-x^2}\sin(x^3) dx")
"""What is not worked out is compared where the gold answer is not worked out either; and nobody knows this integral."""
ALGEBRA = r"\boxed{y+x}"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(GradingSettings(timeout_s=20)) as grader:
        yield grader


def verdicts(grades: list[Grade]) -> list[str]:
    return [grade.verdict.value for grade in grades]


def test_what_rules_decide_starts_no_child() -> None:
    with Grader() as grader:
        grades = grader.grade([r"\boxed{5}", "", "B", "7"], [Gold("5"), Gold("5"), Gold("B", ("1", "2")), Gold(None)])
        assert verdicts(grades) == ["correct", "unparseable", "correct", "unscorable"]
        assert grader.pids == []


def test_algebra_goes_to_a_child(grader: Grader) -> None:
    pairs = [(ALGEBRA, "x+y"), (r"\boxed{(x+1)^2}", "x^2+2x+1"), (r"\boxed{2\log_2 x}", "x"), (r"\boxed{\sin^2 x+\cos^2 x}", "1")]
    grades = grader.grade([answer for answer, _ in pairs], [Gold(gold) for _, gold in pairs])
    assert verdicts(grades) == ["correct", "correct", "incorrect", "correct"]
    assert {grade.rule for grade in grades} == {"math_verify"}


def test_an_endless_expression_is_killed_and_the_others_are_graded() -> None:
    with Grader(GradingSettings(timeout_s=2)) as grader:
        responses = [ALGEBRA, ENDLESS, ALGEBRA.replace("y", "z"), ENDLESS, r"\boxed{3}"]
        grades = grader.grade(responses, [Gold("x+y"), UNKNOWN, Gold("x+y"), UNKNOWN, Gold("x+y")])
        assert verdicts(grades) == ["correct", "timeout", "incorrect", "timeout", "incorrect"]
        assert grades[1].rule == "time" and grades[1].extracted == ENDLESS.removeprefix(r"\boxed{")[:-1]
        assert verdicts(grader.grade([ALGEBRA], [Gold("x+y+0")])) == ["correct"]


def test_answers_that_no_machine_can_write_out_cost_no_time() -> None:
    with Grader(GradingSettings(workers=1)) as grader:
        grades = grader.grade([rf"\boxed{{{answer}}}" for answer in PROVOKING], [Gold("x+1")] * len(PROVOKING))
        assert set(verdicts(grades)) == {"incorrect"} and grader.pids == []


def test_time_is_the_childs_own_however_long_it_is_kept_from_computing() -> None:
    with Grader(GradingSettings(timeout_s=1, workers=1)) as short:
        short.grade([ALGEBRA], [Gold("x+y")])
        [pid] = short.pids
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(2, os.kill, (pid, signal.SIGCONT)).start()
        assert verdicts(short.grade([ALGEBRA], [Gold("x+y+0")])) == ["correct"] and short.pids == [pid]


def test_an_expression_that_eats_memory_ends_only_its_child() -> None:
    with Grader(GradingSettings(timeout_s=60, memory_mib=128, workers=1)) as grader:
        grades = grader.grade([r"\boxed{x(a+b+c+d+f+g)^{40}}", ALGEBRA], [Gold("(a+b+c+d+f+g)^{40}"), Gold("x+y")])
    assert [(grade.verdict, grade.rule) for grade in grades] == [(Verdict.timeout, "memory"), (Verdict.correct, "math_verify")]


def test_a_child_that_somebody_stopped_says_nothing_about_its_question() -> None:
    with Grader(GradingSettings(wait_s=2, workers=1)) as grader:
        grader.grade([ALGEBRA], [Gold("x+y")])
        os.kill(grader.pids[0], signal.SIGSTOP)
        assert verdicts(grader.grade([ALGEBRA], [Gold("x+y+0")])) == ["correct"]


def test_a_child_killed_from_outside_is_replaced(grader: Grader) -> None:
    grader.grade([ALGEBRA], [Gold("x+y")])
    for pid in grader.pids:
        os.kill(pid, signal.SIGKILL)
    assert verdicts(grader.grade([ALGEBRA], [Gold("x+y+0")])) == ["correct"]


def test_any_thread_may_grade_and_equal_input_gives_equal_grades(grader: Grader) -> None:
    responses, golds = (
        [ALGEBRA, "The answer is 4.", r"\boxed{2a}", "B"] * 3,
        [Gold("x+y"), Gold("4"), Gold("a+a"), Gold("B", ("1", "2"))] * 3,
    )
    results: list[list[Grade]] = []
    threads = [threading.Thread(target=lambda: results.append(grader.grade(responses, golds))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3 and all(result == results[0] for result in results)
    assert verdicts(results[0]) == ["correct"] * 12


def test_closing_ends_the_children() -> None:
    with Grader(GradingSettings(workers=1)) as grader:
        grader.grade([ALGEBRA], [Gold("x+y")])
        (pid,) = grader.pids
    assert not Path(f"/proc/{pid}").exists()


def test_killing_the_parent_leaves_no_child() -> None:
    program = f"""
import threading, time
from tasks.grading.workers.children import ChildError
from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold
grader = Grader(GradingSettings(timeout_s=60))
responses = [r"{ENDLESS}", r"{ENDLESS}".replace("cos", "tan")]
threading.Thread(target=grader.grade, args=(responses, [Gold(r"{UNKNOWN.answer}")] * 2), daemon=True).start()
while len(grader.pids) < 2:
    time.sleep(0.05)
print(*grader.pids, flush=True)
time.sleep(3600)
"""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2 and all(_runs(pid) for pid in pids)
        parent.kill()
    until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    """Whether the process exists and is not a zombie that waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_lengths_must_agree(grader: Grader) -> None:
    with pytest.raises(ValueError, match="2 responses but 1 gold"):
        grader.grade(["1", "2"], [Gold("1")])


@pytest.mark.parametrize("answer", [None, "", "  \n"])
def test_a_blank_gold_answer_cannot_be_scored(grader: Grader, answer: str | None) -> None:
    (grade,) = grader.grade([r"\boxed{5}"], [Gold(answer)])
    assert (grade.verdict, grade.extracted) == (Verdict.unscorable, "5")


def test_identities_name_what_they_depend_on() -> None:
    assert "math-verify-" in grader_id() and "sympy-" in grader_id()


def test_no_text_that_breaks_a_rule_or_extraction_ends_a_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def brittle(answer: str, gold: str, context: Context) -> bool | None:
        return 1 // 0 > 0 if "q" in answer or "q" in gold else None

    def blind(response: str, choices: tuple[str, ...]) -> Extracted | None:
        return found_in(response, choices) if response != "blind" else Extracted(*[1])

    monkeypatch.setattr(order, "RULES", (brittle, *order.RULES))
    monkeypatch.setattr(grading, "final_answer", blind)
    found_in = answer.final_answer
    with Grader(GradingSettings(workers=1)) as grader:
        responses = [r"\boxed{q+p}", r"\boxed{4}", "blind", r"\boxed{y}"]
        grades = grader.grade(responses, [Gold("p+y"), Gold("q"), Gold("4"), Gold("y")])
    assert [(one.verdict.value, one.rule) for one in grades] == [
        ("incorrect", "math_verify"), ("unscorable", "broken_gold"), ("unparseable", "no_answer"), ("correct", "same_text"),
    ]  # fmt: skip
    assert sum("please tell us" in said for said in caplog.messages) == 3


def test_a_child_outlives_the_thread_that_needed_it() -> None:
    with Grader() as grader:
        thread = threading.Thread(target=grader.grade, args=([ALGEBRA], [Gold("x+y")]))
        thread.start()
        thread.join()
        time.sleep(0.2)
        assert len(grader.pids) == 1
        assert verdicts(grader.grade([ALGEBRA], [Gold("x+y+0")])) == ["correct"]


def test_a_repeated_pair_is_decided_once_also_between_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(grading, "decide", lambda text, gold: asked.append(text) or decide(text, gold))
    with Grader(GradingSettings(timeout_s=1)) as grader:
        first = grader.grade([ALGEBRA, ENDLESS, ALGEBRA], [Gold("x+y"), UNKNOWN, Gold("x+y")])
        again = grader.grade([ENDLESS, ALGEBRA, r"\boxed{3}"], [UNKNOWN, Gold("x+y"), Gold("x+y")])
        assert again[:2] == [first[1], first[0]]
        assert asked == ["y+x", ENDLESS.removeprefix(r"\boxed{")[:-1], "3"]
        monkeypatch.setattr(grading, "MOST_KNOWN", 1)
        grader.grade([r"\boxed{7}"], [Gold("x+y")])
        grader.grade([ALGEBRA], [Gold("x+y")])
    assert asked[-2:] == ["7", "y+x"]


def test_children_that_never_start_are_an_error_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Grader() as grader, pytest.raises(ChildError, match="ended before it was ready"):
        grader.grade([ALGEBRA], [Gold("x+y")])
