"""Turns one row of a source into one problem, or says in which column it is wrong and why."""

import datetime
import decimal
import json
import math
import re
import string
from dataclasses import dataclass
from typing import Any

from tasks.lake.lake import Lake
from tasks.problems.chats import ChatFault, read_chat, turns_of
from tasks.problems.choices import Choices, ChoicesFault, read_choices, without_listing
from tasks.problems.columns import VERSION_OF
from tasks.problems.gold.written import written
from tasks.problems.identity import problem_digest
from tasks.problems.images import ImageLimits, keep_image
from tasks.problems.marks import MarkFault, place_marks
from tasks.problems.pictured import ImageFault, brief, image_items, is_base64
from tasks.problems.places import Columns, Place
from tasks.problems.reading.row import Numeral, Row

SYSTEM_PROMPT = "system_prompt"


class RowFault(ValueError):
    """A row is not usable: `column` is where, the message why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True)
class Asked:
    """What a row asks: the question, and of a conversation also the images in its parts, the system prompt and the answer."""

    question: str
    images: tuple[Any, ...] = ()
    system: str = ""
    answer: str | None = None


def read_problem(lake: Lake, row: Row, columns: Columns, limits: ImageLimits) -> dict[str, Any]:
    """A row as a row of `problems`, its images kept in the lake; without dataset, split and `gold_id`, and with its answer as the file has
    it. Raises RowFault."""
    asked, choices = asked_of(row, columns), choices_of(row, columns)
    answer = answer_value(row, columns, choices, asked)
    question = without_listing(asked.question, choices.texts)
    images, numbers = kept_images(lake, row, columns, limits, asked.images)
    try:
        texts, order = place_marks([question, *choices.texts], len(images), numbers=numbers, composite=columns.mapping.composite)
    except MarkFault as error:
        raise RowFault(columns.problem.name, f"{error}; {marks_hint(columns, len(images))}") from error
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
        "metadata": metadata_text(row, columns, asked.system),
    }


def marks_hint(columns: Columns, images: int) -> str:
    """What to do about a question with more marks than images."""
    if columns.images is None:
        return "columns.images names no column of images"
    return "set columns.composite if the one image shows all that it names" if images == 1 else "correct the row"


def asked_of(row: Row, columns: Columns) -> Asked:
    """The question of a row, a text, several joined, or a conversation, with plain line ends and without what is cut off its ends."""
    value, name = columns.problem.value(row.values), columns.problem.name
    if columns.problem.is_joined:
        asked = Asked(joined_texts(value, columns.problem))
    elif turns := turns_of(value):
        try:
            chat = read_chat(turns)
        except ChatFault as error:
            raise RowFault(name, str(error)) from error
        own = row.values.get(columns.system.name) if columns.system else None
        asked = Asked(chat.question, chat.images, chat.system or (plain(own) if isinstance(own, str) else ""), chat.answer)
    elif isinstance(value, str) and not isinstance(value, Numeral):
        asked = Asked(value)
    else:
        raise RowFault(name, "the question is missing" if not value else f"the question is not a text: {brief(value)}")
    question = without_ends(plain(asked.question), columns.mapping.cut)
    if not question:
        raise RowFault(name, "the question is missing")
    in_front = f"{asked.system}\n\n" if columns.mapping.system == "ask" and asked.system else ""
    return Asked(in_front + question, asked.images, asked.system, asked.answer)


def joined_texts(values: list[Any], place: Place) -> str:
    """The texts of several columns as one, the empty ones left out."""
    for column, value in zip(place.columns, values, strict=True):
        if value is not None and number_text(value) is None:
            raise RowFault(column.name, f"this part of the question is not a text: {brief(value)}")
    return (place.separator or "").join(text for text in map(number_text, values) if text)


def without_ends(question: str, cut: tuple[str, ...]) -> str:
    """The question without the texts that a mapping cuts off its beginning and its end."""
    for text in map(plain, cut):
        question = question.removeprefix(text).removesuffix(text).strip()
    return question


def plain(text: str) -> str:
    """The text with `\\n` for line ends and no space around it: what is stored, hashed and shown to the policy."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def answer_value(row: Row, columns: Columns, choices: Choices, asked: Asked) -> Any:
    """The gold answer as the file has it; what it says is read once all rows are (see golds.py). Raises RowFault where it says nothing."""
    value = choices.letter_of(answer_in(row, columns, asked))
    try:
        written(value, choices.texts)
    except TypeError as error:
        raise RowFault(columns.answer.name, f"{error}: {brief(value)}") from error
    except ValueError as error:
        raise RowFault(columns.answer.name, str(error)) from error
    return value


def answer_in(row: Row, columns: Columns, asked: Asked) -> Any:
    """The gold answer as the row has it: in its column, or in the assistant's turn of a conversation."""
    if columns.answer == columns.problem:
        return asked.answer
    value = columns.answer.value(row.values)
    if turns := turns_of(value):
        try:
            return read_chat([{"role": "user", "content": ""}, *turns] if len(turns) == 1 else turns).answer
        except ChatFault as error:
            raise RowFault(columns.answer.name, str(error)) from error
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


def choices_of(row: Row, columns: Columns) -> Choices:
    """The choices, in order; empty for a free-form problem."""
    if columns.choices is None:
        return Choices()
    value = columns.choices.value(row.values)
    if columns.choices.is_joined:
        names = [column.name for column in columns.choices.columns]
        value = dict(zip(names if set(names) <= set(string.ascii_uppercase) else string.ascii_uppercase, value, strict=False))
    try:
        return read_choices(value, number_text)
    except ChoicesFault as error:
        raise RowFault(columns.choices.name, str(error)) from error


def kept_images(lake: Lake, row: Row, columns: Columns, limits: ImageLimits, given: tuple[Any, ...]) -> tuple[list[str], list[int]]:
    """The names in the lake of the row's images, in the row's order, and the numbers of their columns where several hold one each."""
    value = columns.images.value(row.values) if columns.images else None
    name = columns.images.name if columns.images else columns.problem.name
    try:
        items, asked = image_items(value), image_items(list(given))
        if items and asked:
            raise RowFault(columns.problem.name, f"images are given both in the turns and in the column {name}; map one of them")
        numbers = numbers_of(columns.images, value or []) if columns.images and columns.images.is_joined else []
        return [keep_image(lake, item, limits) for item in items or asked], numbers
    except ImageFault as error:
        raise RowFault(columns.problem.name if given else name, str(error)) from error


def numbers_of(place: Place, values: list[Any]) -> list[int]:
    """The numbers of the columns that hold an image, as in their names or else from 1; none where one of them holds several."""
    counts = [len(image_items(value)) for value in values]
    found = [re.search(r"(\d+)$", column.name) for column in place.columns]
    numbers = [int(match[1]) for match in found if match]
    named = numbers if len(set(numbers)) == len(values) else range(1, len(values) + 1)
    return [number for number, count in zip(named, counts, strict=True) if count] if max(counts, default=0) <= 1 else []


def source_id(row: Row, columns: Columns) -> str:
    """The dataset's own id of the row, or the name that its file keeps it by, or "row-N" where it gives neither."""
    return own_id(row, columns) or row.key or f"row-{row.number}"


def own_id(row: Row, columns: Columns) -> str | None:
    """The dataset's own id of the row; None where it gives none."""
    return (number_text(columns.id.value(row.values)) or None) if columns.id else None


def metadata_text(row: Row, columns: Columns, system: str) -> str:
    """All other columns that hold a plain value, as a JSON object, a conversation's system prompt, and what the row is a version of."""
    plain_values = {name: json_scalar(value) for name, value in row.values.items() if name not in columns.used}
    if system:
        plain_values[SYSTEM_PROMPT] = system
    if columns.cluster:
        plain_values[VERSION_OF] = number_text(columns.cluster.value(row.values)) or None
    return json.dumps({name: value for name, value in plain_values.items() if value is not None}, ensure_ascii=False, sort_keys=True)


def system_prompt(problem: dict[str, Any]) -> str:
    """The system prompt in a problem's metadata; empty where its conversation had none."""
    return str(json.loads(problem["metadata"])[SYSTEM_PROMPT]) if f'"{SYSTEM_PROMPT}"' in problem["metadata"] else ""


def json_scalar(value: Any) -> str | int | float | None:
    """A plain value as JSON has it; None for what is missing, not finite, or not plain."""
    if isinstance(value, Numeral):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return None if value[:11].lower() == "data:image/" or is_base64(value) else value
    if isinstance(value, int):
        return value
    return str(value) if isinstance(value, decimal.Decimal | datetime.date) else None
