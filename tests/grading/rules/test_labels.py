"""Labels of choices that stand in the question, in the answer and in the gold answer."""

import pytest

from tasks.grading.rules.order import compare

TABLE = [
    ("b", "b)", True),
    ("a", "b)", False),
    ("(B) 15 cm", "B", True),
    ("B. 15 cm", "B", True),
    ("B (15 cm)", "B", True),
    ("15 cm (B)", "B", True),
    ("C: 15 cm", "B", False),
    ("15 cm (B)", "15", True),
    ("B (15 cm)", "15", True),
    ("(B) 16", "15", False),
    ("B", "(B) 47", True),
    ("(B)", "B) 47", True),
    ("A", "(B) 47", False),
    ("47", "(B) 47", True),
    ("47", "B. 47", True),
    ("46", "B) 47", False),
    ("(B) 47", "B. 47", True),
    ("(C) 47", "(B) 47", False),
    ("(B) 48", "(B) 47", False),
    ("B. red", "red", True),
    ("B. red", "blue", False),
]

NOT_LABELS = [("P(A)", "A"), ("P(B)", "P"), ("f(A)", "f"), ("D(5)", "5")]


@pytest.mark.parametrize(("answer", "gold", "equal"), TABLE)
def test_a_label_counts_against_a_letter_and_the_text_against_a_text(answer: str, gold: str, equal: bool) -> None:
    assert compare(answer, gold).equal is equal


@pytest.mark.parametrize(("answer", "gold"), NOT_LABELS)
def test_what_only_looks_like_a_label_is_none(answer: str, gold: str) -> None:
    assert compare(answer, gold).equal is not True
