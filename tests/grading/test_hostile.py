"""Text made to hang, crash or fill the grader: every string is judged in its time, and an honest one is still judged rightly."""

import time
from collections.abc import Iterator

import pytest

from tasks.grading.pool import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold

FORMULAS = [
    "9^{9^{9^9}}",
    "x+9^{9^{9^9}}",
    "x^{9^{9^9}}",
    "(10^9)!",
    "x+100000!",
    r"x+\binom{10^8}{5\cdot 10^7}",
    r"\sum_{k=1}^{10^9} k^k",
    "(x+1)^{1000000}",
    r"\prod_{k=1}^{10^9} k",
    "(" * 5000 + "1" + ")" * 5000,
    "{" * 900 + "x" + "}" * 900,
    r"\frac{1}{" * 60 + "x" + "}" * 60,
    r"\sqrt{" * 30 + "x" + "}" * 30,
    "-" * 1500 + "1",
    "=" * 1500,
    "1," * 900,
    "{" + "{1,2}," * 80 + "}",
    "x=" * 200 + "1",
    r"\text{" * 300 + "or" + "}" * 300,
    "A or " * 300,
    r"\begin{matrix}" + r"1&2\\" * 90 + r"\end{matrix}",
    "9" * 1900,
    "0." + "9" * 1900,
    "\x00\x01\x1b" * 600,
    "\ud800" * 600,
    "|" * 400 + "x" + "|" * 400,
    r"\int_0^1 " * 12 + "x^x",
    r"\infty-" * 60 + r"\infty",
    "1/" * 200 + "0",
    "none of these " * 140,
    "a" * 1900 + "!",
]
TIMEOUT = 1.0


def responses() -> list[str]:
    return [rf"\boxed{{{formula}}}" for formula in FORMULAS] + [formula * (1_000_000 // len(formula)) for formula in FORMULAS[::5]]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(GradingSettings(timeout_s=TIMEOUT)) as grader:
        yield grader


@pytest.fixture(scope="module")
def start_s(grader: Grader) -> float:
    """Seconds that a child takes to start on this machine: what a replaced child may add to the next string."""
    start = time.monotonic()
    grader.grade([r"\boxed{x+y}"], [Gold("y+x")])
    return time.monotonic() - start


@pytest.mark.parametrize("response", responses(), ids=range(len(responses())))
def test_hostile_text_is_judged_in_its_time(grader: Grader, start_s: float, response: str) -> None:
    start = time.monotonic()
    (grade,) = grader.grade([response], [Gold("x+1")])
    assert time.monotonic() - start < TIMEOUT + 1 + 3 * start_s
    assert grade.verdict in ("incorrect", "timeout", "unparseable")


def test_an_honest_answer_after_all_that_is_correct(grader: Grader) -> None:
    assert grader.grade([r"\boxed{1+x}"], [Gold("x+1")])[0].verdict == "correct"
