"""Conversations as columns: one question, with its images and its system prompt, and the answer where it stands there."""

import json
from typing import Any

import pytest

from tasks.problems.chats import ChatFault, read_chat, turns_of
from tests.problems.shapes import Dataset

ASKED: dict[str, Any] = {
    "OpenAI": [{"role": "user", "content": "How many?"}],
    "ShareGPT": [{"from": "human", "value": "How many?"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "How "}, {"type": "text", "text": "many?"}]}],
    "parts of a table": [{"role": "user", "content": [{"type": "text", "text": "How many?", "image_url": None}]}],
    "Responses API": [{"role": "user", "content": [{"type": "input_text", "text": "How many?"}]}],
    "JSON text": json.dumps([{"role": "user", "content": "How many?"}]),
    "a Python literal": str([{"role": "user", "content": "How many?"}]),
    "an envelope": {"messages": [{"role": "user", "content": "How many?"}]},
    "one turn": {"role": "user", "content": "How many?"},
    "more keys": [{"role": "user", "content": "How many?", "name": None, "tool_calls": None}],
}


@pytest.mark.parametrize("form", ASKED)
def test_the_question_of_a_conversation(dataset: Dataset, problems, form: str) -> None:
    rows = [{"prompt": ASKED[form], "answer": "3", "n": 1}, {"prompt": ASKED[form], "answer": "3", "n": 2}]
    [problem] = problems(dataset.write(rows).source(columns={"problem": "prompt"}))
    assert (problem["question"], problem["images"], problem["answer"]) == ("How many?", [], "3")


@pytest.mark.parametrize(
    "text", ["[1, 2] is the role of what?", '{"role": 1}', "[] from", "What does [{'from': 'x'}] mean?", '{"from": "a", "to": "b"}']
)
def test_a_text_with_brackets_is_a_text(text: str) -> None:
    assert turns_of(text) is None


FAULTS = {
    "two questions": ([("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")], "one question, answered or not"),
    "no question": ([("system", "a")], "the turns of this conversation are none"),
    "an answer first": ([("assistant", "a"), ("user", "b")], "are assistant, user"),
    "a tool": ([("user", "a"), ("tool", "b")], "a turn is by 'tool'"),
    "a film": ([("user", [{"type": "video", "video": "x.mp4"}])], "of type 'video'"),
    "a number": ([("user", 3)], "the content of a turn is a int"),
    "half of the images": ([("user", [{"type": "image", "image": "a.png"}, {"type": "image"}])], "1 of the 2 images"),
    "an answer with an image": ([("user", "a"), ("assistant", [{"type": "image", "image": "a.png"}])], "only the question may have some"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_conversation_that_is_not_one_question_is_a_fault(case: str) -> None:
    turns, reason = FAULTS[case]
    with pytest.raises(ChatFault, match=reason):
        read_chat([{"role": role, "content": content} for role, content in turns])


def test_images_stand_where_the_parts_say(dataset: Dataset, problems) -> None:
    parts = [{"type": "text", "text": "Is "}, {"type": "image", "image": "images/2.png"}, {"type": "text", "text": " like "}]
    parts += [{"type": "image_url", "image_url": {"url": f"file://{dataset.folder}/images/1.png"}}, {"type": "text", "text": "?"}]
    marked = {"prompt": [{"role": "user", "content": "Is <image> like <image>?"}], "images": ["images/2.png", "images/1.png"]}
    rows = [{"prompt": [{"role": "user", "content": parts}], "answer": "1"}, {**marked, "answer": "1"}]
    [problem] = problems(dataset.write(rows).source(columns={"problem": "prompt"}))
    assert (problem["question"], len(problem["images"])) == ("Is <image> like <image>?", 2)


def test_images_in_parts_are_of_the_content_of_the_source(dataset: Dataset, ingested) -> None:
    turns = [{"role": "user", "content": [{"type": "image", "path": "images/1.png"}, {"type": "text", "text": "What?"}]}]
    source = dataset.write([{"message": json.dumps(turns), "answer": "1"}]).source(columns="lmm-r1")
    first = ingested(source)
    (dataset.folder / "images" / "1.png").write_bytes((dataset.folder / "images" / "2.png").read_bytes())
    assert ingested(source).key != first.key


def test_images_given_twice_are_a_fault(dataset: Dataset, rejected) -> None:
    turns = [{"role": "user", "content": [{"type": "image", "path": "images/1.png"}, {"type": "text", "text": "What?"}]}]
    plain = [{"role": "user", "content": "What?"}]
    rows = [{"prompt": plain, "answer": "1", "images": []}, {"prompt": turns, "answer": "1", "images": ["images/1.png"]}]
    [(row, column, said)] = rejected(dataset.write(rows).source(columns={"problem": "prompt"}))
    assert (row, column) == (2, "prompt")
    assert "both in the turns and in the column images" in said


def test_the_answer_may_be_the_last_turn(dataset: Dataset, problems) -> None:
    turns = [{"from": "human", "value": "How many?"}, {"from": "gpt", "value": "<answer>5</answer>"}]
    [problem] = problems(dataset.write([{"conversations": turns, "n": 1}]).source(columns="llava"))
    assert problem["answer"] == "5"
    [problem] = problems(dataset.write([{"problem": "How many?", "reply": turns[1:], "n": 1}]).source(columns={"answer": "reply"}))
    assert problem["answer"] == "5"


def test_a_system_prompt_is_kept_and_told_or_asked(dataset: Dataset, ingested, problems) -> None:
    turns = [{"role": "system", "content": "Use <answer> tags."}, {"role": "user", "content": "How many?"}]
    beside = {"messages": turns[1:], "system": "Be brief.", "solution": "6"}
    source = dataset.write([{"messages": turns, "solution": "5"}, {**beside, "messages": [{"role": "user", "content": "Why?"}]}]).source
    kept = problems(source(columns="ms-swift"))
    assert [json.loads(problem["metadata"])["system_prompt"] for problem in kept] == ["Use <answer> tags.", "Be brief."]
    assert [problem["question"] for problem in kept] == ["How many?", "Why?"]
    [warning] = ingested(source(columns="ms-swift")).manifest["warnings"]
    assert "2 of 2 problems bring a system prompt, 2 different ones, which stays in their metadata" in warning
    asking = source(columns={"problem": "messages", "answer": "solution", "system": "ask"})
    assert [problem["question"] for problem in problems(asking)] == ["Use <answer> tags.\n\nHow many?", "Be brief.\n\nWhy?"]
    assert ingested(asking).manifest["warnings"] == []
