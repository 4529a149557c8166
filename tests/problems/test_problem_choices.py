"""Choices in every form, without letters of their own, and never twice in front of a policy."""

from typing import Any

import numpy as np
import pytest

from tasks.problems.choices import ChoicesFault, read_choices, without_listing
from tasks.problems.rows import number_text
from tests.problems.shapes import Dataset, row

FORMS: dict[str, Any] = {
    "a list": ["4", "5", "6"],
    "numbers": [4, 5, 6],
    "an array": np.array(["4", "5", "6"]),
    "JSON text": '["4", "5", "6"]',
    "a Python literal": "['4', '5', '6']",
    "a tuple's text": "('4', '5', '6')",
    "an array's text": "['4' '5' '6']",
    "an array's text in lines": "['4'\n '5' '6']",
    "an array's representation": "array(['4', '5', '6'], dtype=object)",
    "a table": {"A": "4", "B": "5", "C": "6"},
    "a table in another order": {"C": "6", "A": "4", "B": "5"},
    "a table with what is not there": {"A": "4", "B": "5", "C": "6", "D": None, "E": ""},
    "a table's text": "{'A': '4', 'B': '5', 'C': '6'}",
    "a table by number": {"1": "4", "2": "5", "3": "6"},
    "tables": [{"label": "A", "text": "4"}, {"label": "C", "text": "6"}, {"label": "B", "text": "5"}],
    "tables of one": [{"A": "4"}, {"B": "5"}, {"C": "6"}],
    "tables of texts": [{"text": "4"}, {"text": "5"}, {"text": "6"}],
    "keyed tables": [{"key": "A", "value": "4"}, {"key": "B", "value": "5"}, {"key": "C", "value": "6"}],
    "ARC": {"text": ["4", "5", "6"], "label": ["1", "2", "3"]},
    "We-Math": "A. 4; B. 5; C. 6",
    "points": "A.4 B.5 C.6",
    "brackets": "(A) 4\n(B) 5\n(C) 6",
    "half brackets": "A) 4, B) 5, C) 6",
    "colons": "A: 4, B: 5, C: 6",
    "Chinese": "A．4 B．5 C．6",
    "lines": "A 4\nB 5\nC 6",
    "small letters": "(a) 4 (b) 5 (c) 6",
    "letters in a list": ["A. 4", "B. 5", "C. 6"],
    "bracketed letters in a list": ["(A) 4", "(B) 5", "(C) 6"],
    "letters in a text of a list": "['A. 4', 'B. 5', 'C. 6']",
}


@pytest.mark.parametrize("form", FORMS)
def test_choices_are_read_in_every_form(form: str) -> None:
    assert read_choices(FORMS[form], number_text).texts == ("4", "5", "6")


@pytest.mark.parametrize("value", [None, "", " ", "[]", "{}", [], {}, {"A": None, "B": None}])
def test_no_choices_are_none(value: Any) -> None:
    assert read_choices(value, number_text).texts == ()


FAULTS = {
    "text": ("4 or 5", "it has no letters A, B, C"),
    "letters twice": ("A. Vitamin A. B. Vitamin B.", "it has no letters A, B, C"),
    "a letter left out": ("A. 4; B. 5; D. 6", "it has no letters A, B, C"),
    "single backslashes": (r"['\frac{1}{2}', '3']", "its backslashes are not doubled"),
    "backslashes that are an escape": (r"['\theta', '3']", "its backslashes are not doubled"),
    "single backslashes in JSON": (r'["\frac{1}{2}", "3"]', "its backslashes are not doubled"),
    "commas left out": ("['4', '5' '6']", "commas are missing"),
    "a hole": ({"A": "4", "B": None, "C": "6"}, "the choice B is empty, and C is not"),
    "a hole in a list": (["4", None], "not a list of texts"),
    "other keys": ({"A": "4", "width": "5"}, "whose keys are neither A, B, C"),
    "tables without texts": ([{"label": "A", "src": "a.png"}, {"label": "B", "src": "b.png"}], "none of these is its text"),
    "number": (7, "the choices 7 are not a list"),
    "too many": ([str(number) for number in range(27)], "27 choices, and letters for 26"),
    "long": ("x" * 100_000, "characters"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_cannot_be_taken_apart_is_a_short_fault(case: str) -> None:
    value, reason = FAULTS[case]
    with pytest.raises(ChoicesFault, match=reason) as caught:
        read_choices(value, number_text)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["A", "B"], ("A", "B")),
        (["(A)", "(B)"], ("A", "B")),
        (["A)", "B)"], ("A", "B")),
        (["a", "b"], ("a", "b")),
        (["A. x", "C. y"], ("A. x", "C. y")),
        (["A.M.", "B.C."], ("A.M.", "B.C.")),
        (["Apple", "Berry"], ("Apple", "Berry")),
        (["2", "B. 3"], ("2", "B. 3")),
    ],
)
def test_letters_are_taken_off_where_each_choice_has_its_own(texts: list[str], expected: tuple[str, ...]) -> None:
    assert read_choices(texts, number_text).texts == expected


def test_a_table_says_which_choice_a_label_means(dataset: Dataset, problems) -> None:
    choices = {"text": ["4", "3", "1"], "label": ["1", "2", "3"]}
    rows = [row(1, choices=choices, answer="3"), row(2, choices=choices, answer=1), row(3, choices=choices, answer="B")]
    assert [problem["answer"] for problem in problems(dataset.write(rows).source())] == ["C", "A", "B"]


LISTED = {
    "below": ("Which?\nA. 4\nB. 5", "Which?"),
    "in brackets": ("Which? (A) 4 (B) 5", "Which?"),
    "under a headline": ("Which?\nChoices:\n(A) 4\n(B) 5", "Which?"),
    "before instructions": ("Which?\nOptions: A: 4, B: 5\nAnswer with the letter.", "Which?\nAnswer with the letter."),
    "other texts": ("Which?\nA. 4\nB. 50", "Which?\nA. 4\nB. 50"),
    "no letters": ("Is it 4 or 5?", "Is it 4 or 5?"),
    "nothing else": ("A. 4\nB. 5", "A. 4\nB. 5"),
}


@pytest.mark.parametrize("case", LISTED)
def test_a_list_of_the_same_choices_is_taken_out_of_the_question(case: str) -> None:
    question, expected = LISTED[case]
    assert without_listing(question, ("4", "5")) == expected


def test_columns_are_choices(dataset: Dataset, problems, rejected) -> None:
    mapping = {"choices": {"join": ["A", "B", "C", "D"]}}
    rows = [
        row(1, A="u", B="v", C="w", D="x", answer="D"),
        row(2, A="u", B=2, C=None, D=None, answer="B"),
        row(3, A=None, B=None, C=None, D="", answer="1"),
    ]
    found = problems(dataset.write(rows).source(columns=mapping))
    assert [problem["choices"] for problem in found] == [["u", "v", "w", "x"], ["u", "2"], []]
    [(number, column, said)] = rejected(dataset.write([*rows, row(4, A="u", B=None, C="w", D=None, answer="A")]).source(columns=mapping))
    assert (number, column, said) == (4, "A, B, C, D", "the choice B is empty, and C is not")
