"""Grades a file, without a lake: each line or row keeps all that it has and gains `verdict`, `extracted` and `rule`, as JSON Lines.

Reads and writes a batch of lines at a time, so memory is bounded; the result appears under its name only when it is whole.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from tasks.base.errors import InputError
from tasks.base.files import written_aside
from tasks.grading.files.cases import Case, read_cases
from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade

BATCH_LINES = 1024
ADDED = ("verdict", "extracted", "rule")


def grade_file(source: Path, out: Path, settings: GradingSettings) -> Counter[str]:
    """Grade every line of `source` into `out`, which may exist; gives the count of each verdict.

    A line has `response` and `answer` (or `gold`; a list where any of several is right), and may have `choices` (or `options`) and
    `precision` (decimals). Raises InputError, naming file, line and field, for a line that cannot be graded, and where `out` is the
    source itself; nothing is left behind then.
    """
    check_places(source, out)
    counts: Counter[str] = Counter()
    with written_aside(out) as aside, Grader(settings) as grader, aside.open("w", encoding="utf-8") as graded:
        for batch in batches(source):
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


def batches(source: Path) -> Iterator[list[Case]]:
    """The cases of a file, some at a time."""
    cases = read_cases(source)
    while batch := list(islice(cases, BATCH_LINES)):
        yield batch


def write_graded(batch: list[Case], grader: Grader, graded: IO[str]) -> list[str]:
    """Grade a batch and write its lines; gives their verdicts."""
    grades = grader.grade([case.response for case in batch], [case.gold for case in batch])
    for case, grade in zip(batch, grades, strict=True):
        graded.write(with_grade(case.text, grade) + "\n")
    return [grade.verdict.value for grade in grades]


def with_grade(text: str, grade: Grade) -> str:
    """The line with the grade's fields at its end, all else to the letter as it was; fields of these names from before are replaced."""
    added = {"verdict": grade.verdict.value, "extracted": grade.extracted, "rule": grade.rule}
    if any(f'"{name}"' in text for name in ADDED):
        fields = json.loads(text)
        return json.dumps({name: value for name, value in fields.items() if name not in ADDED} | added, ensure_ascii=True)
    return f"{text[:-1].rstrip()}, {json.dumps(added)[1:]}"
