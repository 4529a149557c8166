"""A source's gold answers end up in the lake as they are compared, with the rule that read them, and what cannot be scored is counted."""

import json
import logging
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.problems.identity import gold_digest
from tasks.problems.settings import SourceSettings
from tests.problems.shapes import Dataset

DATA = Path(__file__).parents[4] / "shared" / "data"
SOLVED = "First we add the two numbers together. Then we get what was asked for."


TEXT_ONLY = {"images": None, "choices": "choices", "optional": ["choices"]}


def rows(answers: list[Any], **columns: Any) -> list[dict[str, Any]]:
    """A row for each answer."""
    return [{"problem": f"What is number {place}?", "answer": answer, **columns} for place, answer in enumerate(answers)]


def test_the_lake_says_what_read_an_answer_and_from_what(dataset: Dataset, problems, ingested) -> None:
    source = dataset.write(rows([f"{SOLVED}\n#### 1,000", "#### 7", SOLVED], level=3)).source(columns=TEXT_ONLY)
    thousand, seven, nothing = problems(source)
    assert (thousand["answer"], thousand["gold_id"]) == ("1,000", gold_digest("1,000"))
    assert json.loads(thousand["metadata"]) == {"gold_rule": "hashes", "gold_text": f"{SOLVED}\n#### 1,000", "level": 3}
    assert seven["gold_id"] == gold_digest("7"), "as if the file had said no more"
    assert (nothing["answer"], json.loads(nothing["metadata"])) == ("", {"gold_rule": "unscorable", "gold_text": SOLVED, "level": 3})
    manifest = ingested(source).manifest
    assert manifest["gold_rules"] == {"hashes": 2, "unscorable": 1} and manifest["counts"]["unscorable"] == 1


def test_plain_answers_leave_no_trace(dataset: Dataset, problems, ingested) -> None:
    source = dataset.write(rows(["5", "x or y", "(1, 2)"])).source(columns=TEXT_ONLY)
    assert [(row["answer"], row["gold_id"], row["metadata"]) for row in problems(source)] == [
        (text, gold_digest(text), "{}") for text in ("5", "x or y", "(1, 2)")
    ]
    assert ingested(source).manifest["gold_rules"] == {"plain": 3} and ingested(source).manifest["warnings"] == []


def test_what_cannot_be_scored_is_said_with_the_way_out(dataset: Dataset, ingested, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tasks.problems.golds")
    source = dataset.write(rows(["#### 5", "N/A", "see figure", "#### 6"])).source(columns=TEXT_ONLY)
    [warning] = ingested(source).manifest["warnings"]
    assert warning.startswith(
        "shapes train: 2 of 4 gold answers cannot be scored and count in no accuracy, the first in row 2: 'N/A'. Set "
    )
    assert "columns.answer" in warning and "columns.gold" in warning
    assert warning in caplog.messages and "shapes train: 4 gold answers, read 2 by hashes" in caplog.messages


def test_a_source_of_which_nothing_can_be_scored_is_an_error(dataset: Dataset, ingested, home: Path) -> None:
    source = dataset.write(rows([SOLVED, "N/A"])).source(columns=TEXT_ONLY)
    with pytest.raises(InputError, match="none of the 2 gold answers can be scored. Set columns.answer") as caught:
        ingested(source)
    assert "train.jsonl, row 2, column answer: 'N/A'" in str(caught.value)
    assert not list(home.glob("problems/*/manifest.json"))


@pytest.mark.parametrize(
    ("values", "answers"),
    [
        ([["12", "13"], ["7"]], ['["12", "13"]', "7"]),
        ([[12, 13], [7]], ['["12", "13"]', "7"]),
        ([True, False], ['["True", "Yes"]', '["False", "No"]']),
        ([51.0, 0.1], ["51", "0.1"]),
        ([51, -3], ["51", "-3"]),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_columns_that_are_no_text(tmp_path: Path, problems, values: list[Any], answers: list[str], form: str) -> None:
    path, table = tmp_path / f"own.{form}", pl.DataFrame(rows(values))
    table.write_parquet(path) if form == "parquet" else table.write_ndjson(path)
    source = SourceSettings(name="own", path=str(path), columns={"images": None})
    assert [problem["answer"] for problem in problems(source)] == answers


def test_a_number_that_a_float_of_32_bits_keeps_is_the_one_that_was_meant(tmp_path: Path, problems) -> None:
    pl.DataFrame(rows([0.1, 3.14]), schema_overrides={"answer": pl.Float32}).write_parquet(tmp_path / "own.parquet")
    found = problems(SourceSettings(name="own", path=str(tmp_path / "own.parquet"), columns={"images": None}))
    assert [problem["answer"] for problem in found] == ["0.1", "3.14"]


def test_numbers_of_choices_are_letters_or_asked_about(dataset: Dataset, problems, ingested) -> None:
    source = dataset.write(rows([0, 2, 1], choices=["cat", "dog", "cow"])).source(columns=TEXT_ONLY)
    assert [problem["answer"] for problem in problems(source)] == ["A", "C", "B"]
    unsure = dataset.write(rows([1, 2], choices=["cat", "dog", "cow"])).source(columns=TEXT_ONLY)
    with pytest.raises(InputError, match="shapes: .*train.jsonl: .*index_from_0 or index_from_1"):
        ingested(unsure)
    told = unsure.model_copy(update={"columns": unsure.columns.model_copy(update={"gold": "index_from_1"})})
    assert [problem["answer"] for problem in problems(told)] == ["A", "B"]


def test_a_letter_in_a_wrapper_that_is_no_choices_is_a_bad_row(dataset: Dataset, rejected) -> None:
    source = dataset.write(rows(["Answer: A", "Answer: C"], choices=["cat", "dog"])).source(columns=TEXT_ONLY)
    assert rejected(source) == [(2, "answer", "the answer 'C' is none of the choices, A to B")]


def test_copies_in_other_wrappers_are_copies_and_other_answers_a_conflict(dataset: Dataset, rejected) -> None:
    same = [{"problem": "What?", "answer": answer} for answer in ("#### 5", "\\boxed{5}")]
    other = [{"problem": "Who?", "answer": answer} for answer in ("#### 6", "\\boxed{7}")]
    assert [reason.split(":")[0] for _, _, reason in rejected(dataset.write([*same, *other]).source(columns=TEXT_ONLY))] == [
        "duplicate of row 1", "conflict", "conflict"
    ]  # fmt: skip


REAL = {
    "gsm8k/train.jsonl": ({"problem": "question"}, {"hashes": 7473}),
    "gsm8k/test.jsonl": ({"problem": "question"}, {"hashes": 1319}),
    "mathvision/testmini.jsonl": ("mathvision", {"plain": 304}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_gold_answers_are_all_scorable(ingested, name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside the checkout")
    columns, rules = REAL[name]
    columns = {"images": None, **columns} if isinstance(columns, dict) else columns
    found = ingested(SourceSettings(name="real", path=str(DATA / name), columns=columns)).manifest
    assert found["gold_rules"] == rules and found["counts"]["unscorable"] == 0
