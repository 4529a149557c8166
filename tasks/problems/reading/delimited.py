"""Reads CSV and TSV as Python's csv module does, with fields of any length that may hold line breaks, tabs and quotes (base64 images).

All values are texts as written, an empty one is None. A record that does not fit the header is a row with its fault.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.reading.opening import opened_text, undecoded
from tasks.problems.reading.row import Row

SEPARATORS = (",", ";", "\t", "|")


def csv_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of a CSV file, whose separator is the first of `, ; tab |` that the header has."""
    return delimited_rows(path, SEPARATORS)


def tsv_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of a file of tab-separated values."""
    return delimited_rows(path, ("\t",))


def delimited_rows(path: Path, separators: tuple[str, ...]) -> Iterator[Row]:
    """The rows under the header, without blank lines. Raises InputError for a header that names a column twice or cannot be read."""
    csv.field_size_limit(sys.maxsize)
    with opened_text(path, newline="") as text:
        separator = separator_of(path, separators)
        records = csv.reader(text, delimiter=separator, strict=True)
        try:
            header = column_names(path, next(records, []))
        except csv.Error as error:
            raise InputError(f"{path}, line {records.line_num}: the header cannot be read: {error}") from error
        for number, (lines, record) in enumerate(records_of(path, records), start=1):
            yield record_row(path.name, number, lines, header, record)


def separator_of(path: Path, separators: tuple[str, ...]) -> str:
    """The first of the separators that the file's first line has; the first one where it has none (a single column)."""
    with opened_text(path, newline="\n") as text:
        header = text.readline()
    return next((separator for separator in separators if separator in header), separators[0])


def records_of(path: Path, records: Any) -> Iterator[tuple[str, list[str] | str]]:
    """Each record that is not blank, or what is wrong with it, and on which lines it stands. Raises InputError where a quote is opened that
    is never closed, as nobody knows then how many records are lost."""
    while True:
        first = records.line_num + 1
        try:
            record = next(records, None)
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise InputError(f"{path}, line {first}: a quote is opened that is never closed; close it, or double it (``)") from error
            record = str(error)
        if record is None:
            return
        if record:
            yield f"line {first}" if first == records.line_num else f"lines {first} to {records.line_num}", record


def record_row(source: str, number: int, lines: str, header: list[str], record: list[str] | str) -> Row:
    """A record as a row, or the fault that it has."""
    if isinstance(record, str):
        return Row(source, number, {}, f"{lines}: this is not valid CSV: {record}; is a quote left open or not doubled?")
    if len(record) != len(header):
        return Row(source, number, {}, f"{lines}: {len(record)} fields, and the header names {len(header)} columns")
    for name, field in zip(header, record, strict=True):
        if fault := undecoded(field):
            return Row(source, number, {}, f"{lines}, column {name}: not valid Unicode: {fault}")
    return Row(source, number, {name: field or None for name, field in zip(header, record, strict=True)})


def column_names(path: Path, header: list[str]) -> list[str]:
    """The columns that a header names; one without a name (as of pandas' index) is called by its place. Raises InputError where two
    have the same name."""
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, start=1)]
    for name, times in Counter(names).items():
        if fault := undecoded(name):
            raise InputError(f"{path}, line 1: the header is not valid Unicode: {fault}")
        if times > 1:
            places = ", ".join(str(place) for place, other in enumerate(names, start=1) if other == name)
            raise InputError(f"{path}: {times} columns are called {name!r} (columns {places}); give each a name of its own")
    return names
