"""A number among words: the only one counts; a bound, a denial, a formula or a word that makes another number of it does not."""

import pytest

from tasks.grading.rules.order import compare

SAME = [
    ("5 pairs of socks", "5"),
    ("we count exactly 6 of them", "6"),
    ("共有12种方法", "12"),
    ("12, not 13", "12"),
    ("12 instead of 13", "12"),
    ("5 cm, not 6 cm", "5"),
    ("答えは42です", "42"),
    ("needs 5 more apples", "5"),
    ("5 apples in all", "5"),
]

DIFFERENT = [
    ("6 pairs of socks", "5"),
    ("12, not 13", "13"),
    ("12 instead of 13", "13"),
    ("half of 10", "10"),
    ("twice 5", "5"),
    ("5 more than x", "5"),
    ("5 is wrong", "5"),
    ("12 at least", "12"),
    ("5 if the box is closed", "5"),
    ("between 5 and 6", "5"),
    ("either of 5, with 6 left", "5"),
    ("cannot be 5", "5"),
    ("less than 5", "5"),
    ("anything but 12", "12"),
    ("nicht 12", "12"),
    ("12ではない", "12"),
    ("不是12", "12"),
    ("大于12的数", "12"),
    ("面积是12π", "12"),
    ("12万", "12"),
    ("the height is 2a + 3", "3"),
    ("three plus 4", "4"),
    ("the length is 3√2 meters", "3"),
]


@pytest.mark.parametrize(("answer", "gold"), SAME)
def test_the_number_counts(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is True


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_the_number_does_not_count(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
