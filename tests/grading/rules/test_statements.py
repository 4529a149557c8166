"""Several statements or letters at once: the same ones in any order, and no other."""

import pytest

from tasks.grading.rules.order import compare

TABLE = [
    ("BD", "B, D", True),
    ("D和B", "BD", True),
    ("both B and D", "BD", True),
    ("(B),(D)", "B, D", True),
    (r"\{B, D\}", "BD", True),
    ("Options B and D", "BD", True),
    ("B and D only", "BD", True),
    ("选BD", "BD", True),
    ("B", "BD", False),
    ("ABD", "BD", False),
    ("A, B", "BD", False),
    ("①和③", "①③", True),
    ("①③", "①②③", False),
]


@pytest.mark.parametrize(("answer", "gold", "equal"), TABLE)
def test_the_same_letters_or_numbers_and_no_other(answer: str, gold: str, equal: bool) -> None:
    assert compare(answer, gold).equal is equal
