"""Grades a file, without a lake: each line or row keeps all that it has and gains `verdict`, `extracted` and `rule`, as JSON Lines.

No line stops a file: one that cannot be graded is `unscorable` and says why in `grading_fault`. Reads and writes a batch of lines at a
time, so memory is bounded; the result appears under its name only when it is whole.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from tasks.base.errors import InputError
from tasks.base.files import written_aside
from tasks.grading.files.cases import Case, read_cases
from tasks.grading.grader import Grader
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade, Verdict

BATCH_LINES = 1024
FAULT = "grading_fault"
ADDED = ("verdict", "extracted", "rule", FAULT)
FAULTS_SHOWN = 5
UNREADABLE = Grade(Verdict.unscorable, None, "unreadable", False)


@dataclass
class GradedFile:
    """How many lines got each verdict, how many of them could not be graded, and why the first of these could not."""

    verdicts: Counter[str] = field(default_factory=Counter)
    faulty: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, case: Case, grade: Grade) -> None:
        """Count a line."""
        self.verdicts[grade.verdict.value] += 1
        if case.fault:
            self.faulty += 1
            self.faults += [case.fault] * (self.faulty <= FAULTS_SHOWN)


def grade_file(source: Path, out: Path, settings: GradingSettings) -> GradedFile:
    """Grade every line of `source` into `out`, which may exist.

    A line has `response` and `answer` (or `gold`; a list where any of several is right), and may have `choices` (or `options`) and
    `precision` (decimals). Raises InputError for a file that cannot be read, and where `out` is the source itself; nothing is left behind
    then.
    """
    check_places(source, out)
    found = GradedFile()
    with written_aside(out) as aside, Grader(settings) as grader, aside.open("w", encoding="utf-8") as graded:
        for batch in batches(source):
            write_graded(batch, grader, graded, found)
    return found


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


def write_graded(batch: list[Case], grader: Grader, graded: IO[str], found: GradedFile) -> None:
    """Grade a batch, write its lines and count them."""
    sound = [case for case in batch if not case.fault]
    grades = iter(grader.grade([case.response for case in sound], [case.gold for case in sound]))
    for case in batch:
        grade = UNREADABLE if case.fault else next(grades)
        graded.write(with_grade(case, grade) + "\n")
        found.add(case, grade)


def with_grade(case: Case, grade: Grade) -> str:
    """The line with the grade's fields at its end, all else to the letter as it was; fields of these names from before are replaced."""
    added = {"verdict": grade.verdict.value, "extracted": grade.extracted, "rule": grade.rule} | ({FAULT: case.fault} if case.fault else {})
    text = case.text
    if any(f'"{name}"' in text for name in ADDED):
        fields = json.loads(text)
        return json.dumps({name: value for name, value in fields.items() if name not in ADDED} | added, ensure_ascii=True)
    return f"{text[:-1].rstrip()}, {json.dumps(added)[1:]}" if text[1:-1].strip() else json.dumps(added)
