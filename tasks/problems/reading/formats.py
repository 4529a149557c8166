"""The formats that problems and answers can be read from, and one function that reads any file of them: `file_rows`.

To add one is an entry of FORMATS and its function, from a path to rows (a bad row is a row with a fault, not an exception).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.base.errors import InputError
from tasks.problems.reading.columnar import ARROW_FILE, arrow_rows, parquet_rows
from tasks.problems.reading.delimited import csv_rows, tsv_rows
from tasks.problems.reading.json_files import json_rows
from tasks.problems.reading.opening import BYTE_ORDER_MARKS, head_of, without_compression
from tasks.problems.reading.row import Row
from tasks.problems.reading.sheets import sheet_rows

Reader = Callable[[Path, str | None], Iterator[Row]]


@dataclass(frozen=True)
class Format:
    """What a file's name ends in, what a binary file begins with, and what reads it. The reader is also given the part of the file that is
    wanted, where it may have several: a sheet, a list."""

    suffixes: tuple[str, ...]
    begins: tuple[bytes, ...]
    rows: Reader


FORMATS = {
    "parquet": Format((".parquet", ".pq"), (b"PAR1",), parquet_rows),
    "jsonl": Format((".jsonl", ".ndjson"), (), json_rows),
    "arrow": Format((".arrow", ".feather", ".ipc"), (ARROW_FILE, b"\xff\xff\xff\xff"), arrow_rows),
    "csv": Format((".csv",), (), csv_rows),
    "tsv": Format((".tsv", ".tab"), (), tsv_rows),
    "json": Format((".json",), (), json_rows),
    "xlsx": Format((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), sheet_rows),
}
"""By name, in the order in which a folder is looked through. Suffixes of compressed files may follow those that are named."""


def file_rows(path: Path, format: str = "auto", part: str | None = None) -> Iterator[Row]:
    """The rows of a file of any format, in order. `format` is a name in FORMATS or "auto": what the content or else the suffix says.

    A row that cannot be read is a Row with its fault. Raises InputError for a file that cannot be read at all, or not to its end.
    """
    yield from FORMATS[format_of(path) if format == "auto" else format].rows(path, part)


def format_of(path: Path) -> str:
    """The format of a file. Raises InputError where neither its content nor its suffix tells, and where it is no data."""
    head = head_of(path)
    binary = next((name for name, format in FORMATS.items() if any(map(head.startswith, format.begins))), None)
    said, looks = suffix_format(path), text_format(head)
    if said and FORMATS[said].begins and looks == "json":
        return looks  # JSON text under the name of a binary format
    if found := binary or said or looks:
        return found
    raise InputError(f"cannot tell the format of {path}; set format to one of {', '.join(FORMATS)}")


def text_format(head: bytes) -> str | None:
    """The format of a text by what it begins with: JSON, or a header with tabs or commas."""
    encoding = next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")
    header = head.decode(encoding, "replace").lstrip().partition("\n")[0].rstrip()
    if header.startswith(("{", "[")):
        return "json"
    if not header.replace("\t", " ").isprintable():
        return None
    return "tsv" if "\t" in header else "csv" if "," in header else None


def suffix_format(path: Path) -> str | None:
    """The format that a file's name says it has, whatever it is compressed by."""
    suffix = Path(without_compression(path.name)).suffix.lower()
    return next((name for name, format in FORMATS.items() if suffix in format.suffixes), None)


def bare_name(path: Path) -> str:
    """A file's name without the suffixes of its format and compression."""
    name = without_compression(path.name)
    return Path(name).stem if suffix_format(path) else name
