"""An `or` between answers: no answer where they differ, one where each part is the gold answer."""

import pytest

from tasks.grading.rules.order import compare

TABLE = [
    ("5 or 6", "5", False),
    ("either 5 or 6", "5", False),
    ("maybe 3 or 4", "3", False),
    ("3 或 5", "3", False),
    ("3或者5", "5", False),
    (r"\text{red or blue}", "red", False),
    ("x=5 or x=6", "6", False),
    ("5, or 6", "6", False),
    (r"\frac{1}{2} or 0.5", "0.5", True),
    ("1/2 (or 0.5)", "0.5", None),
    ("1/2, or equivalently 0.5", "0.5", True),
    ("0.5 or 0.25", "0.5", False),
    ("7 or 7", "7", True),
    ("1 or 2", "2, 1", True),
    ("3 or 5", "3或5", True),
    ("3 或 5", "3, 5", True),
    ("3 or 4", "3或5", False),
]


@pytest.mark.parametrize(("answer", "gold", "equal"), TABLE)
def test_a_hedge_is_no_answer(answer: str, gold: str, equal: bool | None) -> None:
    assert equal is None or compare(answer, gold).equal is equal
