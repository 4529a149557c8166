"""What needs algebra: whole expressions with one value are the same, and nothing is the same of which only a part can be read."""

import pytest

from tasks.grading.forms.plain import plain
from tasks.grading.workers.algebra import same
from tasks.grading.workers.reading import braced, expression

SAME = [
    (r"\log(1000)", "3"),
    (r"(x,y) \in \{(1,2),(2,1)\}", "(1,2),(2,1)"),
    (r"1 - \frac{1}{\mathrm{e}}", "1 - e^{-1}"),
    ("x(x-1)", "x^2-x"),
    (r"\frac{x^2-1}{x-1}", "x+1"),
    ("600*z**3 + 1525*z**2", "600z^3+1525z^2"),
    ("x^((a+b)/2)", r"x^{\frac{a+b}{2}}"),
    (r"\sqrt{1/n}", r"\frac{1}{\sqrt{n}}"),
    (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}"),
    (r"\sin^2x+\cos^2x", "1"),
    (r"\frac{\ln 5}{\ln 2}", r"\log_2 5"),
    (r"\arctan(1/2)", r"\tan^{-1}\frac12"),
    (r"x\sin 30^\circ", "x/2"),
    (r"\binom{n+1}{2}", r"\frac{n^2+n}{2}"),
    (r"\cos(n\pi)", "(-1)^n"),
    ("14.0 + -1.0i", "14-i"),
    ("(1+i)^2", "2i"),
    (r"\frac12\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}\frac12&1\\\frac32&2\end{pmatrix}"),
    ("2x-y+1=0", "y=2x+1"),
    (r"\frac{x^2}{4}+\frac{y^2}{3}=1", "3x^2+4y^2=12"),
    (r"\frac{y-1}{x}=2", "y=2x+1"),
    ("-2x>4y", "x<-2y"),
    ("b>x>a", "a<x<b"),
    ("(x+1, 2x)", "(1+x, x*2)"),
    (r"\{2, x+1\}", r"\{1+x, 2\}"),
    (r"P(x)=\pm (x+1)", "P(x)=1+x or P(x)=-x-1"),
    ("1,250x", "1250x"),
    (r"-\frac14\cos 2x+C", r"\frac12\sin^2x+C"),
    (r"\ln|2x|+C", r"\ln|x|+C"),
    ("3+4j", "3+4i"),
    (r"\sum_{k=1}^n k", r"\frac{n(n+1)}{2}"),
]
DIFFERENT = [
    (r"(x,y) \in \{(1,2),(2,1)\}", "(1,2),(2,3)"),
    (r"\log(1000)", "4"),
    (r"\sin^{-1}(0.6)", r"\frac{1}{\sin 0.6}"),
    (r"1 + \frac{1}{\mathrm{e}}", "1"),
    (r"1 + \frac{1}{\mathrm{e}}", r"1 - \frac{1}{\mathrm{e}}"),
    ("101_3", "100_3"),
    ("4210_6", "4210_5"),
    ("a+3z=0", "0"),
    (r"\lim_{x\to 0} f(x)=1", r"\lim_{x\to 1} f(x)=1"),
    (r"\lim_{x\to 0}", r"\lim_{x\to 1}"),
    ("5x km", "5x"),
    ("y'", "y"),
    ("A^T", "A"),
    (r"\overline{z}", "z"),
    (r"\angle ABC", r"\angle ACB"),
    (r"x\sin 30^\circ", r"x\sin 30"),
    ("f(g(x))", "f(x)g(x)"),
    (r"\frac{1}{2006!}", r"\frac{1}{2004!}"),
    (r"\sqrt{x^2}", "x"),
    ("0.333x", "x/3"),
    ("2x-y=-1", "y=2x-1"),
    ("2x>4y", "x<2y"),
    (r"2x \ge 4y", "x>2y"),
    ("(x+1, 2x)", "(2x, 1+x)"),
    ("N+1", "n+1"),
    (r"-\frac12\cos 2x+C", r"\frac12\sin^2x+C"),
    (r"\ln|2x|", r"\ln|x|+C"),
    ("x<2 or x>5", "x<2 and x>5"),
    ("2.71828", "e"),
    (r"A\times B", r"B\times A"),
    (r"\prod_{k=1}^n k", r"\sum_{k=1}^n k"),
    ("E", "e"),
    (r"x^2=-1", "y^2=-1"),
    (r"\int x dx", r"\int x^2 dx"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
]
PARTS = [
    "101_3",
    "2 3",
    "y'",
    "A^T",
    r"\angle ABC",
    r"\lim_{x\to 0}",
    r"1,2,\ldots,n",
    "x words",
    "f(g(x))",
    r"\frac{1}{",
    "x&y",
    "π?",
    r"0.\overline{3}",
]


@pytest.mark.parametrize(("answer", "gold"), SAME)
def test_one_value_in_two_forms_is_the_same(answer: str, gold: str) -> None:
    assert same(answer, gold)
    assert same(gold, answer)


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_another_value_is_not_the_same_nor_is_a_part_of_it(answer: str, gold: str) -> None:
    assert not same(answer, gold)
    assert not same(gold, answer)


@pytest.mark.parametrize("text", PARTS)
def test_what_can_be_read_in_part_is_not_read(text: str) -> None:
    assert expression(plain(text)) is None


@pytest.mark.parametrize(
    "text", ["x+1", r"\frac{x}{y}=2", r"\sqrt[3]{x}", r"1 \le x < y", r"x^\frac12", r"\log_2 x", "50\\%", r"\vec a+\vec b"]
)
def test_a_whole_expression_is_read(text: str) -> None:
    assert expression(plain(text)) is not None


@pytest.mark.parametrize("mutation", ["2", "y", "-", "^2", r"\sqrt{2}", "_1"])
@pytest.mark.parametrize(
    "text", ["3x+1", r"\frac{x}{3}", r"\sin x", "x^2-3x", r"\ln x+3", r"\sqrt{x+3}", "3x=5z", "x<3z", r"\binom{x}{3}", "x!"]
)
def test_no_sign_that_is_added_goes_unseen(text: str, mutation: str) -> None:
    """Math-verify drops what it does not understand; whatever is put after a letter here changes the value, or there is none."""
    changed = text.replace("x", "x" + mutation, 1) if mutation in ("^2", "_1") else text.replace("x", mutation + " x", 1)
    assert not same(changed, text)


def test_brackets_of_roots_and_powers_become_braces_in_one_pass() -> None:
    assert braced(r"\sqrt(x(y+1))^(2(a))+(3)") == r"\sqrt{x(y+1)}^{2(a)}+(3)"
    assert braced("^(" * 50_000).count("(") == 50_000
