"""Right answers to a gold answer in any of its wrappers are judged right, wrong ones wrong, and what is no gold answer judges nobody."""

from typing import Any

import pytest

from tasks.grading.grader import Grader, best
from tasks.grading.verdict import Gold, Verdict
from tasks.problems.gold.choosing import read_golds
from tasks.problems.gold.written import written

NUMBER = [
    "\\boxed{18}",
    "<think>9 + 9</think>\\boxed{18}",
    "So it is $18.$\n\n**Answer:** 18",
    "<answer>18</answer>",
    "The answer is 18.0.",
]
THOUSANDS = ["\\boxed{1,600}", "1600", "The answer is $1600$.", "<answer>1 600</answer>", "#### 1600"]
UNITS = ["\\boxed{18\\text{ eggs}}", "\\boxed{\\$18}", "\\boxed{18 dollars}", "\\boxed{18.00}", "\\boxed{18 \\, \\text{miles per hour}}"]
NEGATIVE = ["\\boxed{-3}", "\\boxed{−3}", "\\boxed{- 3}", "\\boxed{-3^\\circ}", "\\boxed{-3.0}"]
LETTER = ["\\boxed{B}", "The answer is (B).", "<answer>B. 45</answer>", "\\boxed{45}", "B"]
CHINESE = ["\\boxed{B}", "故选B", "答案是B。", "<answer>B</answer>", "综上，答案：B"]
EITHER = ["\\boxed{12}", "The answer is 13.", "\\boxed{12 \\text{ or } 13}", "<answer>13</answer>", "12"]
WORDS = ["\\boxed{sofa}", "The answer is couch.", "Sofa", "<answer>a couch</answer>", "Answer: sofa"]
HALF = ["\\boxed{\\frac{1}{2}}", "\\boxed{0.5}", "The answer is 1/2.", "<answer>$\\frac12$</answer>", "\\boxed{\\dfrac{1}{2}}"]
YES = ["\\boxed{Yes}", "\\boxed{True}", "The answer is yes.", "<answer>true</answer>", "Yes"]
DOG = ["\\boxed{B}", "dog", "The answer is (B) dog.", "<answer>B</answer>", "\\boxed{\\text{dog}}"]
FOUR = ("40", "45", "50", "60")
ANIMALS = ("cat", "dog", "cow")

FORMS: dict[str, tuple[Any, tuple[str, ...], list[str], str]] = {
    "hashes": ("9 and 9 are eggs. That makes <<9+9=18>>18 eggs.\n#### 18", (), NUMBER, "\\boxed{19}"),
    "hashes, thousands": ("He pays it all back. #### 1,600", (), THOUSANDS, "\\boxed{1,6}"),
    "hashes, units": ("He sells them. #### 18", (), UNITS, "\\boxed{\\$1.8}"),
    "hashes, negative": ("It falls by 5. #### -3", (), NEGATIVE, "\\boxed{3}"),
    "tag": ("<think>9 + 9</think><answer> 18 </answer>", (), NUMBER, "\\boxed{9}"),
    "box": ("We halve it. So we get $\\boxed{\\frac{1}{2}}$.", (), HALF, "\\boxed{\\frac{1}{3}}"),
    "box around a text": ("It is $\\fbox{\\text{(B)}}$, as we saw.", FOUR, LETTER, "\\boxed{C}"),
    "sentence": ("Therefore, the final answer is: $18$.", (), NUMBER, "\\boxed{81}"),
    "sentence of a letter": ("ANSWER: B", FOUR, LETTER, "\\boxed{40}"),
    "Chinese": ("因为如此，故选B。", (), CHINESE, "故选C"),
    "Chinese number": ("【答案】18", (), NUMBER, "答案是17"),
    "Chinese label": ("答案：B. 45", (), LETTER, "答案是C"),
    "label among choices": ("(B) 45", FOUR, LETTER, "\\boxed{50}"),
    "label without choices": ("B) 45", (), LETTER, "\\boxed{50}"),
    "list": (["12", "13", "12 or 13"], (), EITHER, "\\boxed{14}"),
    "list as text": ("['couch', 'sofa']", (), WORDS, "\\boxed{chair}"),
    "either": ("12 or 13", (), EITHER, "\\boxed{14}"),
    "either in Chinese": ("12或13", (), EITHER, "\\boxed{1213}"),
    "words": ("couch or sofa", (), WORDS, "\\boxed{chair}"),
    "boolean": (True, (), YES, "\\boxed{No}"),
    "boolean among choices": (True, ("Yes", "No"), YES[:1] + YES[2:3] + ["\\boxed{A}", "The answer is A.", "Yes"], "\\boxed{B}"),
    "number": (18.0, (), NUMBER, "\\boxed{180}"),
    "dollars": ("$\\frac{1}{2}$", (), HALF, "\\boxed{2}"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_five_right_answers_are_right_and_a_wrong_one_is_wrong(form: str) -> None:
    value, choices, right, wrong = FORMS[form]
    assert verdicts(value, choices, [*right, wrong]) == ["correct"] * 5 + ["incorrect"]


@pytest.mark.parametrize(("values", "letter"), [([1, 0, 2], 0), (["1", "0"], 0), ([2, 3], 0)])
def test_the_number_of_a_choice_is_that_choice(values: list[Any], letter: int) -> None:
    golds = read_golds([written(value, ANIMALS) for value in values], "auto", "own")
    with Grader() as grader:
        grades = grader.grade([*DOG, "\\boxed{A}"], [Gold(golds[letter].answer, ANIMALS)] * 6)
    assert [grade.verdict for grade in grades] == ["correct"] * 5 + ["incorrect"]


@pytest.mark.parametrize("value", ["N/A", "see figure", "We add the two of them. Then we are done with it.", "\\boxed{}"])
def test_no_answer_judges_nobody(value: str) -> None:
    assert set(verdicts(value, (), ["\\boxed{18}", "18", ""])) == {Verdict.unscorable}


def test_several_answers_are_judged_by_the_best_of_them() -> None:
    wrong, late, right = (Verdict.incorrect, "same_number"), (Verdict.timeout, "timeout"), (Verdict.correct, "same_text")
    assert [best(said) for said in ([wrong, right, late], [wrong, late], [wrong])] == [right, late, wrong]


def verdicts(value: Any, choices: tuple[str, ...], responses: list[str]) -> list[str]:
    """The verdicts of responses to the gold answer that a file has as `value`."""
    [gold] = read_golds([written(value, choices)], "auto", "own")
    with Grader() as grader:
        grades = grader.grade(responses, [Gold(gold.answer, choices)] * len(responses))
        assert not grader.pids
    return [grade.verdict.value for grade in grades]
