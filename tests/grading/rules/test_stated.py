"""A value at the end of a sentence that says what it is; a sentence that denies, compares or supposes says nothing."""

import pytest

from tasks.grading.rules.order import compare

SAME = [
    ("The ratio is 3:1", "3:1"),
    (r"The probability is $\frac{1}{6}$", "1/6"),
    ("The domain is [2, 5)", "[2,5)"),
    (r"The solution set is \{2, 3\}", r"\{3, 2\}"),
    ("The solutions are 2 and 3", "2, 3"),
    ("The area must be 12 cm²", "12"),
    ("The value is equal to 0.5", "1/2"),
    ("The equation of the line is y = 2x + 1", "y=2x+1"),
    ("7", "The answer is 7."),
    ("the line y = x", "y = x"),
    ("the point (1, 2)", "(1,2)"),
    ("at x = 2", "x=2"),
    ("for x > 2", "x>2"),
    ("阴影部分的面积是12", "12"),
    ("三角形的面积为12平方厘米", "12"),
]

DIFFERENT = [
    ("The ratio is 1:3", "3:1"),
    ("the line y = 2x", "y = x"),
    ("not at x = 2", "x=2"),
    ("The ratio is not 3:1", "3:1"),
    ("The wrong answer is 10", "10"),
    ("If the box is open it is 10", "10"),
    ("If open, the answer is 10", "10"),
    ("At least one of them is 10", "10"),
    ("Half of it is 10", "10"),
    ("The area is less than 12", "12"),
    ("The area is at least 12", "12"),
    ("It may be that x is 5", "5"),
    ("阴影部分的面积不是12", "12"),
    ("阴影部分的面积是12π", "12"),
    ("x大于等于5", "5"),
    ("若a为5", "5"),
    ("The total is 3 or 4", "3"),
    ("The solutions are 2 and 3", "3"),
    ("The height is 2a + 3", "3"),
]


@pytest.mark.parametrize(("answer", "gold"), SAME)
def test_the_value_counts(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is True


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_a_sentence_that_does_not_state_the_value_is_not_right(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
