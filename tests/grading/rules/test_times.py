"""Times of the day in their many spellings."""

import pytest

from tasks.grading.forms.plain import plain
from tasks.grading.rules.order import by_the_rules
from tasks.grading.rules.times import same_time

TABLE = [
    (r"4\text{ p.m.}", "4:00 PM", True),
    ("4 pm", "16:00", True),
    ("12:00", "noon", True),
    ("12:00 PM", "12:00 noon", True),
    ("12:00 AM", "noon", False),
    ("midnight", "12:00 AM", True),
    ("0:00", "midnight", True),
    ("4:00", "4 o'clock", True),
    ("four o'clock", "4:00", True),
    ("4:05", "4:50", None),
    ("04:05", "4:05", True),
    ("quarter past three", "3:15", True),
    ("a quarter to four", "3:45", True),
    ("half past two", "2:30", True),
    ("ten minutes past five", "5:10", True),
    ("twenty-five to six", "5:35", True),
    ("half past two", "2:35", False),
    ("14:30", "2:30 AM", False),
    ("14:30", "2:30 PM", True),
    ("10:15 in the morning", "10:15 AM", True),
    ("3:00 in the afternoon", "15:00", True),
    ("下午3点", "15:00", True),
    ("下午3点半", "3:30 PM", True),
    ("上午9时30分", "9:30 AM", True),
    ("3点", "3:00", True),
    ("15h40", "15:40", True),
    ("10:15 A.M.", "10:15 a.m.", True),
    ("5 pm", "5", True),
    ("5 pm", "6", False),
    ("2 to 15", "2:15", None),
    ("5", "5 o'clock", True),
    ("17 o'clock", "5 pm", True),
    ("25:00", "1:00", None),
    ("10:30", "10:31", None),
    ("4 am", "4 pm", False),
    ("half past ten", "10:30", True),
    ("half", "10:30", None),
    ("5:30", "5.5", None),
    ("10 o'clock", "11 o'clock", False),
    ("noon", "midnight", False),
    ("5 cm", "5 pm", None),
    ("12 noon", "12 midnight", False),
    ("23:59", "11:59 PM", True),
    ("13 pm", "1 pm", None),
]


@pytest.mark.parametrize(("answer", "gold", "same"), TABLE)
def test_two_texts_are_the_same_time_or_not(answer: str, gold: str, same: bool | None) -> None:
    assert same_time(plain(answer), plain(gold), by_the_rules()) is same
