"""Rows become problems without loss, and each bad row is rejected with its line, column and reason."""

import json

import pytest
from pydantic import ValidationError

from tasks.base.errors import InputError
from tests.problems.shapes import Dataset, row


def test_a_row_becomes_a_problem(dataset: Dataset, problems) -> None:
    given = row(1, problem=" Which is <image1>?\r\n", choices=["a", 2], answer=" B ") | {
        "level": 3,
        "share": 0.5,
        "kind": "é",
        "tags": ["x"],
        "no": None,
    }
    [problem] = problems(dataset.write([given]).source())
    assert problem | {"problem_id": "", "gold_id": "", "images": []} == {
        "problem_id": "",
        "gold_id": "",
        "dataset": "shapes",
        "split": "train",
        "row": 1,
        "source_id": "p1",
        "question": "Which is <image>?",
        "images": [],
        "choices": ["a", "2"],
        "answer": "B",
        "metadata": '{"kind": "é", "level": 3, "share": 0.5}',
    }


@pytest.mark.parametrize("written", ["0.10", "1e400", "-3", "1" * 400, "0.1000000000000000055511151231257827"])
def test_a_number_as_answer_keeps_its_digits(dataset: Dataset, problems, written: str) -> None:
    line = json.dumps(row(1, answer="HERE")).replace('"HERE"', written)
    assert problems(dataset.write([line]).source())[0]["answer"] == written


def test_several_images_one_and_none(dataset: Dataset, problems) -> None:
    rows = [row(1, images=["images/1.png", "images/2.png"], problem="<image2> after <image1>"), row(3, images="images/3.png", problem="x")]
    rows += [row(4, images=[], problem="text only"), row(5, images=..., problem="text, too"), row(6, images=None, problem="and this")]
    two, one, *none = problems(dataset.write(rows).source())
    single = [problem["images"][0] for problem in problems(dataset.write([row(1), row(2)]).source())]
    assert two["images"] == single[::-1]
    assert (one["question"], len(one["images"])) == ("<image>x", 1)
    assert [problem["images"] for problem in none] == [[], [], []]


def test_choices_may_be_json_text(dataset: Dataset, problems) -> None:
    rows = [row(1, choices='["x", 1.50]', answer="x"), row(2, choices=" "), row(3, choices="[]"), row(4, choices=None), row(5)]
    assert [problem["choices"] for problem in problems(dataset.write(rows).source())] == [["x", "1.50"], [], [], [], []]


BAD_ROWS = {
    "broken JSON": ('{"id": "p1", "problem": ', "", "not valid JSON"),
    "no object": ("[1, 2]", "", "not a JSON object but a list"),
    "NaN": ('{"problem": "x", "answer": NaN, "images": []}', "", "NaN is not a JSON value"),
    "lone surrogate": ('{"problem": "\\ud800", "answer": "1", "images": []}', "", "not valid Unicode"),
    "no answer": (row(1, answer=...), "answer", "the answer is missing"),
    "null answer": (row(1, answer=None), "answer", "the answer is missing"),
    "empty answer": (row(1, answer="  "), "answer", "the answer is missing"),
    "object as answer": (row(1, answer={"is": "1"}), "answer", "neither a text nor a number: {'is': '1'}"),
    "list of lists as answer": (row(1, answer=[["1"]]), "answer", "neither a text nor a number, nor a list of them: [['1']]"),
    "list of nothing as answer": (row(1, answer=[None, ""]), "answer", "the answer is missing"),
    "letter beyond the choices": (row(1, choices=["x", "y"], answer="C"), "answer", "'C' is none of the choices, A to B"),
    "no question": (row(1, problem=""), "problem", "the question is missing"),
    "number as question": (row(1, problem=3), "problem", "the question is not a text: 3"),
    "too many marks": (row(1, problem="<image><image>"), "problem", "more image marks than images"),
    "choices that are no list": (row(1, choices="x or y"), "choices", "cannot be taken apart: it has no letters"),
    "choices that are not Unicode": (row(1, choices='["\\ud800"]'), "choices", "it holds what is no text"),
    "choices with a hole": (row(1, choices=["x", None]), "choices", "not a list of texts"),
    "too many choices": (row(1, choices=[f"c{n}" for n in range(27)]), "choices", "27 choices"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_rejected_with_its_place(dataset: Dataset, rejected, case: str) -> None:
    bad, column, reason = BAD_ROWS[case]
    rows = [row(0, choices=["A", "B"], answer="A"), "", bad, row(2)]
    [(number, named, said)] = rejected(dataset.write(rows).source())
    assert (number, named) == (3, column)
    assert reason in said


def test_bytes_that_are_no_text_are_a_bad_row(dataset: Dataset, rejected) -> None:
    dataset.file.write_bytes(json.dumps(row(0)).encode() + b"\n\xff\xfe\n")
    assert "not valid Unicode" in rejected(dataset.source(columns={"id": "id"}))[0][2]


def test_too_many_bad_rows_are_an_error_that_names_the_first(dataset: Dataset, ingested, home) -> None:
    rows = [row(number, answer=None if number % 2 else "1") for number in range(10)]
    source = dataset.write(rows).source(max_rejected=0.4, columns={"id": "id"})
    with pytest.raises(InputError) as caught:
        ingested(source)
    assert "5 of 10 rows (50%) of" in str(caught.value)
    assert "are not usable, more than max_rejected = 40% allows. Correct them or the column mapping, or raise" in str(caught.value)
    assert "train.jsonl, row 2, column answer: the answer is missing (and so 4 more)" in str(caught.value)
    assert not list(home.glob("problems/*/manifest.json"))
    assert ingested(source.model_copy(update={"max_rejected": 0.5})).manifest["counts"]["rejected"] == 5


@pytest.mark.parametrize("given", [5, "5%", 12.5, "0.05"])
def test_a_count_or_percentage_is_told_from_a_share(dataset: Dataset, given) -> None:
    with pytest.raises(ValidationError, match=f"{given!r} is no share of the rows, which is a number from 0 to 1; for 5% write 0.05"):
        dataset.source(max_rejected=given)


def test_a_source_without_one_usable_row_is_an_error(dataset: Dataset, ingested) -> None:
    with pytest.raises(InputError, match=r"2 of 2 rows \(100%\) of .* are not usable\. Correct them or the column mapping\. The first"):
        ingested(dataset.write([row(1, answer=""), row(2, answer="")]).source(columns={}))


def test_the_first_rows_can_be_asked_for(dataset: Dataset, problems) -> None:
    dataset.write([row(number) for number in range(6)] + ["broken"])
    assert [problem["row"] for problem in problems(dataset.source(limit=2, columns={}))] == [1, 2]
