"""Grading a file: every field kept, three added, no line that stops it, and never half a result."""

import gzip
import json
import re
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.grading.files.graded import FAULT, FAULTS_SHOWN, grade_file
from tasks.grading.settings import GradingSettings

SETTINGS = GradingSettings(timeout_s=10)
LINES = [
    ('{"id": 1, "response": "\\\\boxed{5}", "answer": "5"}', "correct", "5"),
    ('{"response": "The answer is (B).", "answer": "B", "options": ["1", 2], "x": 1.10}', "correct", "(B)"),
    ('{"response": "2.45", "answer": 2.4494897, "precision": 2.0}', "correct", "2.45"),
    ('{"response": "2.45", "answer": 2.4494897, "precision": null, "options": null}', "incorrect", "2.45"),
    ('{"response": null, "answer": "5", "größe": "é\\ud800"}', "unparseable", None),
    ('{"response": "\\\\boxed{y+x}", "answer": "x+y", "nested": {"a": [1e400, 12345678901234567890]}}', "correct", "y+x"),
    ('{"response": "5", "answer": null}', "unscorable", "5"),
    ('{"response": "5", "answer": "N/A"}', "unscorable", "5"),
    ('{"response": "5", "answer": "So it is 2 + 3 = <<2+3=5>>5. #### 5"}', "correct", "5"),
    ('{"response": "13", "answer": ["12", 13]}', "correct", "13"),
    ('{"response": "Yes", "answer": true}', "correct", "Yes"),
    ('{"response": "\\\\boxed{4}", "answer": "A", "choices": ["4", "5"]}', "correct", "4"),
    ('{"response": "\\\\boxed{4}", "gold": "A", "choices": {"A": "4", "B": "5"}, "options": null}', "correct", "4"),
    ('{"response": "\\\\boxed{13}", "answer": ["12", 13]}', "correct", "13"),
    ('{"response": "\\\\boxed{13}", "answer": "12", "answers": ["12", "13"]}', "correct", "13"),
    ('{"response": "\\\\boxed{7}", "label": 7}', "correct", "7"),
]


@pytest.mark.process
def test_all_fields_stay_and_three_are_added(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\ufeff" + "\n\n".join(line for line, *_ in LINES), encoding="utf-8")
    counts = grade_file(source, out, SETTINGS).verdicts
    graded = out.read_text(encoding="utf-8").splitlines()
    assert counts == {"correct": 12, "incorrect": 1, "unparseable": 1, "unscorable": 2}
    for text, (line, verdict, extracted) in zip(graded, LINES, strict=True):
        assert text.startswith(line[:-1])
        fields = json.loads(text)
        assert (fields["verdict"], fields["extracted"]) == (verdict, extracted) and fields["rule"] and FAULT not in fields


def test_grading_a_graded_file_replaces_the_grades(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl"))
    first.write_text('{"rule": "old", "response": "5", "answer": "5"}\n')
    grade_file(first, second, SETTINGS)
    grade_file(second, third, SETTINGS)
    assert second.read_text() == third.read_text()
    assert [*json.loads(second.read_text())] == ["response", "answer", "verdict", "extracted", "rule"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "line 2 is not JSON"),
        ("[" * 100_000, "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object but a list"),
        ('{"answer": "5"}', "line 2 has no field `response`; it has 'answer'"),
        ('{"response": "5"}', "line 2 has no field `answer`"),
        ('{"response": 5, "answer": "5"}', "line 2, field `response`: 5 is not a text"),
        ('{"response": "5", "answer": {"is": 5}}', 'line 2, field `answer`: {"is": 5} is neither'),
        ('{"response": "5", "answer": "5", "options": "AB"}', 'line 2, field `options`: "AB" is not a list'),
        ('{"response": "5", "answer": "5", "precision": 1.5}', "line 2, field `precision`: 1.5 is not a whole number"),
        (b"\xff", "line 2 is not JSON"),
        (
            '{"response": "5", "answer": "A", "options": ["1"], "choices": ["2"]}',
            'line 2 has `choices` ["2"] and `options` ["1"], which mean',
        ),
        ('{"response": "5", "answer": "5", "gold": "6"}', 'line 2 has `answer` "5" and `gold` "6", which mean the same and differ'),
        ('{"response": "5", "answer": "5", "answers": ["6"]}', 'line 2: `answer` "5" is none of `answers` ["6"]'),
        ('{"response": ["5"], "answer": "5"}', 'line 2, field `response`: ["5"] is not a text'),
        ('{"response": "5", "answer": [{"is": 5}]}', 'line 2, field `answer`: [{"is": 5}] is neither'),
        ('{"response": "5", "answer": "5", "options": [["1"]]}', 'line 2, field `options`: [["1"]] is not a list'),
        ('{"response": "5", "answer": "5", "precision": "two"}', 'line 2, field `precision`: "two" is not a whole number'),
        ('{"response": "5", "answer": "5", "precision": -1}', "line 2, field `precision`: -1 is not a whole number"),
        ('{"response": "5", "answer": "5", "n": ' + "1" * 5000 + "}", "line 2 is not JSON"),
        ("{}", "line 2 has no field `response`; it has none"),
        ('{"response": "5", "label": 1, "ground_truth": "5"}', "line 2 has no field `answer`.*: call the one that is right `answer`"),
    ],
)
def test_a_line_at_fault_is_unscorable_and_stops_nothing(tmp_path: Path, line: str | bytes, fault: str) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    sound, at_fault = b'{"response": "5", "answer": "5"}', line if isinstance(line, bytes) else line.encode()
    source.write_bytes(b"\n".join([sound, at_fault, sound]))
    found = grade_file(source, out, SETTINGS)
    assert (found.verdicts, found.faulty) == ({"correct": 2, "unscorable": 1}, 1)
    graded = [json.loads(text) for text in out.read_text().splitlines()]
    assert [row["verdict"] for row in graded] == ["correct", "unscorable", "correct"]
    assert re.match(re.escape(fault).replace(r"\.\*", ".*"), graded[1][FAULT]) and [graded[1][FAULT]] == found.faults
    kept = {name: value for name, value in graded[1].items() if name not in ("verdict", "extracted", "rule", FAULT)}
    assert kept == (json.loads(line) if "not JSON" not in fault and "not a JSON object" not in fault else {"line": text_of(at_fault)})


def text_of(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def test_a_file_of_nothing_but_faults_is_graded_and_tells_the_first_of_them(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("{\n" * 3000)
    found = grade_file(source, out, SETTINGS)
    assert (found.faulty, len(found.faults), len(out.read_text().splitlines())) == (3000, FAULTS_SHOWN, 3000)


def test_a_row_of_a_table_at_fault_is_unscorable(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('[{"response": "5", "answer": "5"}, 7, {"response": "5"}]')
    found = grade_file(tmp_path / "in.json", tmp_path / "out.jsonl", SETTINGS)
    assert found.verdicts == {"correct": 1, "unscorable": 2} and [fault[:5] for fault in found.faults] == ["row 2", "row 3"]


def test_a_file_that_cannot_be_read_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match="in.parquet"):
        grade_file(tmp_path / "in.parquet", tmp_path / "out.jsonl", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    source, link = tmp_path / "in.jsonl", tmp_path / "link.jsonl"
    source.write_text('{"response": "5", "answer": "5"}\n')
    link.symlink_to(source)
    for out, fault in (
        (source, "is the input itself"),
        (link, "is the input itself"),
        (tmp_path / "no" / "x", "no folder"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(InputError, match=fault):
            grade_file(source, out, SETTINGS)
    with pytest.raises(InputError, match="there is no file"):
        grade_file(tmp_path / "none.jsonl", link, SETTINGS)


def test_a_field_that_looks_meant_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    line = '{"response": "5", "answer": "A", "Choices": ["5"]}\n'
    (tmp_path / "in.jsonl").write_text(line * 2 + line.replace("Choices", "option").replace("}", ', "choices": ["5"]}'))
    grade_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", SETTINGS)
    [told] = caplog.messages
    assert told.endswith("in.jsonl, line 1: the field `Choices` is not read; call it `choices`, if that is what it holds")


@pytest.mark.parametrize("name", ["in.parquet", "in.csv", "in.json", "in.jsonl.gz"])
def test_tables_are_graded_as_lines_are(tmp_path: Path, name: str) -> None:
    rows = [{"id": "1", "response": "\\boxed{5}", "answer": "5"}, {"id": "2", "response": "\\boxed{6}", "answer": "5"}]
    table, path = pl.DataFrame(rows), tmp_path / name
    if name.endswith("parquet"):
        table.write_parquet(path)
    elif name.endswith("csv"):
        table.write_csv(path)
    else:
        text = json.dumps(rows) if name.endswith("json") else "\n".join(map(json.dumps, rows))
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert grade_file(path, tmp_path / "out.jsonl", SETTINGS).verdicts == {"correct": 1, "incorrect": 1}
    graded = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["id"], row["verdict"]) for row in graded] == [("1", "correct"), ("2", "incorrect")]
