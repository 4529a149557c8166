"""Grades a file of JSON Lines, without a lake: each line keeps all that it has and gains `verdict`, `extracted` and `rule`.

Reads and writes a batch of lines at a time, so memory is bounded; the result appears under its name only when it is whole.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from tasks.base.errors import InputError
from tasks.base.files import written_aside
from tasks.grading.pool import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Grade
from tasks.problems.gold.choosing import read_alone
from tasks.problems.gold.written import written
from tasks.problems.precision import MOST_DECIMALS

BATCH_LINES = 1024
ADDED = ("verdict", "extracted", "rule")


def grade_file(source: Path, out: Path, settings: GradingSettings) -> Counter[str]:
    """Grade every line of `source` into `out`, which may exist; gives the count of each verdict.

    A line has `response` and `answer` (of a list any one is right), and may have `options` (a list) and `precision` (decimals). Raises
    InputError, naming file, line and field, for a line that cannot be graded, and where `out` is the source itself; nothing is left behind
    then.
    """
    check_places(source, out)
    counts: Counter[str] = Counter()
    with written_aside(out) as aside, source.open("rb") as lines, Grader(settings) as grader, aside.open("w", encoding="utf-8") as graded:
        for batch in batches(lines, source):
            counts.update(write_graded(batch, grader, graded))
    return counts


def check_places(source: Path, out: Path) -> None:
    """Raise InputError where there is nothing to read, no folder to write to, or both are one file."""
    if not source.is_file():
        raise InputError(f"there is no file {source}; give a file of JSON Lines with the fields `response` and `answer`")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"--out {out}: {'is a folder' if out.is_dir() else f'there is no folder {out.parent}'}; give the name of a file")
    if out.exists() and out.samefile(source):
        raise InputError(f"--out {out} is the input itself, which is never overwritten; give another name")


def batches(lines: IO[bytes], source: Path) -> Iterator[list[tuple[str, str, Gold]]]:
    """The lines that are not blank as (text, response, gold answer), some at a time."""
    cases = (read_case(line, f"{source}, line {number}") for number, line in enumerate(lines, start=1) if line.strip())
    while batch := list(islice(cases, BATCH_LINES)):
        yield batch


def read_case(line: bytes, place: str) -> tuple[str, str, Gold]:
    """One line's text, response and gold answer. A null response is an empty one, a null answer one that cannot be scored."""
    try:
        text = line.decode("utf-8-sig").strip()
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InputError(f"{place} is not a JSON object but a {type(fields).__name__}; write one object a line")
    for name in ("response", "answer"):
        if name not in fields:
            raise InputError(f"{place} has no field `{name}`; it has {', '.join(map(repr, sorted(fields))) or 'none'}")
    response = fields["response"]
    if not isinstance(response, str | None):
        raise InputError(f"{place}, field `response`: {shown(response)} is not a text")
    options = options_of(fields, place)
    return text, response or "", Gold(answer_text(fields["answer"], options, place), options, precision_of(fields, place))


def answer_text(answer: Any, options: tuple[str, ...], place: str) -> str | None:
    """The gold answer as text, out of its wrapper where it has an unmistakable one; None for what is no answer, as null."""
    try:
        return read_alone(written(answer, options)).answer
    except TypeError as error:
        raise InputError(
            f"{place}, field `answer`: {shown(answer)} is neither a text nor a number, true or false, or a list of them"
        ) from error
    except ValueError:
        return None


def options_of(fields: dict[str, Any], place: str) -> tuple[str, ...]:
    """The texts of the choices; none where the field is missing or null."""
    options = fields.get("options")
    if not isinstance(options, list | None) or not all(isinstance(option, str | int | float) for option in options or ()):
        raise InputError(f"{place}, field `options`: {shown(options)} is not a list of texts")
    return tuple(str(option) for option in options or ())


def precision_of(fields: dict[str, Any], place: str) -> int | None:
    """The decimals at which numbers are compared; None where the field is missing or null."""
    precision = fields.get("precision")
    if precision is None:
        return None
    if isinstance(precision, bool) or not isinstance(precision, int | float) or precision not in range(MOST_DECIMALS + 1):
        raise InputError(f"{place}, field `precision`: {shown(precision)} is not a whole number of decimals from 0 to {MOST_DECIMALS}")
    return int(precision)


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_graded(batch: list[tuple[str, str, Gold]], grader: Grader, graded: IO[str]) -> list[str]:
    """Grade a batch and write its lines; gives their verdicts."""
    grades = grader.grade([response for _, response, _ in batch], [gold for *_, gold in batch])
    for (text, _, _), grade in zip(batch, grades, strict=True):
        graded.write(with_grade(text, grade) + "\n")
    return [grade.verdict.value for grade in grades]


def with_grade(text: str, grade: Grade) -> str:
    """The line with the grade's fields at its end, all else to the letter as it was; fields of these names from before are replaced."""
    added = {"verdict": grade.verdict.value, "extracted": grade.extracted, "rule": grade.rule}
    if any(f'"{name}"' in text for name in ADDED):
        fields = json.loads(text)
        return json.dumps({name: value for name, value in fields.items() if name not in ADDED} | added, ensure_ascii=True)
    return f"{text[:-1].rstrip()}, {json.dumps(added)[1:]}"
