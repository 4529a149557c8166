"""What judges really say, and what each of it means: a yes must be one beyond doubt, as it makes a refused answer right."""

import pytest

from tasks.grading.second.words import accepts

WORDS: list[tuple[str, bool | None]] = [
    ("Correct", True),
    ("[Correct]", True),
    ("correct.", True),
    ("**Correct**", True),
    ("Judgement: Correct", True),
    ("Yes.", True),
    ("yes", True),
    ("<think>It says no, or incorrect. Hm.</think>\n\nCorrect", True),
    ("The response gives the reference answer.\n\nVerdict: **correct**", True),
    ("Incorrect", False),
    ("[Incorrect]", False),
    ("No", False),
    ("No, the correct answer is 4.", False),
    ("Not correct", False),
    ("<think>correct, yes</think>no", False),
    ("Judgment: Incorrect", False),
    ("", None),
    ("   ", None),
    ("A", None),
    ("I think that it is correct", None),
    ("Correct answer: 5", None),
    ("Correct or incorrect?", None),
    ("[Correct] or [Incorrect]", None),
    ("Yes, but no", None),
    ("Yes, the answer is not the same", None),
    ("yesterday", None),
    ("The correct answer is Yes", None),
    ("5", None),
    ("正确", None),
    ("<think>Correct, correct, cor", None),
    ("x" * 200_000, None),
    ("correct " * 25_000, None),
]
GRADES: list[tuple[str, bool | None]] = [
    ("A", True),
    ("(A)", True),
    ("A: CORRECT", True),
    ("CORRECT", True),
    ("Analysis step by step: …\nFinal Judgment: \\boxed{A} - CORRECT", True),
    ("B", False),
    ("C", False),
    ("INVALID", False),
    ("INCORRECT", False),
    ("Final Judgment: \\boxed{B} - INCORRECT", False),
    ("\\boxed{C} - INCOMPLETE", False),
    ("The candidate says \\boxed{A}, the standard answer is B. Final Judgment: \\boxed{B} - INCORRECT", False),
    ("A correct answer would be 5", None),
    ("a", None),
    ("D", None),
    ("A or B", None),
]


@pytest.mark.parametrize(("word", "said"), WORDS, ids=[repr(word[:30]) for word, _ in WORDS])
def test_words(word: str, said: bool | None) -> None:
    assert accepts(word, letters=False) is said


@pytest.mark.parametrize(("word", "said"), GRADES, ids=[repr(word[:30]) for word, _ in GRADES])
def test_grades(word: str, said: bool | None) -> None:
    assert accepts(word, letters=True) is said
