"""Writes the sheet that a person labels: what was asked, what is right, how the response ends, and an empty `label`.

It says nowhere what the grader said: who knows the verdict agrees with it, and the audit would find the grader better than it is. The lake
keeps it beside the id. Rows stand in their order of the draw: the first so many of them are an audit of that size, wherever a person stops.
"""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import polars as pl

from tasks.base.errors import InputError
from tasks.base.files import written_aside
from tasks.problems.choices import LETTERS

COLUMNS = ("id", "dataset", "question", "choices", "gold", "images", "response_end", "extracted", "label", "note")
END, QUESTION = 1500, 4000  # characters that are shown; a cell of Excel holds 32,767
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what begins a formula in a spreadsheet


def write_sheet(drawn: pl.DataFrame, out: Path, images: Path) -> None:
    """Write these verdicts of an audit as CSV or JSON Lines, whose images lie under `images`. A file that is there is never overwritten,
    unless it is the same: it may hold labels. Raises InputError for it, and for a name that says no such format."""
    check_out(out)
    rows = [shown(row, images) for row in drawn.iter_rows(named=True)]
    text = as_lines(rows) if out.suffix.lower() == ".jsonl" else as_csv(rows)
    if out.exists() and out.read_bytes() != text:
        read = f"`difficulty-prior audit --read {out}`"
        raise InputError(f"--out {out} is there and may hold labels: read it first ({read}), or give another name")
    with written_aside(out) as aside:
        aside.write_bytes(text)


def check_out(out: Path) -> None:
    """Raise InputError for a name under which no sheet can be written."""
    if out.suffix.lower() not in (".csv", ".jsonl"):
        raise InputError(f"--out {out}: give a name that ends in .csv, for a spreadsheet, or in .jsonl")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"--out {out}: {'is a folder' if out.is_dir() else f'there is no folder {out.parent}'}; give the name of a file")


def shown(row: dict[str, object], images: Path) -> dict[str, object]:
    """What a person sees of a verdict."""
    choices, pictures = list(row["choices"] or ()), list(row["images"] or ())  # type: ignore[call-overload]
    return {
        "id": row["response_id"],
        "dataset": row["dataset"],
        "question": cut(row["question"], QUESTION),
        "choices": "\n".join(f"({letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False)),
        "gold": row["answer"] or "",
        "images": "\n".join(str(images / name) for name in pictures),
        "response_end": ended(row["response"], END),
        "extracted": row["extracted"] or "",
        "label": "",
        "note": "",
    }


def cut(text: object, most: int) -> str:
    """The beginning of a text."""
    whole = str(text or "")
    return whole if len(whole) <= most else f"{whole[:most]} …"


def ended(text: object, most: int) -> str:
    """The end of a text, where its answer stands."""
    whole = str(text or "").strip()
    return whole if len(whole) <= most else f"… {whole[-most:]}"


def as_lines(rows: Sequence[dict[str, object]]) -> bytes:
    """The rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")


def as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    """The rows as CSV with the mark by which Excel knows UTF-8."""
    text = StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows([cell(str(row[name])) for name in COLUMNS] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a policy may answer `=HYPERLINK(…)`. A number stays as it is."""
    printable = text.replace("\0", "")
    return f"'{printable}" if printable.startswith(FORMULAS) and not is_number(printable) else printable


def is_number(text: str) -> bool:
    """Whether a text is a plain number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
