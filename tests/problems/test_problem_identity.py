"""What makes two problems the same, and which of several rows is kept."""

import hashlib
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.problems.identity import gold_digest, problem_digest
from tasks.problems.tables import cross_duplicates, load_problems
from tests.problems.shapes import Dataset, picture, row


def test_a_problem_is_its_question_choices_and_images_in_order() -> None:
    base = problem_digest("q", ["a", "b"], ["ab/abc.png", "cd/cde.png"])
    assert base == problem_digest("q", ("a", "b"), ["ab/abc.jpg", "cd/cde.jpg"])
    others = [("q!", ["a", "b"], ["ab/abc.png", "cd/cde.png"]), ("q", ["b", "a"], ["ab/abc.png", "cd/cde.png"])]
    others += [("q", ["a", "b"], ["cd/cde.png", "ab/abc.png"]), ("q", ["a", "b", "ab/abc.png"], ["cd/cde.png"])]
    assert len({base, *(problem_digest(*other) for other in others)}) == 5


def test_the_gold_id_is_the_digest_of_the_answer() -> None:
    assert gold_digest("½") == hashlib.blake2b("½".encode(), digest_size=16).hexdigest()


def test_a_copy_is_kept_once(dataset: Dataset, problems, rejected) -> None:
    same = row(1) | {"level": 3, "problem": "What is 1?\r\n", "id": "p1"}
    source = dataset.write([row(0), row(1), same]).source(max_rejected=0)
    assert [problem["row"] for problem in problems(source)] == [1, 2]
    assert rejected(source) == [(3, "", "duplicate of row 2")]


def test_the_same_bytes_under_another_name_are_the_same_problem(dataset: Dataset, rejected) -> None:
    (dataset.folder / "images/copy.png").write_bytes(picture(1))
    source = dataset.write([row(1), row(1, images="images/copy.png")]).source()
    assert rejected(source) == [(2, "", "duplicate of row 1")]


def test_a_conflict_is_reported_and_neither_row_is_kept(dataset: Dataset, problems, rejected) -> None:
    source = dataset.write([row(0), row(1, answer="7"), row(1, answer="8", id="other"), row(1, answer="7", id="third")]).source()
    assert [problem["answer"] for problem in problems(source)] == ["0"]
    reasons = rejected(source)
    assert [(number, column) for number, column, _ in reasons] == [(2, "answer"), (3, "answer"), (4, "answer")]
    assert {reason for _, _, reason in reasons} == {"conflict: the same problem has 2 answers: row 2 says '7', row 3 says '8'"}


def test_an_id_that_names_two_problems_names_none(dataset: Dataset, problems, rejected) -> None:
    source = dataset.write([row(0), row(1), row(2, id="p1")]).source()
    assert [problem["source_id"] for problem in problems(source)] == ["p0"]
    reason = "the id 'p1' names 2 different problems, in rows 2, 3"
    assert rejected(source) == [(2, "id", reason), (3, "id", reason)]


def test_an_id_or_a_problem_in_many_rows_is_told_by_a_count(dataset: Dataset, rejected, ingested) -> None:
    """However many rows disagree, each says so in a line, and the error says it once."""
    rows = [{"id": "train", "problem": f"What is {n}?", "answer": "1"} for n in range(2000)]
    columns = {"images": None, "id": "id"}
    with pytest.raises(InputError) as caught:
        ingested(dataset.write(rows).source(columns=columns))
    reason = "the id 'train' names 2,000 different problems, the first in rows 1, 2, 3"
    assert str(caught.value).splitlines()[1:] == [f"  train.jsonl, row 1, column id: {reason} (and so 1,999 more)"]
    assert {
        found for _, _, found in rejected(dataset.write([*rows, {"id": "x", "problem": "x", "answer": "2"}]).source(columns=columns))
    } == {reason}
    rows = [{"problem": "What?", "answer": str(n + 1) * 100} for n in range(2000)] + [{"problem": "x", "answer": "2"}]
    said = {found for _, _, found in rejected(dataset.write(rows).source(columns={"images": None}))}
    assert len(said) == 1
    assert "has 2,000 answers: row 1 says" in min(said)
    assert len(min(said)) < 400


def test_rows_without_an_id_are_named_by_their_row(dataset: Dataset, problems) -> None:
    source = dataset.write([row(0), row(1, id=...), row(2, id=None), row(3, id=12)]).source()
    assert [problem["source_id"] for problem in problems(source)] == ["p0", "row-2", "row-3", "12"]


def test_problems_shared_by_splits_are_found_and_loaded_once(dataset: Dataset, ingested, tmp_path: Path) -> None:
    train = ingested(dataset.write([row(0), row(1), row(2)]).source())
    heldout = ingested(Dataset(tmp_path / "other").write([row(5), row(2), row(1, answer="wrong")]).source(split="heldout"))
    shared = cross_duplicates([train, heldout])
    assert shared.columns == ["problem_id", "dataset", "split", "row", "answer", "conflict"]
    found = {(split, number, answer, conflict) for _, _, split, number, answer, conflict in shared.rows()}
    assert found == {("train", 2, "1", True), ("heldout", 3, "wrong", True), ("train", 3, "2", False), ("heldout", 2, "2", False)}
    assert load_problems([train, heldout]).select("split", "row").rows() == [("train", 1), ("train", 2), ("train", 3), ("heldout", 1)]
    assert cross_duplicates([train]).is_empty()
    assert load_problems([]).is_empty()
