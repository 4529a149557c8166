"""Numbers in words, English and Chinese: their values, and what is none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.grading.forms.number_words import ONES, TENS, number_word

VALUES = [
    ("one out of four", Fraction(1, 4)),
    ("3 out of 4", Fraction(3, 4)),
    ("one in twenty", Fraction(1, 20)),
    ("one hundred and five", 105),
    ("one hundred five", 105),
    ("a hundred", 100),
    ("two thousand and twenty-four", 2024),
    ("three million", 3000000),
    ("one million, two hundred thousand", 1200000),
    ("half", Fraction(1, 2)),
    ("a half", Fraction(1, 2)),
    ("one half", Fraction(1, 2)),
    ("one-half", Fraction(1, 2)),
    ("a third", Fraction(1, 3)),
    ("two thirds", Fraction(2, 3)),
    ("two-thirds", Fraction(2, 3)),
    ("three quarters", Fraction(3, 4)),
    ("three fourths", Fraction(3, 4)),
    ("one twenty-fifth", Fraction(1, 25)),
    ("third", 3),
    ("the third", 3),
    ("twenty-first", 21),
    ("one hundredth", Fraction(1, 100)),
    ("one hundred fifth", 105),
    ("hundredth", 100),
    ("second", 2),
    ("minus five", -5),
    ("negative five", -5),
    ("a dozen", 12),
    ("two dozen", 24),
    ("half a dozen", 6),
    ("half a million", 500000),
    ("four and a half", Fraction(9, 2)),
    ("three point five", Fraction(7, 2)),
    ("2.5 billion", 2500000000),
    ("3 thousand", 3000),
    ("1,200 thousand", 1200000),
    ("5 dozen", 60),
    ("nine hundred ninety-nine thousand nine hundred ninety-nine", 999999),
    ("twelve hundred", 1200),
    ("twenty one", 21),
    ("five hundredths", Fraction(1, 20)),
    ("21 hundredths", Fraction(21, 100)),
    ("three and a half million", 3500000),
    ("two and two thirds", Fraction(8, 3)),
    ("zero", 0),
    ("fifty", 50),
    ("fourty", 40),
    ("nineteenth", 19),
    ("thirtieth", 30),
    ("two hundred and first", 201),
    ("2 and a half", Fraction(5, 2)),
    ("十二", 12),
    ("二十", 20),
    ("一百零五", 105),
    ("三百二十一", 321),
    ("两千", 2000),
    ("两千五", 2500),
    ("一万两千", 12000),
    ("十二万", 120000),
    ("三分之一", Fraction(1, 3)),
    ("三分之二", Fraction(2, 3)),
    ("第三", 3),
    ("第12", 12),
    ("二〇二一", 2021),
    ("一九九九", 1999),
    ("三点五", Fraction(7, 2)),
    ("一半", Fraction(1, 2)),
    ("半", Fraction(1, 2)),
    ("12万", 120000),
    ("1.5亿", 150000000),
    ("3千万", 30000000),
    ("负五", -5),
    ("五", 5),
    ("两", 2),
    ("十", 10),
    ("二又三分之一", Fraction(7, 3)),
    ("一亿零五", 100000005),
    ("一百五", 150),
    ("一百零五万", 1050000),
    ("一万五", 15000),
    ("十万五", 105000),
    ("零", 0),
    ("两百", 200),
    ("三千零五十", 3050),
    ("一千五百万", 15000000),
    ("3分之2", Fraction(2, 3)),
    ("二十二", 22),
    ("一十", 10),
]
NONE_OF_IT = [
    "four out of one",
    "out of four",
    "one in",
    "3 in 4",
    "hundred",
    "three fourth",
    "two third",
    "twenty twelve",
    "one two",
    "and",
    "one and",
    "a",
    "the",
    "one second",
    "one thousand thousand",
    "zero hundred",
    "twenty zero",
    "three and half",
    "one hundred and",
    "thousand",
    "three hundreds",
    "once",
    "两两",
    "百",
    "万",
    "十十",
    "一百百",
    "个",
    "点",
    "廿",
    "三三",
    "亿万",
    "五千万亿",
    "no one",
    "the one",
    "twelve eggs",
    "five or six",
    "a third of them",
    "十字",
    "三角形",
    "12",
    "1.2.3万",
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_number_in_words_has_its_value(text: str, value: Fraction) -> None:
    assert number_word(text) == value


@pytest.mark.parametrize("text", NONE_OF_IT)
def test_what_has_any_other_word_or_is_not_well_formed_is_no_number(text: str) -> None:
    assert number_word(text) is None


@given(st.integers(0, 10**12 - 1))
def test_every_number_to_a_billion_is_read_as_it_is_spelt(number: int) -> None:
    assert number_word(english(number)) == number
    assert number_word(chinese(number)) == number


@given(
    st.lists(
        st.sampled_from([*ONES[:4], *TENS[:2], "hundred", "thousand", "and", "a", "half", "third", "thirds", "point", "dozen"]), max_size=30
    )
)
def test_any_row_of_number_words_is_read_or_refused(words: list[str]) -> None:
    value = number_word(" ".join(words))
    assert value is None or isinstance(value, Fraction)


def english(number: int) -> str:
    """A number below a trillion in English words."""
    for size, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            joined = " and " if rest and rest < 100 else " " if rest else ""
            return f"{english(number // size)} {name}{joined}{english(rest) if rest else ''}"
    if number < 20:
        return ONES[number]
    return TENS[number // 10 - 2] + (f"-{ONES[number % 10]}" if number % 10 else "")


def chinese(number: int) -> str:
    """A number below a trillion in Chinese characters."""
    if number >= 10**8:
        rest = number % 10**8
        return f"{chinese(number // 10**8)}亿{_gap(rest, 10**7)}{chinese(rest) if rest else ''}"
    if number >= 10**4:
        rest = number % 10**4
        return f"{chinese(number // 10**4)}万{_gap(rest, 10**3)}{chinese(rest) if rest else ''}"
    for size, name in ((1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            rest = number % size
            return f"{'零一二三四五六七八九'[number // size]}{name}{_gap(rest, size // 10)}{chinese(rest) if rest else ''}"
    return "零一二三四五六七八九"[number]


def _gap(rest: int, size: int) -> str:
    return "零" if 0 < rest < size else ""
