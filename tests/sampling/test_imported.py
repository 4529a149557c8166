"""Imported responses: matched to problems by id, each file a round, every fault with its file and line."""

import json
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.sampling.imported import ImportColumns, ImportSettings, imported_rollouts, panel_id

PROBLEMS = pl.DataFrame({"problem_id": ["p1", "p2"], "source_id": ["4", "5"], "dataset": ["d", "d"]})
COLUMNS = ImportColumns()


def answers_file(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bring_in(*files: Path, columns: ImportColumns = COLUMNS) -> pl.DataFrame:
    return imported_rollouts(files, columns, PROBLEMS, "panel", "imported")


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
        ('{"id": "4", "response": "a"}\n{oops\n', r"1\.jsonl, line 2 is not JSON"),
        (
            '{"id": "4", "answer": "a"}\n',
            r"1\.jsonl, line 1 needs the fields 'id' and 'response', but it has \['answer', 'id'\].*--response",
        ),
        ("[1]\n", r"1\.jsonl, line 1 needs the fields.*not an object"),
        ('{"id": "4", "response": "a"}\n\n{"id": "4", "response": "b"}\n', r"1\.jsonl: lines 1 and 3 both answer '4'"),
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
