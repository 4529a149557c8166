"""Imported responses: matched to problems by id, each file a round, every fault with its file and line."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.base.files import digest, file_digest
from tasks.sampling.imported.rollouts import Imported, imported_rollouts
from tasks.sampling.imported.settings import ImportColumns, ImportSettings, panel_id

PROBLEMS = pl.DataFrame(
    {
        "problem_id": ["p1", "p2"],
        "source_id": ["4", "5"],
        "dataset": ["d", "d"],
        "split": ["train", "train"],
        "question": ["What is 3 + 3?", "What is 60 + 1?"],
        "row": [1, 2],
        "answer": ["6", "61"],
    }
)
COLUMNS = ImportColumns()


def answers_file(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def imported(*files: Path, columns: ImportColumns = COLUMNS, problems: pl.DataFrame = PROBLEMS, **settings: Any) -> Imported:
    asked = ImportSettings(panel="panel", files=tuple(map(str, files)), columns=columns, **settings)
    return imported_rollouts(files, asked, problems, "panel", "imported")


def bring_in(*files: Path, **settings: Any) -> pl.DataFrame:
    return imported(*files, **settings).rollouts


def test_each_file_is_a_round(tmp_path: Path) -> None:
    one = answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "six"}, {"id": 5, "response": None}])
    two = answers_file(tmp_path / "2.jsonl", [{"id": "5", "response": "61"}, {"id": "99", "response": "not ours"}])
    rows = bring_in(one, two).select("problem_id", "round", "response").rows()
    assert rows == [("p1", 0, "six"), ("p2", 0, ""), ("p2", 1, "61")]


def test_fields_are_mapped(tmp_path: Path) -> None:
    file = answers_file(tmp_path / "1.jsonl", [{"pid": "p2", "text": "61"}])
    assert bring_in(file, columns=ImportColumns(id="pid", response="text"))["problem_id"].to_list() == ["p2"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('{"id": "4", "response": "a"}\n{oops\n', r"1\.jsonl, line 2: the line is not valid JSON.*\(1 of 2 lines.*max_rejected = 0.05"),
        (
            '{"id": "4", "answer": "a"}\n',
            r"1\.jsonl needs the fields 'id' and 'response', but it has \['answer', 'id'\].*--response",
        ),
        ("[1]\n", r"1\.jsonl, line 1: .*not .*object"),
        ("", r"1\.jsonl is empty"),
        ('{"id": "77", "response": "a"}\n', r"none of the answers in .*1\.jsonl \(field 'id'\).*their ids look like \['4', '5'\].*--id"),
    ],
)
def test_faults_name_the_file_the_line_and_the_way_out(tmp_path: Path, lines: str, fault: str) -> None:
    file = tmp_path / "1.jsonl"
    file.write_text(lines)
    with pytest.raises(InputError, match=fault):
        bring_in(file)


def test_a_panel_is_its_files_content(tmp_path: Path) -> None:
    file = answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "six"}])
    settings = ImportSettings(panel="recorded", files=(str(file),))
    before = panel_id(settings, [file])
    assert panel_id(settings.model_copy(update={"panel": "other"}), [file]) != before
    answers_file(file, [{"id": "4", "response": "seven"}])
    assert panel_id(settings, [file]) != before


def test_several_answers_to_a_problem_are_rounds_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    one = answers_file(tmp_path / "1.jsonl", [{"id": id, "response": text} for id, text in [("4", "a"), ("5", "b"), ("4", "c")]])
    two = answers_file(tmp_path / "2.jsonl", [{"id": "4", "response": ["d", "e"]}, {"id": "5", "response": "f"}])
    found = imported(one, two)
    rows = found.rollouts.sort("problem_id", "round").select("problem_id", "round", "response").rows()
    assert rows == [("p1", 0, "a"), ("p1", 1, "c"), ("p1", 2, "d"), ("p1", 3, "e"), ("p2", 0, "b"), ("p2", 2, "f")]
    assert found.rounds == 4
    assert found.notes == ["panel: 2 problems have from 2 to 4 answers"]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    rows = [{"id": "4", "response": "a", "finish_reason": "length"}, {"id": 99, "response": "b"}, {"id": "5", "response": ""}]
    found = imported(answers_file(tmp_path / "1.jsonl", rows))
    assert found.rollouts["finish_reason"].to_list() == ["length", "stop"]
    assert [note.removeprefix("panel: ") for note in found.notes] == [
        f"1 of 3 answers are to no problem of d (the first: id 99, {tmp_path}/1.jsonl, line 2)",
        "1 answers are empty, which counts as no answer found",
        "1 answers were cut off at their token limit",
    ]


def test_a_few_bad_lines_are_set_aside(tmp_path: Path) -> None:
    lines = [json.dumps({"id": "4", "response": "a"})] * 30 + ['{"id": "4", "resp', '{"id": "4", "response": "so \\ud83d"}']
    (tmp_path / "1.jsonl").write_text("\n".join(lines))
    found = imported(tmp_path / "1.jsonl", max_rejected=0.1)
    assert len(found.rollouts) == 30
    assert "2 of 32 lines cannot be used and are set aside (the first: " in found.notes[0] and "1.jsonl, line 31" in found.notes[0]


@pytest.mark.parametrize(("given", "problem"), [("4", "p1"), (4, "p1"), (4.0, "p1"), ("4.0", "p1"), ("p2", "p2")])
def test_a_whole_number_is_one_however_it_is_written(tmp_path: Path, given: Any, problem: str) -> None:
    pl.DataFrame({"id": [given], "response": ["a"]}).write_parquet(tmp_path / "a.parquet")
    assert bring_in(tmp_path / "a.parquet")["problem_id"].to_list() == [problem]


SHARED = pl.concat([PROBLEMS, PROBLEMS.with_columns(pl.col("problem_id") + "x", pl.lit("e").alias("dataset"))])


def test_an_id_of_two_datasets_is_an_error_that_names_both(tmp_path: Path) -> None:
    file = answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "a"}])
    with pytest.raises(InputError, match=r"1\.jsonl, line 1: the id '4' is that of a problem of d and of another of e; name the dataset"):
        bring_in(file, problems=SHARED)
    file = answers_file(tmp_path / "2.jsonl", [{"id": "4", "response": "a", "dataset": name} for name in ("d", "e")])
    assert bring_in(file, problems=SHARED)["problem_id"].to_list() == ["p1", "p1x"]
    file = answers_file(tmp_path / "3.jsonl", [{"id": "4", "response": "a", "from": name} for name in ("e", "d")])
    assert bring_in(file, problems=SHARED, columns=ImportColumns(dataset="from"))["problem_id"].to_list() == ["p1x", "p1"]


def test_an_id_of_two_splits_is_told_by_split_or_question(tmp_path: Path) -> None:
    other = PROBLEMS.with_columns(
        pl.col("problem_id") + "x", pl.lit("test").alias("split"), ("How " + pl.col("question")).alias("question")
    )
    both = pl.concat([PROBLEMS, other])
    file = answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "a", "q": "How What is 3 + 3?"}])
    with pytest.raises(InputError, match="that of a problem of d/test and of another of d/train"):
        bring_in(file, problems=both)
    assert bring_in(file, problems=both, columns=ImportColumns(id="id", question="q"))["problem_id"].to_list() == ["p1x"]
    file = answers_file(tmp_path / "2.jsonl", [{"id": "4", "response": "a", "dataset": "d/train"}])
    assert bring_in(file, problems=both)["problem_id"].to_list() == ["p1"]


def test_the_same_problem_in_two_datasets_is_one(tmp_path: Path) -> None:
    twice = pl.concat([PROBLEMS, PROBLEMS.with_columns(pl.lit("e").alias("dataset"))])
    assert bring_in(answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "a"}]), problems=twice)["problem_id"].to_list() == ["p1"]


def test_a_panel_keeps_the_identity_that_it_had_before_there_were_formats(tmp_path: Path) -> None:
    file = answers_file(tmp_path / "1.jsonl", [{"id": "4", "response": "six"}])
    settings = ImportSettings(panel="recorded", files=(str(file),))
    before = digest(["panel", "recorded", {"id": "id", "response": "response"}, [file_digest(file)]])
    assert panel_id(settings, [file]) == before
    assert panel_id(settings.model_copy(update={"format": "verl"}), [file]) != before
    assert panel_id(settings.model_copy(update={"columns": ImportColumns(question="q")}), [file]) != before
