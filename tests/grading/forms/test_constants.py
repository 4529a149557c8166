"""Values of constant expressions: exact where rational, bounded always."""

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.grading.forms.constants import constant, equal
from tasks.grading.forms.plain import plain

VALUES = [
    ("5", 5),
    ("-3", -3),
    ("4.80", Fraction(24, 5)),
    (".5", Fraction(1, 2)),
    ("1,234.5", Fraction(2469, 2)),
    ("1 234", 1234),
    ("1/3", Fraction(1, 3)),
    (r"\dfrac12", Fraction(1, 2)),
    (r"-\frac{3}{4}", Fraction(-3, 4)),
    ("2 1/2", Fraction(5, 2)),
    (r"2\frac{1}{2}", Fraction(5, 2)),
    ("-1 1/2", Fraction(-3, 2)),
    (r"1.5 \times 10^{3}", 1500),
    ("2^{10}", 1024),
    ("5!", 120),
    (r"\sqrt{16}", 4),
    (r"\sqrt[3]{8}", 2.0),
    ("3(4+1)", 15),
    ("Twelve", 12),
    (r"3\pi", 3 * math.pi),
    (r"6(\sqrt{2}-1)", 6 * (math.sqrt(2) - 1)),
    (r"\frac{\sqrt{3}}{2}", math.sqrt(3) / 2),
    ("√2", math.sqrt(2)),
    ("2^{-1}", Fraction(1, 2)),
    ("4^{1/2}", 2),
    ("½", Fraction(1, 2)),
    (r"0.1\overline{6}", Fraction(1, 6)),
    (r"-1.\overline{3}", Fraction(-4, 3)),
    ("-1.5e-3", Fraction(-3, 2000)),
    ("22nd", 22),
    ("Forty", 40),
    ("ninety nine", 99),
    (r"\binom{5}{2}", 10),
    ("1.234.567", 1234567),
    ("1.000,5", 1000.5),
    ("12,34,567", 1234567),
    ("1'234", 1234),
    ("0.333...", Fraction(1, 3)),
    ("0.1666...", Fraction(1, 6)),
    ("0.142857142857...", Fraction(1, 7)),
    ("0.(3)", Fraction(1, 3)),
    (r"0.\dot{3}", Fraction(1, 3)),
    (r"0.1\bar{6}", Fraction(1, 6)),
    (r"\sin 30^{\circ}", 0.5),
    (r"\tan^2(\frac{\pi}{3})", 3),
    (r"2\cos 60^\circ", 1),
    ("2pi", 2 * math.pi),
    ("5 sqrt(6)", 5 * math.sqrt(6)),
]
NO_VALUES = [
    "",
    "x",
    "2x",
    "(1,2)",
    "1,23",
    "5 6",
    r"\frac{1}{0}",
    "9^{9^{9^9}}",
    "1000000!",
    "(" * 99 + "1" + ")" * 99,
    "(-1)^{1/2}",
    "1:2",
    "2(",
    "0,188",
    "2024-01-02",
    "1.234,",
    "12.34.567",
    "0.12...",
    "3.14159...",
    "9" * 400,
    "1e999",
    "twenty-twelve",
    "plenty",
    r"\sin 2\pi",
    r"\binom{10^8}{5}",
    r"\binom{2}{5}",
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_constant_has_its_value(text: str, value: object) -> None:
    assert constant(plain(text)) == pytest.approx(value, rel=1e-12)


def test_decimals_that_six_places_do_not_tell_apart_are_compared_by_their_own_size() -> None:
    small = Fraction(16, 10**20), Fraction(32, 10**20)
    assert not equal(*small, decimal=True)
    assert not equal(1.6e-19, 3.2e-19, decimal=True)
    assert equal(Fraction("0.083333"), Fraction(1, 12), decimal=True)


@pytest.mark.parametrize("text", NO_VALUES)
def test_what_is_no_constant_or_too_large_has_no_value_and_takes_no_time(text: str) -> None:
    start = time.thread_time()  # of computing: another process may have the machine
    assert constant(text) is None
    assert time.thread_time() - start < 0.1


@given(st.fractions(max_denominator=10**6))
def test_all_forms_of_a_fraction_have_its_exact_value(value: Fraction) -> None:
    n, d = value.numerator, value.denominator
    whole, rest = divmod(abs(n), d)
    sign = "-" if n < 0 else ""
    forms = [f"{n}/{d}", rf"\frac{{{n}}}{{{d}}}", rf"{sign}\dfrac{{{abs(n)}}}{{{d}}}", rf"$\frac{{{3 * n}}}{{{3 * d}}}$"]
    if rest and whole:
        forms += [f"{sign}{whole} {rest}/{d}", rf"{sign}{whole}\frac{{{rest}}}{{{d}}}"]
    assert all(constant(plain(form)) == value for form in forms)


@given(st.integers(-(10**12), 10**12))
def test_thousands_separators_change_nothing(number: int) -> None:
    assert constant(f"{number:,}") == constant(plain(f"{number:,}".replace(",", "{,}"))) == number


@given(st.text(alphabet="0123456789+-*/^(){}!.\\frac sqtpi", max_size=60))
def test_any_text_is_evaluated_or_refused(text: str) -> None:
    value = constant(text)
    assert value is None or isinstance(value, Fraction | int) or math.isfinite(value)


def test_precision_rounds_and_decimals_compare_to_six_places() -> None:
    assert equal(Fraction("3.14159"), math.pi, precision=2)
    assert not equal(Fraction("3.15"), math.pi, precision=2)
    assert equal(Fraction(1, 3), Fraction("0.3333333"), decimal=True)
    assert not equal(Fraction(1, 3), Fraction("0.333"), decimal=True)
    assert not equal(Fraction(10**400), math.pi)
