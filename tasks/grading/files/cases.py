"""Reads what is to be graded, one case a line or row: a response, what is right, and the problem's choices and precision.

Fields have the names that problems and exports have here, each with the other spelling that people use. A line that cannot be graded is a
case with its fault: what is given under both names and differs, say. A field that looks like one of them but is not read is told.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError
from tasks.grading.verdict import Gold
from tasks.problems.choices import ChoicesFault, read_choices
from tasks.problems.gold.choosing import read_alone
from tasks.problems.gold.written import written
from tasks.problems.precision import MOST_DECIMALS
from tasks.problems.reading.formats import file_rows, suffix_format

ANSWER, CHOICES = ("answer", "gold"), ("choices", "options")
INSTEAD = ("answers", "ground_truth", "label")
"""What holds the gold answer where no `answer` does; beside one, `answers` are all that are right, and the others may be anything."""
KNOWN = (*ANSWER, *CHOICES, *INSTEAD, "precision", "response")
TABLES = ("parquet", "arrow", "csv", "tsv", "xlsx")
LIKE = 0.85
NO_GOLD = Gold(None)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """A line of JSON to be kept, the response in it, and what is right; or why it cannot be graded, with its number."""

    text: str
    response: str = ""
    gold: Gold = NO_GOLD
    fault: str = ""
    number: int = 0


@dataclass(frozen=True)
class Line:
    """A line or row (its `kind`) of a file: its number, its text as one JSON object, and either its fields or why they cannot be read."""

    number: int
    kind: str
    text: str
    fields: Mapping[str, Any]
    fault: str = ""

    @property
    def place(self) -> str:
        """Where it is: `line 3`, or `row 3` of a table."""
        return f"{self.kind} {self.number}"


@dataclass
class Unread:
    """The fields of a file that look like one that is read, but are not: told once each."""

    told: set[str] = field(default_factory=set)

    def look(self, fields: Mapping[str, Any], place: str) -> None:
        """Warn of a field that is like one of choices or precision, where that one is not given."""
        for name in fields.keys() - self.told - set(KNOWN):
            like = get_close_matches(name.casefold(), (*CHOICES, "precision"), n=1, cutoff=LIKE)
            if like and not any(fields.get(other) for other in (CHOICES if like[0] in CHOICES else like)):
                self.told.add(name)
                logger.warning(f"{place}: the field `{name}` is not read; call it `{like[0]}`, if that is what it holds")


def read_cases(source: Path) -> Iterator[Case]:
    """A case for every line of a file: JSON Lines to the letter, or the rows of any other kind as JSON. Raises InputError for a file that
    cannot be read, never for a line."""
    unread = Unread()
    for line in file_lines(source):
        unread.look(line.fields, f"{source}, {line.place}")
        try:
            yield case_of(line)
        except InputError as error:
            yield Case(line.text, fault=str(error), number=line.number)


def case_of(line: Line) -> Case:
    """The case of a line. Raises InputError, naming line and field, for one that cannot be graded."""
    place, fields = line.place, line.fields
    if line.fault:
        raise InputError(f"{place} {line.fault}")
    if "response" not in fields:
        raise InputError(f"{place} has no field `response`; it has {', '.join(map(repr, sorted(fields))) or 'none'}")
    response = fields["response"]
    if not isinstance(response, str | None):
        raise InputError(f"{place}, field `response`: {shown(response)} is not a text")
    choices = choices_of(fields, place)
    told = (text_of(fields, "question") or text_of(fields, "problem"), text_of(fields, "dataset"))
    gold = Gold(answer_of(fields, choices, place), choices, precision_of(fields, place), *told)
    return Case(line.text, response or "", gold, number=line.number)


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A field that may be there, and may be anything; what is no text is taken for none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def file_lines(source: Path) -> Iterator[Line]:
    """Each line of a file that is not blank, or each row of a table."""
    if is_lines(source):
        with source.open("rb") as lines:
            yield from (read_line(line, number) for number, line in enumerate(lines, start=1) if line.strip())
        return
    for row in file_rows(source):
        fault = f"cannot be read: {row.fault}" if row.fault else ""
        yield Line(row.number, "row", json.dumps(row.values, default=str), row.values, fault)


def is_lines(source: Path) -> bool:
    """Whether a file is read line by line: one that is no table, not compressed and no JSON array."""
    format = suffix_format(source)
    if format in TABLES or (format and suffix_format(Path(source.stem))):
        return False
    with source.open("rb") as file:
        return not file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[") or format == "jsonl"


def read_line(line: bytes, number: int) -> Line:
    """One line with the object that it is, or, where it is none, with an object that keeps it as `line`."""
    kept = json.dumps({"line": line.decode("utf-8-sig", "backslashreplace").strip()})
    try:
        text = line.decode("utf-8-sig").strip()
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, "line", kept, {}, f"is not JSON: {error}")
    if not isinstance(fields, dict):
        return Line(number, "line", kept, {}, f"is not a JSON object but a {type(fields).__name__}; write one object a line")
    return Line(number, "line", text, fields)


def same_value(fields: Mapping[str, Any], names: tuple[str, ...], place: str) -> tuple[str, Any]:
    """The name and value given under one of several names, or the first name and None. Raises InputError where they differ."""
    given = {name: fields[name] for name in names if fields.get(name) is not None}
    if len(given) > 1 and len({json.dumps(value, default=str) for value in given.values()}) > 1:
        both = " and ".join(f"`{name}` {shown(value)}" for name, value in given.items())
        raise InputError(f"{place} has {both}, which mean the same and differ; leave one of them out")
    return next(iter(given.items()), (names[0], None))


def answer_of(fields: Mapping[str, Any], choices: tuple[str, ...], place: str) -> str | None:
    """The gold answer as text; of a list of them, any of which is right, as one text. None where it is null, or no answer."""
    name, answer = same_value(fields, ANSWER, place)
    if answer is None and not any(name in fields for name in ANSWER):
        others = [name for name in INSTEAD if name in fields]
        if len(others) != 1:
            has = ", ".join(map(repr, sorted(fields))) or "none"
            raise InputError(f"{place} has no field `answer`; it has {has}" + (": call the one that is right `answer`" * bool(others)))
        name, answer = others[0], fields[others[0]]
    text = answer_text(answer, choices, name, place)
    several = fields.get("answers") if name in ANSWER and isinstance(fields.get("answers"), list) else None
    if not several:
        return text
    if answer is not None and text not in [answer_text(one, choices, "answers", place) for one in several]:
        raise InputError(f"{place}: `{name}` {shown(answer)} is none of `answers` {shown(several)}; leave one of them out")
    return answer_text(several, choices, "answers", place)


def answer_text(answer: Any, choices: tuple[str, ...], name: str, place: str) -> str | None:
    """A gold answer as text, out of its wrapper where it has an unmistakable one; None for what is no answer, as null."""
    try:
        return read_alone(written(answer, choices)).answer or None
    except TypeError as error:
        said = f"{shown(answer)} is neither a text nor a number, true or false, or a list of them"
        raise InputError(f"{place}, field `{name}`: {said}") from error
    except ValueError:
        return None


def choices_of(fields: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """The texts of the choices; none where there is no such field, or null."""
    name, choices = same_value(fields, CHOICES, place)
    if choices is None or (isinstance(choices, list) and all(isinstance(one, str | int | float) for one in choices)):
        return tuple(str(one) for one in choices or ())
    try:
        return read_choices(choices, lambda one: str(one) if isinstance(one, str | int | float) else None).texts
    except ChoicesFault as error:
        raise InputError(f"{place}, field `{name}`: {shown(choices)} is not a list of texts: {error}") from error


def precision_of(fields: Mapping[str, Any], place: str) -> int | None:
    """The decimals at which numbers are compared; None where the field is missing or null."""
    precision = fields.get("precision")
    if precision is None:
        return None
    if isinstance(precision, str) and precision.replace(".", "", 1).isdigit():
        precision = float(precision)  # of a table of texts
    if isinstance(precision, bool) or not isinstance(precision, int | float) or precision not in range(MOST_DECIMALS + 1):
        raise InputError(f"{place}, field `precision`: {shown(precision)} is not a whole number of decimals from 0 to {MOST_DECIMALS}")
    return int(precision)


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
