"""What is decided by its size before it is computed, and what is small enough to be computed all the same."""

import time

import pytest

from tasks.grading.forms.magnitude import Beyond, apart, size
from tasks.grading.forms.plain import plain
from tasks.grading.rules.order import compare
from tasks.grading.rules.size import is_costly
from tests.grading.provoking import PROVOKING

LONG = "+".join(["1"] * 240)


@pytest.mark.parametrize("answer", PROVOKING)
@pytest.mark.parametrize("gold", ["5", "x+1", r"\frac{\sqrt{3}}{2}", "2^{100}", "(1,2)", "10^{-6}", "0.5 cm"])
def test_what_cannot_be_written_out_is_no_answer(answer: str, gold: str) -> None:
    start = time.thread_time()
    assert compare(answer, gold).equal is False
    assert time.thread_time() - start < 0.2


@pytest.mark.parametrize("answer", PROVOKING)
def test_it_is_right_where_the_gold_answer_is_the_same_text(answer: str) -> None:
    assert compare(answer, answer).equal is True and compare(rf"\displaystyle {answer}.", answer).equal is True


@pytest.mark.parametrize(
    ("answer", "gold", "equal"),
    [
        ("5", "300000!", False),
        (r"\int_0^1 2x\,dx = 1", "1", True),
        (r"\int_0^1 2x\,dx = 1", "2", False),
        ("9^{9^9}", "9^{9^{9}} ", True),
        ("9^{9^{10}}", "9^{9^9}", False),
        ("300001!", "300000!", False),
        ("2^{100000}", "2^{100001}", False),
        ("-2^{100000}", "2^{100000}", False),
        ("2^{-100000}", "2^{100000}", False),
        ("7", "9^{9^{9^9}}", False),
        (r"\binom{1000000}{500000}", r"\binom{1000000}{499000}", False),
        ("x=9^{9^9}", "x=5", False),
        (r"\{1, 300000!\}", "1, 2", False),
        (r"\int_0^1 2x dx", "5", False),
        ("9^{9^{9^9}}", "9^{9^{9^9}}+1", None),
        ("4^{50000}", "2^{100000}", None),
        ("1-(364/365)^{2000}", "0.996", None),
        (r"(x+1)^{1000000}", r"(1+x)^{1000000}", None),
    ],
)
def test_two_large_ones_differ_where_their_sizes_do(answer: str, gold: str, equal: bool | None) -> None:
    assert compare(answer, gold).equal is equal


@pytest.mark.parametrize(
    "text",
    [
        "2^{1000}", "10^{100}", "x^{2023}+1", "(-1)^{2024}", "1^{10000}", "(x+1)^{100}", "(a+b+c)^{10}", "100!", r"\frac{2010!}{1005!}",
        r"\binom{2020}{1010}", r"{100 \choose 50}", r"\binom{n}{k}", r"\sum_{k=1}^{n} k^2", r"\sum_{k=1}^{100} k", r"\prod_{i=1}^n a_i",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}^{10}", "n!", "x!=3", "2^{n}", "e^{x^2}", "e^{-1000}", "(1+0.05)^{12}",
        "3^{2008}-1", "i^{2023}", "A^{T}",
        r"\left(\frac{5}{6}\right)^{1000}", "x^{y^{z}}", r"(\sqrt{2}+1)^{20}", "5!", "10!!", r"30^{\circ}", "f^{-1}(x)", r"\det A",
        "^", "!",
    ],
)  # fmt: skip
def test_what_can_be_computed_is_left_to_be(text: str) -> None:
    assert not is_costly(plain(text))


@pytest.mark.parametrize("mark", ["^", "!", "9^", "{^", "(9!", r"\sum_", r"\binom{9}", "9!^{", r"^{9^{"])
def test_signs_without_sense_take_no_time(mark: str) -> None:
    start = time.thread_time()
    is_costly((mark * 500)[:500])
    assert time.thread_time() - start < 0.3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5.0),
        ("(-2)^{3}", -8.0),
        (r"\sqrt[3]{8} \cdot 2", 4.0),
        (r"\frac{300000!}{299999!}", 300000.0),
        (r"\binom{10}{3}", 120.0),
        ("2e", 5.43656),
        (".5+1", 1.5),
        (LONG, 240.0),
    ],
)
def test_sizes_that_floats_hold(text: str, value: float) -> None:
    assert size(text) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "log"), [("300000!", 1512851.169), ("9^{9^9}", 369693099.63), ("10^{-10^{10}}", -1e10), ("2^{-1074}", -323.306)]
)
def test_sizes_beyond_the_floats(text: str, log: float) -> None:
    found = size(text)
    assert isinstance(found, Beyond) and found.log == pytest.approx(log, rel=1e-6)


@pytest.mark.parametrize("text", ["", "x", "1/0", "5+300000!-300000!", "(-1)^{0.5}", "(-3)!", "(" * 100, r"\binom{2}{3}", "1+", r"\sin 3"])
def test_what_has_no_size(text: str) -> None:
    assert size(text) is None


def test_sizes_are_apart_only_where_that_is_sure() -> None:
    for one, other, differ in (
        ("9^{9^9}", "9^{9^9}+1", False),
        ("9^{9^9}", "9^{9^9+1}", True),
        ("2", "2.0000001", False),
        ("2", "-2", True),
    ):
        a, b = size(one), size(other)
        assert a is not None and b is not None and apart(a, b) is differ
