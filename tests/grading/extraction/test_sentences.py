"""Sentences, and which of them hold no answer."""

import pytest

from tasks.grading.extraction.sentences import concludes, is_remark, refuses, sentences, statements

CUT = [
    ("It is 3.5 cm. So x = 2.", ["It is 3.5 cm.", "So x = 2."]),
    ("B. The red one.", ["B. The red one."]),
    ("1. First this.\n2. Then that.", ["1. First this.", "2. Then that."]),
    ("See e.g. the first. It is 4!", ["See e.g. the first.", "It is 4!"]),
    ("**It is 4.** Good.", ["**It is 4.**", "Good."]),
    ("面积是8。所以选B。", ["面积是8。", "所以选B。"]),
    ("The answer is no. It is 5.", ["The answer is no.", "It is 5."]),
    ("...\n\n---\n", []),
]
REFUSALS = [
    "It is impossible to find f(5) from this.",
    "The problem does not give enough information to determine the value of f(0).",
    "I do not have enough details in the picture to select option A or B.",
    "I cannot see the image, so I cannot count the 5 objects.",
    "We can't determine the value.",
    "Without the figure, 5 is only a guess.",
    "I don't know, maybe 5.",
    "The value is unknown.",
    "More information is needed: please provide the figure.",
    "无法确定x的值。",
]
STATED = [
    "The car cannot hold more than 5 people.",
    "The weight without the box is 5 kg.",
    "The missing number is 5.",
    "There is no common factor, so it is 12.",
    "The two lines do not meet.",
    "They see 5 birds.",
]
REMARKS = [
    "I hope this helps!",
    "Let me know if you have 2 more questions.",
    "Is there anything else I can help you with?",
    "Note that 7 is odd.",
    "Confidence: 95",
    "Is Salmon the roughest?",
    "The model has ___ dots divided into 2 equal groups.",
    "2019 | 7.84",
    "A common wrong answer is 10.",
    "希望这对你有帮助。",
]


@pytest.mark.parametrize(("text", "cut"), CUT)
def test_sentences_end_where_a_reader_would_end_them(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


@pytest.mark.parametrize("sentence", REFUSALS)
def test_a_sentence_that_says_that_there_is_no_answer(sentence: str) -> None:
    assert refuses(sentence)


@pytest.mark.parametrize("sentence", STATED)
def test_a_sentence_that_says_something(sentence: str) -> None:
    assert not refuses(sentence) and not is_remark(sentence)


@pytest.mark.parametrize("sentence", REMARKS)
def test_a_remark_states_nothing(sentence: str) -> None:
    assert statements(f"It is 4.\n{sentence}") == ["It is 4."]


def test_a_conclusion_opens_as_one() -> None:
    assert all(map(concludes, ("So it is 4.", "**Therefore**, x = 4.", "In total, 4.", "所以是4。", "故选B")))
    assert not any(map(concludes, ("Some are 4.", "It is so.", "Hencewith 4")))
