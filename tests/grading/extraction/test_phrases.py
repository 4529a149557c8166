"""Answers in a few words that a sentence states."""

import pytest

from tasks.grading.extraction.answer import final_answer

PHRASES = [
    ("So the fastest student is Evelyn.", "Evelyn"),
    ("Evelyn is the fastest.", "Evelyn"),
    ("We compare the sides.\nTherefore, the triangle is isosceles.", "isosceles"),
    ("The equation has no real solutions.", "no real solutions"),
    ("There is no solution.", "no solution"),
    ("The limit does not exist.", "does not exist"),
    ("The series diverges.", "diverges"),
    ("The domain is all real numbers except 2.", "all real numbers except 2"),
    ("The system has infinitely many solutions.", "infinitely many solutions"),
]
NONE = [
    "It is not clear who is the fastest.",
    "Who is the fastest?",
    "There is no information about solutions.",
    "I think about the students and their names.",
]


@pytest.mark.parametrize(("response", "phrase"), PHRASES)
def test_a_sentence_states_a_few_words(response: str, phrase: str) -> None:
    found = final_answer(response)
    assert found is not None and found[:2] == (phrase, "phrase")


@pytest.mark.parametrize("response", NONE)
def test_a_sentence_that_states_nothing(response: str) -> None:
    assert final_answer(response) is None
