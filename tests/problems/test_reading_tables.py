"""Tables are read in every format that they are published in, compressed or not; what only passes for data is called what it is."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from base64 import b64encode
from pathlib import Path
from random import Random
from typing import Any, get_args

import polars as pl
import pyarrow as pa
import pytest

from tasks.base.errors import InputError
from tasks.problems.reading.formats import FORMATS, file_rows, format_of
from tasks.problems.reading.row import Row
from tasks.problems.settings import SourceSettings

PICTURE = b64encode(Random(1).randbytes(120_000)).decode()  # longer than the 131,072 characters that Python's csv takes by default
ROWS: list[dict[str, Any]] = [
    {"index": n, "question": f'Which "one" of\n{n}\t,;|?', "image": PICTURE[: 400 if n else None], "A": "x", "B": None, "answer": "A"}
    for n in range(150)
]
TEXTS = [{name: None if value is None else str(value) for name, value in row.items()} for row in ROWS]


def delimited(rows: list[dict[str, Any]], delimiter: str, end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def arrow(table: pa.Table, new: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue().to_pybytes()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    held = io.BytesIO()
    pl.DataFrame(rows).write_parquet(held)
    return held.getvalue()


TABLE = pa.Table.from_pylist(ROWS)
TABLES = {
    "rows.csv": (delimited(ROWS, ","), TEXTS),
    "excel.csv": (b"\xef\xbb\xbf" + delimited(ROWS, ";", "\r\n"), TEXTS),
    "MathVista_MINI.tsv": (delimited(ROWS, "\t"), TEXTS),
    "unicode.TXT": (delimited(ROWS[:2], "\t").decode().encode("utf-16"), TEXTS[:2]),
    "rows.parquet": (parquet(ROWS), ROWS),
    "data-00000-of-00001.arrow": (arrow(TABLE, pa.ipc.new_stream), ROWS),
    "rows.arrow": (arrow(TABLE, pa.ipc.new_file), ROWS),
    "rows.Feather": (arrow(TABLE, pa.ipc.new_file), ROWS),
    "without-suffix": (parquet(ROWS), ROWS),
    "misnamed.parquet": (b'[{"a": 1}]', [{"a": 1}]),
    "misnamed.json": (arrow(TABLE, pa.ipc.new_file), ROWS),
}
PACKED = {
    ".gz": gzip.compress,
    ".BZ2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda b: pa.compress(b, "zstd", asbytes=True),
    "": bytes,
}


def read(file: Path, content: bytes, **options: Any) -> list[Row]:
    file.write_bytes(content)
    return list(file_rows(file, **options))


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", TABLES)
def test_each_format_gives_the_same_rows_also_compressed(tmp_path: Path, name: str, packed: str) -> None:
    content, expected = TABLES[name]
    rows = read(tmp_path / f"{name}{packed}", PACKED[packed](content))
    assert [row.values for row in rows] == expected
    assert [(row.number, row.fault) for row in rows] == [(number, "") for number in range(1, len(expected) + 1)]


def test_every_format_can_be_named() -> None:
    assert set(get_args(SourceSettings.model_fields["format"].annotation)) == {"auto", "huggingface", *FORMATS}


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    return f"<c><v>{value}</v></c>" if isinstance(value, int | float) else f'<c t="inlineStr"><is><t>{value or ""}</t></is></c>'


def relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """A workbook as Excel writes one, small: cells as inline texts, numbers and flags."""
    numbered = list(enumerate(sheets.items(), start=1))
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in numbered)
    links = "".join(relation(n, "worksheet", f"worksheets/{n}.xml") for n, _ in numbered)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>')
        file.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>')
        book = relation(1, "officeDocument", "xl/workbook.xml")
        file.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{book}</Relationships>')
        for n, (_, rows) in numbered:
            lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            file.writestr(f"xl/worksheets/{n}.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>')
    return held.getvalue()


def test_a_workbook_is_read_as_it_shows(tmp_path: Path) -> None:
    rows = [["index", "prediction", "share", "hit", "note"], [1, "The answer is 4.", 0.5, True, None], [None] * 5, [2, "B", 3, False, "x"]]
    found = read(tmp_path / "answers.xlsx", workbook({"Sheet1": rows, "Sheet2": []}))
    assert [row.values for row in found] == [
        {"index": 1, "prediction": "The answer is 4.", "share": 0.5, "hit": True, "note": None},
        {"index": 2, "prediction": "B", "share": 3, "hit": False, "note": "x"},
    ]
    several = workbook({"a": rows, "b": rows})
    with pytest.raises(InputError, match="several.xlsx has the sheets a, b; set source_split to one of them"):
        read(tmp_path / "several.xlsx", several)
    assert len(read(tmp_path / "several.xlsx", several, part="b")) == 2
    assert read(tmp_path / "chosen.xlsx", workbook({"a": rows, "none": []}), part="none") == []
    assert read(tmp_path / "years.xlsx", workbook({"a": [["q", 2024], ["x", 1]]}))[0].values == {"q": "x", "2024": 1}


BAD_RECORDS = {
    b"q,a\n1+1,2\n3+4\n5,6\n": "line 3: 1 fields, and the header names 2 columns",
    b"q,a\n1+1,2\n3+4,7,8\n5,6\n": "line 3: 3 fields, and the header names 2 columns",
    b'q,a\n"1\n+1",2\n"3"+4,7\n5,6\n': "line 4: this is not valid CSV: ',' expected after '\"'; is a quote left open or not doubled?",
    b'q,a\n1+1,2\n"3+4,7\n8,"9\n5,6\n': "lines 3 to 4: this is not valid CSV: ',' expected after '\"'; is a quote left open or not "
    "doubled?",
    b"q,a\n1+1,2\ncaf\xe9,7\n5,6\n": "line 3, column q: not valid Unicode: byte 4 is 0xe9, which is not UTF-8; save the file as UTF-8",
}


@pytest.mark.parametrize("content", BAD_RECORDS)
def test_a_bad_record_is_a_row_with_its_fault_and_the_next_is_read(tmp_path: Path, content: bytes) -> None:
    _, bad, good = read(tmp_path / "rows.csv", content)
    assert bad.fault == BAD_RECORDS[content]
    assert (good.number, good.values) == (3, {"q": "5", "a": "6"})


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    assert read(tmp_path / "rows.csv", b",q,\n0,1+1,\n")[0].values == {"column 1": "0", "q": "1+1", "column 3": None}


def archive(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(name, "{}")
    return held.getvalue()


GZIPPED = gzip.compress(TABLES["rows.csv"][0])
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
USELESS = {
    "pointer.parquet": (LFS, "pointer.parquet is a Git LFS pointer, not the data: run `git lfs pull`"),
    "pointer.jsonl": (LFS, "pointer.jsonl is a Git LFS pointer"),
    "pointer.csv": (LFS.replace(b"\n", b"\r\n"), "pointer.csv is a Git LFS pointer"),
    "pointer": (LFS, "pointer is a Git LFS pointer"),
    "annex.json": (b"/annex/objects/SHA256E-s12--4d7a.json\n", "annex.json is a git-annex pointer, not the data: run `git annex get`"),
    "page.json": (b"\n<!DOCTYPE html><html>", "page.json is a web page, not data"),
    "page.parquet": (b"\xef\xbb\xbf<HTML>", "page.parquet is a web page"),
    "denied.parquet": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "denied.parquet is XML, not data"),
    "archive.jsonl.gz": (gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 500), "archive.jsonl.gz is a tar archive; unpack it"),
    "short.csv.gz": (GZIPPED[: len(GZIPPED) // 2], "short.csv.gz breaks off or is damaged: .*; is the copy complete"),
    "torn.jsonl.xz": (lzma.compress(b"{}\n" * 99)[:60], "torn.jsonl.xz breaks off or is damaged"),
    "torn.jsonl.zst": (
        pa.compress(bytes(range(256)) * 99, "zstd", asbytes=True)[:200],
        "cannot read .*torn.jsonl.zst: .*is the copy complete",
    ),
    "torn.parquet": (TABLES["rows.parquet"][0][:500], "cannot read .*torn.parquet as Parquet: .*is the copy complete"),
    "torn.arrow": (TABLES["rows.arrow"][0][:5000], "cannot read .*torn.arrow as Arrow: .*is the copy complete"),
    "empty.parquet": (b"", r"cannot read .*empty.parquet as Parquet: it is empty \(0 bytes\)"),
    "torn.xlsx": (archive("xl/workbook.xml"), "cannot read .*torn.xlsx as a workbook"),
    "open.csv": (b'q,a\n1,2\n"3,4\n5,6\n', "open.csv, line 3: a quote is opened that is never closed; close it, or double it"),
    "packed.zip": (archive("train.jsonl"), "packed.zip is a zip archive; unpack it, and give the files inside"),
    "model.pkl": (b"\x80\x04\x95\x10,\x00\x00", "cannot tell the format of .*model.pkl"),
    "twice.csv": (b"q,a,a\n1,2,3\n", r"twice.csv: 2 columns are called 'a' \(columns 2, 3\); give each a name of its own"),
    "twice.arrow": (arrow(pa.table([[1], [2]], names=["a", "a"]), pa.ipc.new_file), "twice.arrow: 2 columns are called 'a'"),
}


@pytest.mark.parametrize("name", USELESS)
def test_what_only_passes_for_data_is_called_what_it_is(tmp_path: Path, name: str) -> None:
    content, said = USELESS[name]
    with pytest.raises(InputError, match=said):
        read(tmp_path / name, content)


def test_an_empty_file_of_lines_or_records_has_no_rows(tmp_path: Path) -> None:
    assert [read(tmp_path / name, b"") for name in ("a.jsonl", "b.json", "c.csv", "d.tsv", "e.jsonl.gz")] == [[]] * 5


def test_a_suffix_is_believed_where_the_content_does_not_tell(tmp_path: Path) -> None:
    for name, format in (("a.csv", "csv"), ("b.TSV", "tsv"), ("c.ndjson.gz", "jsonl"), ("d.json", "json")):
        (tmp_path / name).write_text("hello")
        assert format_of(tmp_path / name) == format
