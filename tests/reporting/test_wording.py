"""Values as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reporting.wording import change, clipped, is_missing, label, number, percent, points, policy_title, printable
from tasks.steps.naming import slug


def test_numbers():
    assert percent(0.5294) == "52.9%" and percent(None) == "–" and percent(math.nan) == "–"
    assert points(0.108) == "+10.8" and points(-0.02) == "−2.0" and points(None) == "–"
    assert number(12345) == "12,345" and number(0.012345) == "0.0123" and number(-1.5) == "−1.5"
    assert is_missing(None) and not is_missing(0.0)


@pytest.mark.parametrize(
    ("difference", "low", "high", "said"),
    [(0.1, 0.05, 0.15, "up"), (-0.1, -0.2, -0.01, "down"), (0.1, -0.01, 0.2, "unclear"), (0.1, None, None, ""), (None, None, None, "")],
)
def test_change_is_what_the_interval_allows(difference, low, high, said):
    assert change(difference, low, high) == said


@given(st.text(max_size=60))
def test_printable_text_has_no_control_characters(text):
    shown = printable(text)
    assert not [char for char in shown if char != "\n" and char != "\t" and (ord(char) < 32 or char in "\x7f\x9b\u202e\u2066\ufeff")]
    assert printable(shown) == shown


def test_names():
    assert policy_title("stage1") == "Stage 1" and policy_title("base") == "Base"
    assert label("a\nb\t c") == "a b c" and label("") == "(no name)" and len(label("x" * 99)) == 40
    assert clipped("abcdef", 3) == "abc … (3 more characters)" and clipped(" ab ", 3) == "ab"
    assert slug("Chart Sums/β!") == "chart-sums" and slug("ß") == "unnamed"
