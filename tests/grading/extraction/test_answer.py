"""Where the final answer stands in a response, and what the format reward looks for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.grading.extraction.answer import final_answer, format_ok
from tasks.grading.extraction.found import MAX_ANSWER_CHARS

LETTERS = ("A", "B", "C", "D", "E")
FREE = [
    ("Ans. 5", "5", "announced"),
    ("_12_", "12", "bare"),
    ("...12", "12", "bare"),
    (".5", ".5", "bare"),
    (r"so \boxed{3}", "3", "box"),
    (r"\boxed{3} or rather \boxed{4}", "4", "box"),
    (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", "box"),
    (r"\boxed{\boxed{5}}", "5", "box"),
    (r"\boxed{1} or \boxed{2}", "1 or 2", "box"),
    (r"$\boxed{1}$ and $\boxed{2}$", "1, 2", "box"),
    (r"\boxed{7} then \boxed{}", "7", "box"),
    (r"\boxed{7} then \boxed{8", "7", "box"),
    (r"\boxed{\{1,2\}}", r"\{1,2\}", "box"),
    ("The answer is 12. Check: 5.", "12", "announced"),
    ("**Answer:** 5", "5", "announced"),
    ("Answer: 5", "5", "announced"),
    ("The final answer is: $x=3$.", "$x=3$", "announced"),
    ("#### 42", "42", "announced"),
    ("Answer:\n\n7", "7", "announced"),
    ("the answer is 3.5 because 7/2", "3.5", "announced"),
    ("The answer to the question is 8.", "8", "announced"),
    ("5", "5", "bare"),
    ("3.", "3.", "bare"),
    ("Right", "Right", "bare"),
    ("I got 33.", "33.", "bare"),
    (r"$6\pi$.", r"$6\pi$.", "bare"),
    ("We add them up.\nThen there are 12 ways to go home.", "12", "number"),
    ("First 3. So we get 1,024 in the very end.", "1,024", "number"),
    ("<think>maybe 4</think>5", "5", "bare"),
    (r"<think>\boxed{4}</think>", "4", "box"),
    (r"<think>\boxed{4}</think> \boxed{5}", "5", "box"),
    (r"<think>\boxed{4}", "4", "box"),
    ("none of the above", "none of the above", "bare"),
    ("<answer>5</answer>", "5", "tagged"),
    (r"<think>..</think><answer> \boxed{5} </answer>", "5", "box"),
    ("<answer>4</answer> no: <answer>The answer is 5.</answer>", "5", "announced"),
    (r"\boxed{3}. No, that is wrong: the answer is 4.", "4", "announced"),
    (r"\boxed{3}. So the answer is in centimetres.", "3", "box"),
    (r"The answer is 4. Wait: \boxed{3}", "3", "box"),
    ("### Final Answer\n5", "5", "announced"),
    ("所以答案是5。", "5", "announced"),
    ("解：略。故答案为：$\\frac{1}{2}$。", "$\\frac{1}{2}$", "announced"),
]
NUMBERS = [
    (r"Hence in the end we get the ratio $\frac{1}{2}$.", r"$\frac{1}{2}$"),
    (r"Hence in the end the angle is $54^{\circ}$.", r"$54^{\circ}$"),
    ("Hence in the end the price is 1,024.50 dollars.", "1,024.50 dollars"),
    (r"Hence in the end the share is 25\% of all.", r"25\%"),
    (r"Hence in the end we get $2\sqrt{3}$.", r"$2\sqrt{3}$"),
    (r"Hence in the end we get $3 + x^{2}$.", r"$3 + x^{2}$"),
    ("Hence in the end this makes 3 or 2^5.", "3 or 2^5"),
]
NOTHING = [
    "",
    "   ",
    "\n",
    "Sorry, there is no picture, so I cannot help with this.",
    "<think>it may be 4",
    r"\boxed{}",
    "...",
    "?",
    "In the 4x4 table we had 16 cells. Please provide the figure.",
    r"\boxed{" + "9" * (MAX_ANSWER_CHARS + 1) + "}",
]
CHOSEN = [
    ("The answer is (B).", "(B)", "announced"),
    ("B.", "B", "letter"),
    ("因为如此，故选：B．", "B．", "announced"),
    ("选B", "B", "announced"),
    (r"\text{E}", r"\text{E}", "bare"),
    ("The correct option is C", "C", "announced"),
    ("C\nBecause all the other ones are too small to fit.", "C", "letter"),
    ("(C) because all the others are too small", "C", "letter"),
    ("After some thought it can only be picture D.", "D", "letter"),
    ("She should sit on the flower labeled (C), as it has most.", "C", "letter"),
]


def told(response: str, choices: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """The text of a response's answer and the way in which it was found."""
    found = final_answer(response, choices)
    return found[:2] if found else None


@pytest.mark.parametrize(("response", "answer", "found"), FREE)
def test_the_answer_of_a_free_response(response: str, answer: str, found: str) -> None:
    assert told(response) == (answer, found)


@pytest.mark.parametrize(("response", "number"), NUMBERS)
def test_the_number_of_the_last_sentence_is_a_last_resort_and_never_a_part_of_a_formula(response: str, number: str | None) -> None:
    assert told(response) == ((number, "number") if number else None)


@pytest.mark.parametrize("response", NOTHING)
def test_a_response_without_an_answer(response: str) -> None:
    assert final_answer(response) is None


@pytest.mark.parametrize(("response", "answer", "found"), CHOSEN)
def test_the_answer_of_a_multiple_choice_response(response: str, answer: str, found: str) -> None:
    assert told(response, LETTERS) == (answer, found)


def test_a_response_that_is_the_text_of_a_choice_is_its_answer() -> None:
    assert told("Only at a corner square.", ("Only at a corner square", "At any square")) == ("Only at a corner square.", "bare")
    assert told("Only at a corner of it all.", ("Only at a corner square", "At any square")) == ("Only at a corner of it all.", "sentence")


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        (r"<think>1+1</think>\boxed{2}", True),
        ("<think>\n1+1\n</think>\nSo it is $\\boxed{\\frac{1}{2}}$.\n", True),
        (r"\boxed{2}", False),
        (r"<think>1+1</think>2", False),
        (r"<think>1+1 \boxed{2}", False),
        (r"<think>\boxed{2}</think>2", False),
        (r"<think></think>\boxed{2}", False),
        (r"<think>a</think><think>b</think>\boxed{2}", False),
        (r"hm <think>a</think>\boxed{2}", False),
        (r"<think>a</think>\boxed{}", False),
        ("", False),
    ],
)
def test_the_format_is_a_thought_and_then_a_box(response: str, kept: bool) -> None:
    assert format_ok(response) is kept
    assert format_ok(response.strip().removeprefix("<think>"), opened=True) is kept


@given(st.text(max_size=300), st.integers(0, 10**6))
def test_the_last_box_wins_whatever_stands_before_it(text: str, number: int) -> None:
    found = told(f"<think>{text.replace('</think>', '')}</think> It is \\boxed{{{number}}}.")
    assert found == (str(number), "box")


@given(st.text(alphabet="\\boxed{}()$ answeris:.<>/think0123456789AB\n", max_size=200))
def test_any_text_gives_the_same_answer_or_none_each_time(text: str) -> None:
    assert final_answer(text) == final_answer(text)
    assert format_ok(text) in (True, False)


@pytest.mark.parametrize(
    "piece", ["\\boxed{", "answer is ", "answer" + " " * 200, "1,000", "(A) ", "</think>", "because ", "\\boxed{a} or ", "\x00", "{" * 50]
)
def test_a_megabyte_is_read_in_no_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.thread_time()  # of computing: another process may have the machine
    final_answer(text, LETTERS)
    final_answer(text)
    format_ok("<think>" + text + "</think>" + text)
    assert time.thread_time() - start < 3
