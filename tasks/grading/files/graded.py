"""Grades a file, without a lake: each line or row keeps all that it has and gains `verdict`, `extracted` and `rule`, as JSON Lines.

A line that a judge was asked about also gains `first_verdict`, `judge_said` and `decided_by`; the judge's words are kept in a folder beside
the result. No line stops a file: one that cannot be graded is `unscorable` and says why in `grading_fault`. Reads and writes a batch of
lines at a time, so memory is bounded; the result appears under its name only when it is whole.
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
from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Grade, Verdict

BATCH_LINES = 1024
FAULT = "grading_fault"
OF_A_JUDGE = ("first_verdict", "judge_said", "decided_by")
ADDED = ("verdict", "extracted", "rule", *OF_A_JUDGE, FAULT)
WORDS = ".judge_words"
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

    A line has `response` and `answer` (or `gold`; a list where any of several is right), and may have `choices` (or `options`),
    `precision` (decimals), `question` (or `problem`), which a verifier and a judge are told, and `dataset`. Raises InputError for a file
    that cannot be read, where `out` is the source itself, and for a judge that cannot be asked; nothing but its words is left behind then.
    """
    check_places(source, out)
    found = GradedFile()
    with (
        written_aside(out) as aside,
        Judges(settings, out.with_name(out.name + WORDS)) as judges,
        aside.open("w", encoding="utf-8") as graded,
    ):
        if judges.second:
            judges.second.judge.check()
        for batch in batches(source):
            write_graded(batch, judges, graded, found)
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


def write_graded(batch: list[Case], judges: Judges, graded: IO[str], found: GradedFile) -> None:
    """Grade a batch, write its lines and count them."""
    sound = [case for case in batch if not case.fault]
    grades = iter(judges.grade([case.response for case in sound], [case.gold for case in sound]))
    for case in batch:
        grade = UNREADABLE if case.fault else next(grades)
        graded.write(with_grade(case, grade) + "\n")
        found.add(case, grade)


def with_grade(case: Case, grade: Grade) -> str:
    """The line with the grade's fields at its end, all else to the letter as it was; fields of these names from before are replaced."""
    added = {"verdict": grade.verdict.value, "extracted": grade.extracted, "rule": grade.rule} | ({FAULT: case.fault} if case.fault else {})
    if grade.opinion:
        heard = (grade.opinion.first.value, grade.opinion.word, grade.opinion.decided_by)
        added |= dict(zip(OF_A_JUDGE, heard, strict=True))
    text = case.text
    if any(f'"{name}"' in text for name in ADDED):
        fields = json.loads(text)
        return json.dumps({name: value for name, value in fields.items() if name not in ADDED} | added, ensure_ascii=True)
    return f"{text[:-1].rstrip()}, {json.dumps(added)[1:]}" if text[1:-1].strip() else json.dumps(added)
