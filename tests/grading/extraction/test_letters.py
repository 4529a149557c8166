"""Letters of choices that a response picks in other words, and letters that it does not pick."""

import pytest

from tasks.grading.extraction.answer import final_answer

NUMBERS = ("5", "6", "7", "8")
COLOURS = ("red", "blue", "green", "yellow")
PICKED = [
    ("The correct option letter is C: green. It is the tallest.", COLOURS, "C"),
    ("B is the correct answer.", COLOURS, "B"),
    ("b. blue", COLOURS, "B"),
    ("Option B is correct.", COLOURS, "B"),
    ("Therefore B is correct.", NUMBERS, "B"),
    ("**B** is the right choice, as the others are too small.", NUMBERS, "B"),
    ("I would pick B — a safe choice.", ("x", "y"), "B"),
    ("So we choose (C) because it is larger.", NUMBERS, "C"),
    ("I'd go with option D.", NUMBERS, "D"),
    ("Answer: I think it is C", NUMBERS, "C"),
    ("The one with the highest share is option (A) red.\n\nThe graph shows several bars.", COLOURS, "A"),
    ("Most are about that size.\n\nB (No)", ("Yes", "No"), "B"),
    ("Therefore, the angle is **(C) 7°**.\n\nI hope this helps!", ("5°", "6°", "7°"), "C"),
    ("a) 180", ("180", "90"), "A"),
    ("A is incorrect, B is correct.", NUMBERS, "B"),
    ("Hence (a) is true.", NUMBERS, "A"),
    ("C) green", COLOURS, "C"),
    ("Option B) No", ("Yes", "No"), "B"),
    ("A: The correct option letter is D. The length is 8.", NUMBERS, "D"),
    ("The answer is neither A nor B; it is C.", NUMBERS, "C"),
    ("选B，不选C。", NUMBERS, "B"),
    ("选项C", COLOURS, "C"),
    ("我选择C，因为面积最大。", COLOURS, "C"),
    ("综上,面积是8。\n\n所以选项B是正确答案。", NUMBERS, "B"),
    ("所以三角形的面积为D。", NUMBERS, "D"),
    ("应该选择B选项", NUMBERS, "B"),
    ("Đáp án: B", NUMBERS, "B"),
    ("Đáp án đúng là C.", NUMBERS, "C"),
    ("La respuesta correcta es la B.", NUMBERS, "B"),
    ("La bonne réponse est B.", NUMBERS, "B"),
    ("Die richtige Antwort ist B.", NUMBERS, "B"),
    ("A resposta correta é B.", NUMBERS, "B"),
    ("Правильный ответ: B", NUMBERS, "B"),
    ("따라서 정답은 B입니다.", NUMBERS, "B"),
    ("正解はBです。", NUMBERS, "B"),
    ("الإجابة الصحيحة هي B", NUMBERS, "B"),
    ("The answer is B. Note that A is a common distractor.", NUMBERS, "B"),
    ("The answer is D. A is incorrect.", NUMBERS, "D"),
    ("Thus A, B and D are wrong and C is right.", NUMBERS, "C"),
    ("A, B, D are incorrect while C is correct.", NUMBERS, "C"),
    ("A is wrong and B is right.", NUMBERS, "B"),
    ("A is right and B is wrong.", NUMBERS, "A"),
    ("Options A, B and D are eliminated, leaving C.", NUMBERS, "C"),
    ("That leaves only option (C).", NUMBERS, "C"),
    ("C, because it is green.", NUMBERS, "C"),
    ("The correct answer isn't A or B, so it must be C.", NUMBERS, "C"),
    ("Correct: C", NUMBERS, "C"),
    ("综上，C。", NUMBERS, "C"),
    ("因此，角是5°，故选项A是正确的。", NUMBERS, "A"),
    ("故选项A错误，选项B正确。", NUMBERS, "B"),
]
NOT_PICKED = [
    ("I do not have enough details in the picture to select option A or B.", ("Yes", "No")),
    ("I cannot choose between A and B.", ("Yes", "No")),
    ("A leaf has small teeth and grows on a tree.", COLOURS),
    ("Option B is not correct.", COLOURS),
    ("The choices are A, B, C, D.", COLOURS),
    ("(A) red\n(B) blue\n(C) green\n(D) yellow", COLOURS),
    ("The line goes through point B.", COLOURS),
    ("It could be either A or C.", COLOURS),
    ("I am not sure whether B is correct.", COLOURS),
    ("Option F is correct.", COLOURS),
    ("Unless B is correct, nothing is.", COLOURS),
    ("A, C and D are right and B is wrong.", COLOURS),
    ("A and C are right and B is wrong.", COLOURS),
    ("A, B and D are wrong.", COLOURS),
    ("That leaves B or C.", COLOURS),
    ("It must be B or C.", COLOURS),
    ("Option A or option B.", COLOURS),
    ("A, because B is red... or C.", COLOURS),
    ("Incorrect: C", COLOURS),
    ("It is not A, so it cannot be B.", COLOURS),
]


@pytest.mark.parametrize(("response", "choices", "letter"), PICKED)
def test_a_letter_is_picked_in_many_words(response: str, choices: tuple[str, ...], letter: str) -> None:
    found = final_answer(response, choices)
    assert found is not None and found.text.strip("() ")[0] == letter


@pytest.mark.parametrize(("response", "choices"), NOT_PICKED)
def test_no_letter_by_accident(response: str, choices: tuple[str, ...]) -> None:
    found = final_answer(response, choices)
    assert found is None or found.found not in ("letter", "announced")


def test_a_part_of_a_choices_text_is_no_letter() -> None:
    found = final_answer("The one with more particles is Solution B.", ("neither", "Solution B", "Solution A"))
    assert found is not None and found[:2] == ("Solution B", "choice")
