"""Reads the sheets that people have labelled, and keeps their labels in the lake: who said what of which response, and when it was read.

What can be read is kept, whatever is wrong with other rows; a row at fault has one line that says where it stands and what to write.
Reading a file again adds nothing, and a label that its author has changed stands beside the earlier one, as the newer of the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError, did_you_mean
from tasks.base.files import digest
from tasks.lake.lake import RELATIONS, Lake, write_parquet
from tasks.problems.reading.formats import file_rows
from tasks.problems.reading.row import Row

LABELS = ("right", "wrong", "unsure")
ALSO = {"r": "right", "w": "wrong", "u": "unsure", "correct": "right", "incorrect": "wrong", "?": "unsure"}


@dataclass
class Sheet:
    """What a file of labels holds: labels and notes by id, rows without a label, and a line for each row at fault."""

    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    empty: int = 0
    faults: list[str] = field(default_factory=list)

    def take(self, row: Row, known: set[str]) -> None:
        """Read a row. The same id twice with one label counts once, with two it is a fault and counts as none."""
        place = f"row {row.number}"
        if row.fault:
            self.faults.append(f"{place}: {row.fault}")
            return
        values = named(row.values)
        name, said = text_of(values.get("id")), text_of(values.get("label"))
        if not said:
            self.empty += 1
        elif not (label := label_of(said)):
            self.faults.append(f"{place}: label {said!r} is none of {', '.join(LABELS)}{did_you_mean(said, LABELS)}")
        elif name not in known:
            self.faults.append(f"{place}: id {name!r} is of no audit of this lake" + ("" if name else "; a row needs its id"))
        elif name in self.places and self.labels.get(name, ("",))[0] != label:
            self.labels.pop(name, None)
            self.faults.append(f"{place}: {name} is {label} here, and has another label in {self.places[name]}; leave one of them")
        else:
            self.labels[name] = (label, text_of(values.get("note")))
            self.places[name] = place


@dataclass(frozen=True)
class Read:
    """What came of reading a file: its sheet, and how many labels are new."""

    sheet: Sheet
    new: int


def named(values: dict[str, Any]) -> dict[str, Any]:
    """A row's values by its columns' names in small letters, without the blanks around them."""
    return {str(name).strip().casefold(): value for name, value in values.items()}


def text_of(value: Any) -> str:
    """A cell as text, empty for none."""
    return "" if value is None else str(value).strip()


def label_of(said: str) -> str | None:
    """The label that a person means."""
    word = said.casefold().strip(" .'\"")
    return word if word in LABELS else ALSO.get(said.casefold())


def read_sheet(path: Path, known: set[str]) -> Sheet:
    """The labels in a file: CSV as we or a spreadsheet wrote it, an Excel sheet, JSON Lines. Raises InputError for one that cannot be read,
    lacks a column, or holds no label that can be kept."""
    sheet, rows = Sheet(), rows_of(path)
    for row in rows:
        sheet.take(row, known)
    if not sheet.labels and sheet.faults:
        raise InputError(f"{path} holds no label that can be kept; {sheet.faults[0]}")
    if not sheet.labels:
        raise InputError(f"{path} holds no label ({sheet.empty:,} rows are empty): write {', '.join(LABELS)} into the column `label`")
    return sheet


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file. Raises InputError where it has no column for the id or the label."""
    for row in file_rows(path):
        lacking = [] if row.fault else [name for name in ("id", "label") if name not in named(row.values)]
        if lacking:
            has = ", ".join(map(repr, row.values))
            way = "give the sheet as it was drawn, with all its columns"
            raise InputError(f"{path}, row {row.number} has no column `{lacking[0]}`; it has {has}: {way}")
        yield row


def keep_labels(lake: Lake, path: Path, labelled_by: str) -> Read:
    """Read a person's labels, and add those that are new to the lake. Raises InputError where there is nothing to read."""
    if not path.is_file():
        raise InputError(f"--read {path}: there is no such file; give the one that `difficulty-prior audit` wrote and a person labelled")
    known = set(lake.scan("audited").select("response_id").unique().collect()["response_id"])
    if not known:
        raise InputError(f"the lake at {lake.home} has no audit: was the sheet drawn from another one (--home)?")
    sheet = read_sheet(path, known)
    before = labels_by(lake, labelled_by)
    rows = [
        {"response_id": name, "label": label, "labelled_by": labelled_by, "note": note, "read_at": datetime.now(UTC).replace(tzinfo=None)}
        for name, (label, note) in sheet.labels.items()
        if before.get(name) != (label, note)
    ]
    if rows:
        frame = pl.DataFrame(rows, schema=RELATIONS["labels"])
        write_parquet(frame, lake.home / "labels" / f"{digest(frame.rows())}.parquet")
    return Read(sheet, len(rows))


def labels_by(lake: Lake, person: str) -> dict[str, tuple[str, str]]:
    """The label and note that a person has given to each response, the newest of several."""
    rows = lake.scan("labels").filter(pl.col("labelled_by") == person).sort("read_at").collect()
    return {name: (label, note) for name, label, note in rows.select("response_id", "label", "note").iter_rows()}


def labelled(lake: Lake) -> set[str]:
    """The responses that anybody has labelled."""
    return set(lake.scan("labels").select("response_id").unique().collect()["response_id"])
