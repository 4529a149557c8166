"""Yes and no, true and false: in a word, at the head of a sentence, in Chinese; conditions and contradictions say neither."""

import pytest

from tasks.grading.rules.order import compare

TABLE = [
    ("Yes", "yes, it is", True),
    ("No", "yes, it is", False),
    ("No", "No, since 5 < 6", True),
    ("Yes", "yes", True),
    ("Yes.", "Yes", True),
    ("Yes, it is.", "yes", True),
    ("yes it is", "Yes", True),
    ("No, it is not", "No", True),
    ("No, it is not", "Yes", False),
    ("no", "Yes", False),
    ("Yes, the matrix is invertible", "Yes", True),
    ("Yes, because there is no remainder", "Yes", True),
    ("Yes, no number divides it", "Yes", True),
    ("No, 7 is not even", "No", True),
    ("No because it is true that 3 < 5", "No", True),
    ('"yes." Salmon is greater than Orchid', "yes", True),
    ("True", "true", True),
    ("True. The sum is 10", "True", True),
    ("The statement is true", "True", True),
    ("The statement is false", "True", False),
    ("The claim is not true", "True", False),
    ("The claim is not true", "False", True),
    ("not true", "True", False),
    ("It is true", "True", True),
    ("I would say yes", "Yes", True),
    ("I would say no", "Yes", False),
    ("So the answer is no", "No", True),
    ("Definitely yes", "Yes", True),
    ("Answer: No", "No", True),
    ("T", "True", True),
    ("F", "True", False),
    ("N", "No", True),
    ("correct", "True", True),
    ("Yes", "True", True),
    ("Yes or no", "Yes", False),
    ("Yes/No", "Yes", False),
    ("yes and no", "yes", False),
    ("No, yes, no", "no", False),
    ("Yes. Wait, no, it is not", "Yes", False),
    ("True or false", "True", False),
    ("是", "Yes", True),
    ("不是", "Yes", False),
    ("否", "No", True),
    ("对", "正确", True),
    ("错误", "正确", False),
    ("不正确", "错误", True),
    ("该说法正确", "正确", True),
    ("这个命题是错误的", "错", True),
    ("正确,因为和为10", "正确", True),
]

NEITHER = [
    ("Yes", "Yes, if n is even"),
    ("No", "No solution"),
    ("maybe", "no"),
    ("Yes, if n is even", "Yes"),
    ("no solution", "no"),
    ("no real roots", "No"),
    ("Neither yes nor no", "Yes"),
    ("I would not say yes", "Yes"),
    ("true north", "True"),
    ("the answer is unclear", "Yes"),
    ("correct", "Yes"),
    ("noon", "no"),
]


@pytest.mark.parametrize(("answer", "gold", "equal"), TABLE)
def test_an_answer_says_yes_or_no(answer: str, gold: str, equal: bool) -> None:
    assert compare(answer, gold).equal is equal


@pytest.mark.parametrize(("answer", "gold"), NEITHER)
def test_an_answer_says_neither(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
