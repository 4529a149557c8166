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


TABLE = [
    ("twelve eggs", "12", True),
    ("There are twelve.", "12", True),
    ("There are five cubes left.", "5", True),
    ("So Tom has twenty-one apples", "21", True),
    ("there is one solution", "1", True),
    ("the red one", "1", False),
    ("no one came", "1", False),
    ("one of them is broken", "1", False),
    ("five or six apples", "5", False),
    ("two of the five apples", "5", False),
    ("It takes two hours.", "2", True),
    ("It takes 2 minutes", "2 hours", False),
    ("It takes 90 minutes in total", "1.5 hours", True),
    ("5 km in total", "5 m", False),
    ("5 in total", "5 cm", True),
    ("12 apples", "12", True),
    ("共有十二种方法", "12", True),
    ("一共有三个", "3", True),
    ("一共有十三个", "3", False),
    ("one third of the cake", "1/3", True),
    ("two men", "2", True),
    ("two-digit number", "2", False),
    ("a dozen eggs", "12", True),
    ("less than five cats", "5", False),
    ("at least two people", "2", False),
    ("second place", "2", False),
    ("there are no apples", "0", False),
    ("three hundred people came", "300", True),
    ("about 30 degrees", "30", True),
    ("the angle measures 30 degrees", "60", False),
    ("it costs 5 dollars", r"\$5", True),
    (r"Answer: the price is \$5 per ticket", "5", True),
    ("A total of 3 apples and 4 pears", "7", False),
    ("3或5", "3, 5", True),
    ("3和5", "3 and 5", True),
    ("3或4", "3或5", False),
    ("3或5", "3", False),
    ("答えは42です。", "42", True),
    ("答えは42です。", "43", False),
    ("답은 42입니다", "42", True),
    (r"\text{half of } 10", "10", False),
    ("twice 5", "5", False),
    ("5 more than x", "5", False),
    ("5 is wrong", "5", False),
    ("12 at least", "12", False),
    ("nicht 12", "12", False),
    ("12ではない", "12", False),
    ("12 of them", "12", True),
]


@pytest.mark.parametrize(("answer", "gold", "right"), TABLE)
def test_the_one_number_of_a_sentence_is_its_answer(answer: str, gold: str, right: bool) -> None:
    assert (compare(answer, gold).equal is True) is right
