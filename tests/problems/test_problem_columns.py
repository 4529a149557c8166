"""Which columns a mapping means: the usual ones without a word, places inside columns, several joined; and what is wrong where none is."""

from typing import Any

import pytest

from tasks.base.errors import InputError
from tasks.problems.usual import lettered_columns, numbered_columns
from tests.problems.shapes import Dataset, row

FOUND = {
    "GSM8K": ({"question": "x", "answer": "1"}, ("question", "answer", None, None, None)),
    "an id and an image": ({"id": "7", "query": "x", "label": "1", "image": "images/1.png"}, ("query", "label", "image", None, "id")),
    "capitals": ({"Question": "x", "Answer": "1", "pid": 3}, ("Question", "Answer", None, None, "pid")),
    "choices": ({"question": "x", "options": ["u", "v"], "answer": "B"}, ("question", "answer", None, "options", None)),
    "lettered": ({"question": "x", "A": "u", "B": "v", "answer": "B"}, ("question", "answer", None, "A, B", None)),
    "named choices": (
        {"question": "x", "option_a": "u", "option_b": "v", "answer": "B"},
        ("question", "answer", None, "option_a, option_b", None),
    ),
    "numbered images": (
        {"question": "x", "answer": "1", "image_1": "images/1.png", "image_2": None},
        ("question", "answer", "image_1, image_2", None, None),
    ),
    "verl": (
        {"prompt": [{"role": "user", "content": "x"}], "reward_model": {"ground_truth": "1", "style": "rule"}, "extra_info": {"index": 4}},
        ("prompt", "reward_model.ground_truth", None, None, "extra_info.index"),
    ),
    "an answered conversation": (
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "1"}]},
        ("messages", "messages", None, None, None),
    ),
    "what has always been found": (
        {"problem": "x", "question": "y", "answer": "1", "solution": "2", "images": [], "id": "7"},
        (("problem", "answer", "images", None, None)),
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_the_usual_columns_need_no_word(dataset: Dataset, ingested, case: str) -> None:
    values, expected = FOUND[case]
    done = ingested(dataset.write([values]).source(columns="auto", max_rejected=0))
    assert tuple(done.manifest["columns"][part] for part in ("problem", "answer", "images", "choices", "id")) == expected


UNCLEAR = {
    "two questions": (
        {"question": "x", "prompt": "y", "answer": "1"},
        "the columns for problem may be prompt or question; set columns.problem",
    ),
    "a question beside its story": (
        {"Body": "Ann has 2 pens.", "Question": "How many?", "Answer": 2.0, "ID": "a"},
        r"the columns for problem may be Question or \{join: \[Body, Question\]\}; set columns.problem",
    ),
    "two answers": ({"question": "x", "label": "1", "solution": "2"}, "the columns for answer may be label or solution"),
    "two images": ({"question": "x", "answer": "1", "image": "a", "decoded_image": "b"}, "for images may be decoded_image or image"),
    "no question": ({"text": "x", "answer": "1"}, r"no column has a usual name of the problem .*The columns are answer, text"),
    "no answer": ({"question": "x", "level": 1}, "no column has a usual name of the answer"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_unclear_columns_are_an_error_that_lists_them(dataset: Dataset, ingested, case: str) -> None:
    values, reason = UNCLEAR[case]
    with pytest.raises(InputError, match=reason):
        ingested(dataset.write([values]).source(columns="auto"))


def test_an_id_that_rows_share_is_none(dataset: Dataset, problems) -> None:
    rows = [{"question": f"x{number}", "answer": "1", "index": number % 2} for number in range(3)]
    assert [problem["source_id"] for problem in problems(dataset.write(rows).source(columns="auto"))] == ["row-1", "row-2", "row-3"]


def test_a_text_only_source_needs_no_word_about_images(dataset: Dataset, problems, rejected) -> None:
    rows = [row(1, images=..., problem="x"), row(2, images=..., problem="y")]
    assert [problem["images"] for problem in problems(dataset.write(rows).source(columns={}))] == [[], []]
    marked = rejected(dataset.write([*rows, row(3, images=..., problem="<image>z")]).source(columns={}))
    assert marked == [(3, "problem", marked[0][2])]
    assert "columns.images names no column of images" in marked[0][2]


INSIDE: dict[str, tuple[dict[str, Any], str]] = {
    "a table": ({"reward": {"truth": "7"}}, "reward.truth"),
    "a list": ({"options": ["6", "7"]}, "options.1"),
    "a table in a list": ({"items": [{"gold": "7"}]}, "items.0.gold"),
    "JSON text": ({"info": '{"gold": ["7"]}'}, "info.gold.0"),
    "a Python literal": ({"info": "{'gold': '7'}"}, "info.gold"),
    "a column of that very name": ({"info.gold": "7", "info": {"gold": "8"}}, "info.gold"),
    "a key of that very name": ({"info": {"a.gold": "7", "a": {"gold": "8"}}}, "info.a.gold"),
}


@pytest.mark.parametrize("case", INSIDE)
def test_a_name_may_lead_into_a_column(dataset: Dataset, problems, case: str) -> None:
    values, name = INSIDE[case]
    rows = [{"problem": "other", "answer": "1", **values}, {"problem": "x", **values}]
    assert problems(dataset.write(rows).source(columns={"answer": name}))[1]["answer"] == "7"


def test_a_name_that_leads_nowhere_says_what_is_there(dataset: Dataset, ingested) -> None:
    dataset.write([{"problem": "x", "reward": {"style": "rule", "truth": "7"}}])
    with pytest.raises(
        InputError, match="no column 'reward.ground_truth' for answer.*'reward' holds style, truth. The columns are problem, reward;"
    ):
        ingested(dataset.source(columns={"answer": "reward.ground_truth"}))


def test_columns_are_joined(dataset: Dataset, problems, rejected) -> None:
    rows = [{"Body": "There are 3.", "Question": "How many?", "Answer": 3}, {"Body": None, "Question": " What? ", "Answer": 4}]
    mapping = {"problem": {"join": ["Body", "Question"]}, "answer": "Answer"}
    assert [problem["question"] for problem in problems(dataset.write(rows).source(columns=mapping))] == [
        "There are 3.\nHow many?",
        "What?",
    ]
    [spaced, _] = problems(dataset.source(columns=mapping | {"problem": {"join": ["Body", "Question"], "separator": " "}}))
    assert spaced["question"] == "There are 3. How many?"
    [bad] = rejected(dataset.write([*rows, {"Body": ["x"], "Question": "y", "Answer": 1}]).source(columns=mapping))
    assert bad == (3, "Body", "this part of the question is not a text: ['x']")


def test_a_joined_column_that_is_not_there_is_an_error(dataset: Dataset, ingested) -> None:
    dataset.write([{"Body": "x", "Question": "y", "answer": "1"}])
    with pytest.raises(InputError, match=r"no column 'Bodi' for problem \(did you mean `Body`\?\)"):
        ingested(dataset.source(columns={"problem": {"join": ["Bodi", "Question"]}}))


def test_images_of_several_columns_keep_their_numbers(dataset: Dataset, problems, rejected) -> None:
    mapping = {"images": {"join": ["image_1", "image_2", "image_3"]}}
    values = {"answer": "1", "image_1": None, "image_2": "images/2.png", "image_3": "images/3.png"}
    rows = [{"problem": "<image 3> and <image 2>", **values}, {"problem": "no mark", **values}]
    both, unmarked = problems(dataset.write(rows).source(columns=mapping))
    assert both["images"] == unmarked["images"][::-1]
    assert (both["question"], unmarked["question"]) == ("<image> and <image>", "<image><image>no mark")
    [(_, column, said)] = rejected(dataset.write([*rows, {"problem": "<image 1>?", **values}]).source(columns=mapping))
    assert column == "problem" and "has <image1> and the row has 2 image(s) (image 2, 3)" in said


def test_texts_are_cut_off_the_ends_alone(dataset: Dataset, problems) -> None:
    rows = [{"problem": "Think step by step.\n\nAdd 1 to Think step by step. Answer:", "answer": "1"}, {"problem": "Plain.", "answer": "2"}]
    found = problems(dataset.write(rows).source(columns={"cut": ["Think step by step.", "Answer:"]}))
    assert [problem["question"] for problem in found] == ["Add 1 to Think step by step.", "Plain."]


def test_runs_of_names_have_no_gap() -> None:
    assert numbered_columns(["image_1", "image_2", "other"]) == ("image_1", "image_2")
    assert numbered_columns(["image_1", "image_3"]) == ()
    assert lettered_columns(["A", "B", "D"]) == ("A", "B")
    assert lettered_columns(["a", "b"]) == ()
    assert lettered_columns(["Option A", "Option B"]) == ("Option A", "Option B")
