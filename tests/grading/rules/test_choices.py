"""Multiple choice: letters, texts, values, and what names two choices."""

import pytest

from tasks.grading.rules.choices import compare_choice, gold_choice

LETTERS = ("A", "B", "C", "D", "E")
AREAS = (r"$18 \mathrm{~cm}^{2}$", r"$20 \mathrm{~cm}^{2}$", r"$\frac{1}{2}$", "It depends on the points A and B.", "none of these")
ORDERS = ("$3,5,4$", "$3,4,5$", "$5,4,3$")
SHAPES = ("An equilateral triangle", "A rectangle, but not a square", "A right triangle", "A square", "A hexagon")
PAIRS = ("A", "B", "C", "D", "C or D")

TABLE = [
    ("B", "B", LETTERS, True),
    ("(b)", "B", LETTERS, True),
    (r"\text{(B)}", "B", LETTERS, True),
    ("B.", "B", LETTERS, True),
    ("C).", "C", LETTERS, True),
    (r"\textbf{(B) }20", "B", AREAS, True),
    ("Option B", "B", LETTERS, True),
    ("the correct answer is B", "B", LETTERS, True),
    ("C", "B", LETTERS, False),
    ("B because it fits", "B", LETTERS, True),
    ("F", "B", LETTERS, False),
    ("yellow star", "B", LETTERS, False),
    ("20", "B", AREAS, True),
    (r"20 \mathrm{~cm}^2", "B", AREAS, True),
    ("18", "B", AREAS, False),
    ("(B) 18 cm^2", "B", AREAS, False),
    ("0.5", "C", AREAS, True),
    ("none of the above", "E", AREAS, True),
    ("none", "A", AREAS, False),
    ("20 cm^2 (B)", "B", AREAS, True),
    ("A or B", "A", LETTERS, False),
    ("A, B", "A", LETTERS, False),
    ("either (A) or (B)", "B", LETTERS, False),
    ("A and B", "B", LETTERS, False),
    ("C or D", "E", PAIRS, True),
    ("(E) C or D", "E", PAIRS, True),
    ("C or D", "C", PAIRS, False),
    ("3,4,5", "B", ORDERS, True),
    ("5,4,3", "B", ORDERS, False),
    ("3, 5, 4", "A", ORDERS, True),
    ("it is an equilateral triangle", "A", SHAPES, True),
    ("a square", "D", SHAPES, True),
    ("A square", "A", SHAPES, False),
    ("a rectangle, but not a square", "B", SHAPES, True),
    ("an equilateral triangle or a hexagon", "A", SHAPES, False),
    ("E", "D", ("A", "B", "C", "E", "Impossible"), True),
    ("(E)", "D", ("A", "B", "C", "E", "Impossible"), True),
    ("G", "E", ("A", "B", "D", "F", "G"), True),
    ("II", "B", ("I", "II", "III"), True),
    ("I", "B", ("I", "II", "III"), False),
    (r"\frac{1}{4}", "B", ("1:2", "1:4"), True),
]


@pytest.mark.parametrize(("answer", "letter", "choices", "equal"), TABLE)
def test_an_answer_names_the_right_choice_or_not(answer: str, letter: str, choices: tuple[str, ...], equal: bool) -> None:
    decision = compare_choice(answer, letter, choices)
    assert decision.equal is equal, decision


def test_only_algebra_against_the_right_choice_is_left_open() -> None:
    assert compare_choice("b+a", "B", ("$2a$", "$a+b$")).equal is None


@pytest.mark.parametrize(
    ("gold", "choices", "letter"),
    [("B", LETTERS, "B"), ("(b)", LETTERS, "B"), ("20 cm^2", AREAS, "B"), ("F", LETTERS, None), ("C", (), None), ("7", AREAS, None)],
)
def test_a_gold_answer_means_a_letter_a_choices_text_or_no_choice(gold: str, choices: tuple[str, ...], letter: str | None) -> None:
    assert gold_choice(gold, choices) == letter
