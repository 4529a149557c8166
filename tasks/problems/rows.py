"""Turns one row of a source into one problem, or says in which column it is wrong and why."""

import datetime
import decimal
import json
import math
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.problems.columns import ColumnMapping
from tasks.problems.gold.written import written
from tasks.problems.identity import problem_digest
from tasks.problems.images import ImageFault, ImageLimits, image_items, keep_image
from tasks.problems.marks import MarkFault, place_marks
from tasks.problems.reading.row import Numeral, Row


class RowFault(ValueError):
    """A row is not usable: `column` is where, the message why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True)
class Columns:
    """The columns of a source that a mapping means; None where the source has no such part."""

    problem: str
    answer: str
    images: str | None
    choices: str | None
    id: str | None
    composite: bool


def find_columns(mapping: ColumnMapping, found: Iterable[str], where: str) -> Columns:
    """The mapped columns among those `found`. Raises InputError listing what was found and what was mapped when one is not there."""
    names = sorted(found)
    chosen: dict[str, Any] = {}
    for part in ("problem", "answer", "images", "choices", "id"):
        wanted = getattr(mapping, part)
        candidates = (wanted,) if isinstance(wanted, str) else wanted or ()
        chosen[part] = next((name for name in candidates if name in names), None)
        if candidates and chosen[part] is None and part not in mapping.optional:
            way_out = "" if part in ("problem", "answer") else f" (or to null, if it has no {part})"
            raise InputError(
                f"{where}: no column {' or '.join(map(repr, candidates))} for {part}. The columns are {', '.join(names)}; the mapping is "
                f"{mapping.model_dump_json()}. Set columns.{part} to the right one{way_out}"
            )
    return Columns(**chosen, composite=mapping.composite)


def read_problem(lake: Lake, row: Row, columns: Columns, limits: ImageLimits) -> dict[str, Any]:
    """A row as a row of `problems`, its images kept in the lake; without dataset, split and `gold_id`, and with its answer as the file has
    it. Raises RowFault."""
    question, choices = question_text(row, columns), choice_texts(row, columns)
    answer = answer_value(row, columns, choices)
    images = kept_images(lake, row, columns, limits)
    try:
        texts, order = place_marks([question, *choices], len(images), composite=columns.composite)
    except MarkFault as error:
        raise RowFault(columns.problem, str(error)) from error
    ordered = [images[index] for index in order]
    return {
        "problem_id": problem_digest(texts[0], texts[1:], ordered),
        "gold_id": "",
        "row": row.number,
        "source_id": source_id(row, columns),
        "question": texts[0],
        "images": ordered,
        "choices": texts[1:],
        "answer": answer,
        "metadata": metadata_text(row, columns),
    }


def question_text(row: Row, columns: Columns) -> str:
    """The question with plain line ends and nothing around it."""
    value = row.values.get(columns.problem)
    if not isinstance(value, str) or isinstance(value, Numeral) or not value.strip():
        raise RowFault(columns.problem, "the question is missing" if not value else f"the question is not a text: {shown(value)}")
    return plain(value)


def plain(text: str) -> str:
    """The text with `\\n` for line ends and no space around it: what is stored, hashed and shown to the policy."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def answer_value(row: Row, columns: Columns, choices: list[str]) -> Any:
    """The gold answer as the file has it; what it says is read once all rows are (see golds.py). Raises RowFault where it says nothing."""
    value = row.values.get(columns.answer)
    try:
        written(value, choices)
    except TypeError as error:
        raise RowFault(columns.answer, f"{error}: {shown(value)}") from error
    except ValueError as error:
        raise RowFault(columns.answer, str(error)) from error
    return value


def number_text(value: Any) -> str | None:
    """A text (without space around it) or a finite number as text; None for everything else."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        return None
    return str(value) if isinstance(value, int | float | decimal.Decimal) else None


def choice_texts(row: Row, columns: Columns) -> list[str]:
    """The choices, in order; empty for a free-form problem."""
    value = row.values.get(columns.choices) if columns.choices else None
    if isinstance(value, str):
        value = decoded_list(value, columns) if value.strip() else None
    if value is None or value == []:
        return []
    texts = [number_text(choice) for choice in value] if isinstance(value, list) else [None]
    if not all(texts):
        raise RowFault(columns.choices or "", f"the choices are not a list of texts: {shown(value)}")
    if len(texts) > len(string.ascii_uppercase):
        raise RowFault(columns.choices or "", f"there are {len(texts)} choices, and letters for {len(string.ascii_uppercase)}")
    return [text for text in texts if text]


def decoded_list(text: str, columns: Columns) -> Any:
    """A list that was stored as JSON text."""
    try:
        value = json.loads(text, parse_float=Numeral)
        json.dumps(value, ensure_ascii=False).encode()  # escapes may stand for what is no text
        return value
    except (ValueError, RecursionError) as error:
        raise RowFault(columns.choices or "", f"the choices are neither a list nor a list as JSON text: {shown(text)}") from error


def kept_images(lake: Lake, row: Row, columns: Columns, limits: ImageLimits) -> list[str]:
    """The names in the lake of the row's images, in the row's order."""
    if columns.images is None:
        return []
    try:
        return [keep_image(lake, item, limits) for item in image_items(row.values.get(columns.images))]
    except ImageFault as error:
        raise RowFault(columns.images, str(error)) from error


def source_id(row: Row, columns: Columns) -> str:
    """The dataset's own id of the row, or the name that its file keeps it by, or "row-N" where it gives neither."""
    own = number_text(row.values.get(columns.id)) if columns.id else None
    return own or row.key or f"row-{row.number}"


def metadata_text(row: Row, columns: Columns) -> str:
    """All other columns that hold a plain value, as a JSON object."""
    used = {columns.problem, columns.answer, columns.images, columns.choices, columns.id}
    plain_values = {name: json_scalar(value) for name, value in row.values.items() if name not in used}
    return json.dumps({name: value for name, value in plain_values.items() if value is not None}, ensure_ascii=False, sort_keys=True)


def json_scalar(value: Any) -> str | int | float | None:
    """A plain value as JSON has it; None for what is missing, not finite, or not plain."""
    if isinstance(value, Numeral):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int):
        return value
    return str(value) if isinstance(value, decimal.Decimal | datetime.date) else None


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
