"""Equations in rows are read as one line; matrices and functions by cases keep their rows."""

import pytest

from tasks.grading.forms.plain import plain
from tasks.grading.rules.order import compare

ONE_LINE = [
    (r"\begin{aligned}x&=3\\y&=4\end{aligned}", "x=3, y=4"),
    (r"\begin{cases}x=3,\\y=4.\end{cases}", "x=3, y=4"),
    (r"\left\{\begin{array}{l}x=3,\\y=4\end{array}\right.", "x=3, y=4"),
    (r"\begin{aligned} x &= 3+4 \\ &= 7\end{aligned}", "x = 3+4 = 7"),
    (r"\begin{aligned}7\end{aligned}", "7"),
    (r"\begin{gathered}x=7\end{gathered}", "x=7"),
    (r"\begin{array}{c}7\end{array}", "7"),
]
KEPT = [
    r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}",
    r"\begin{array}{cc}1 & 2 \\ 3 & 4\end{array}",
    r"\begin{cases}x+1, & x=0\\ 0, & x=1\end{cases}",
    r"\begin{cases}x>1\\x<3\end{cases}",
]
SAME = [
    (r"\begin{aligned}x&=3\\y&=4\end{aligned}", "(3,4)"),
    (r"\begin{aligned}x&=3\\y&=4\end{aligned}", "x=3, y=4"),
    ("y=4, x=3", r"\left\{\begin{array}{l}x=3,\\y=4\end{array}\right."),
    (r"\begin{aligned} x &= 3+4 \\ &= 7\end{aligned}", "7"),
    (r"\begin{split}x=7\end{split}", "7"),
]
DIFFERENT = [
    (r"\begin{cases}x=3\\y=5\end{cases}", "x=3, y=4"),
    (r"\begin{cases}x=4\\y=3\end{cases}", "x=3, y=4"),
    (r"\begin{cases}x=3\\y=4\end{cases}", "4"),
    (r"\begin{aligned} x &= 3+4 \\ &= 7\end{aligned}", "3"),
    (r"\begin{pmatrix}7 \\ 8\end{pmatrix}", "7"),
]


@pytest.mark.parametrize(("written", "line"), ONE_LINE)
def test_equations_in_rows_are_one_line(written: str, line: str) -> None:
    assert plain(written) == line


@pytest.mark.parametrize("written", KEPT)
def test_other_rows_are_kept(written: str) -> None:
    assert r"\begin" in plain(written)


@pytest.mark.parametrize(("answer", "gold"), SAME)
def test_a_system_is_what_it_says(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is True


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_a_system_is_no_other_answer(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
