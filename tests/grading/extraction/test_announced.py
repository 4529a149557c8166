"""Announced answers in several languages, what is cut from them, and announcements that do not count; answers that are taken back."""

import pytest

from tasks.grading.extraction.answer import final_answer

ANNOUNCED = [
    ("La réponse est 42.", "42"),
    ("Die Antwort ist 42.", "42"),
    ("La respuesta es 42.", "42"),
    ("A resposta é 42.", "42"),
    ("La risposta è 42.", "42"),
    ("Ответ: 42", "42"),
    ("答えは42です。", "42"),
    ("답은 42입니다.", "42"),
    ("정답: 42", "42"),
    ("Đáp án là 42.", "42"),
    ("الإجابة هي 42", "42"),
    ("Cevap: 42", "42"),
    ("Ans: 5", "5"),
    ("Answer => 42", "42"),
    ("The final answer comes out to 5.", "5"),
    ("Result: 5", "5"),
    ("The answer is:\n- 73", "73"),
    ('{"answer": 73}', "73"),
    ('{"answer": "73"}', "73"),
    ("**Final Answer:**\n\n$$\n\\text{ANSWER: } \\$460\n$$", r"\$460"),
    ("Answer: 73\n\nConfidence: 95", "73"),
    ("The answer is 5 cm, not 6 cm.", "5 cm"),
    ("The answer is 12 (not 10).", "12"),
    ('The correct answer is "No."', "No"),
    ("The answer is 12 rather than 10.", "12"),
    ("The answer is not 10 but 12.", "12"),
    ("So the answer is 1982 with an actual total income of $931,441.", "1982"),
    ("The answer is 2 bars have values larger than 4", "2"),
    ("答案是12，不是10。", "12"),
    ("The answer is 12. The answer would be 10 if the box were closed.", "12"),
    ("The answer is 12. If the box were open, the answer would be 10.", "12"),
    ("The answer is 12. A common wrong answer is 10.", "12"),
    ("The answer is 12; 10 would be the answer for a closed box.", "12"),
    ("The answer is [2, 5).", "[2, 5)"),
    ("The answer is (1, 0).", "(1, 0)"),
    ("The answer is 3 hours and 20 minutes.", "3 hours and 20 minutes"),
    ("The answer is a circle with radius 3.", "a circle with radius 3"),
    ("The answer is — 42.", "42"),
    ("The answer is —42.", "—42"),
    ("The answer is “42.”", "42"),
    ("The answer is ¿42?", "42"),
    ("答案是【42】", "42"),
    ('{"final_answer": 73, "confidence": 0.9}', "73"),
    ("__Answer__: 73", "73"),
    ("Also ist die Antwort 42.", "42"),
    ("Damit lautet das Ergebnis 42.", "42"),
    ("La réponse est donc 42.", "42"),
    ("_Answer:_ 73", "73"),
    ("The answer is ==73==.", "73"),
    ("The answer is ~~72~~ 73.", "73"),
]
NOT_ANNOUNCED = [
    "The wrong answer is 10.",
    "答えは10ではない。",
    "Die Antwort ist nicht 10.",
    "The answer cannot be 10.",
    "Were x = 2, the answer would be 10.",
    "Suppose the answer is 10. Then we get a contradiction.",
    "The student's answer is 10, which is wrong.",
    "A common wrong answer is 10.",
]
TAKEN_BACK = [
    ("The answer is 3. Wait, no. The answer is 4.", "4"),
    ("The answer is 3. Actually, it is 4.", "4"),
    ("The answer is 3.\nCorrection: 4", "4"),
    ("\\boxed{12}\n\nWait, that is wrong, it should be 14.", "14"),
    ("\\boxed{12}. Actually, 14.", "14"),
    ("\\boxed{12}. No, it should be $14$.", "14"),
    ("\\boxed{12}. Oops, I made a mistake. It should be 14.", "14"),
    ("所以\\boxed{12}。不对，应该是14。", "14"),
    ("The answer is 42. Sorry, I meant 21.", "21"),
    ("\\boxed{42} is it, but wait, I forgot to halve: it should be 21.", "21"),
    ("Is the answer 10? No, it is 12.", "12"),
]
KEPT = [
    ("\\boxed{12}\n\nA common wrong answer is 10.", "12"),
    ("\\boxed{12}\n\nNote: a wrong answer would be 10.", "12"),
    ("\\boxed{12}. Actually, 12 is even.", "12"),
    ("\\boxed{12}. Wait, let me check: 3 times 4.", "12"),
    ("\\boxed{12}. No other value works: 10 is too small.", "12"),
    ("The answer is 12. Actually, 10 would be too small.", "12"),
]


@pytest.mark.parametrize(("response", "answer"), ANNOUNCED)
def test_an_announced_answer_without_what_surrounds_it(response: str, answer: str) -> None:
    found = final_answer(response)
    assert found is not None and found.text.strip("$ ") == answer


@pytest.mark.parametrize("response", NOT_ANNOUNCED)
def test_what_is_announced_as_wrong_or_under_a_condition_is_none(response: str) -> None:
    found = final_answer(response)
    assert found is None or "10" not in found.text


@pytest.mark.parametrize(("response", "answer"), TAKEN_BACK)
def test_an_answer_that_is_taken_back_gives_way(response: str, answer: str) -> None:
    found = final_answer(response)
    assert found is not None and found.text.strip("$") == answer


@pytest.mark.parametrize(("response", "answer"), KEPT)
def test_a_check_or_a_warning_takes_nothing_back(response: str, answer: str) -> None:
    found = final_answer(response)
    assert found is not None and found.text == answer
