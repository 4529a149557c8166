"""Brings in responses that were made elsewhere, as rollouts of a panel.

Each file is a round, or as many as its answers to one problem: the answers to a problem are numbered in the order of the files and of
their lines. What is no answer (an error of an API, a line that cannot be read) is set aside and counted, never taken for a wrong one;
an empty answer is one in which nothing is found.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.problems.reading.formats import file_rows, suffix_format
from tasks.problems.reading.row import Row
from tasks.sampling.imported.formats import AnswerFormat, format_of
from tasks.sampling.imported.matching import Ambiguous, Asked, Matcher, texts_of
from tasks.sampling.imported.responses import NoAnswer, Response, responses_in, value_at
from tasks.sampling.imported.settings import ImportSettings

MOST_NAMED = 3
LOOKED_AT = 32  # rows that tell a file's format: the first ones may be errors


@dataclass
class Tally:
    """What was read of a panel's files, and what was set aside."""

    rows: int = 0
    answers: int = 0
    empty: int = 0
    cut_off: int = 0
    unmatched: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    first_aside: dict[str, str] = field(default_factory=dict)

    def set_aside(self, reason: str, where: str) -> None:
        """Count what is no answer."""
        self.aside[reason] += 1
        self.first_aside.setdefault(reason, where)


@dataclass(frozen=True)
class Imported:
    """The rollouts of a panel, how many rounds they are, and what there is to say about what was read."""

    rollouts: pl.DataFrame
    rounds: int
    notes: list[str]


def imported_rollouts(
    files: Sequence[Path], settings: ImportSettings, problems: pl.DataFrame, policy_id: str, sampling_id: str
) -> Imported:
    """The answers to `problems` in a panel's files; answers to others are left out and counted.

    Raises InputError, naming file and line, for a file that cannot be read or whose fields are not known, for an id of several datasets,
    where more than `max_rejected` of the lines are no use, and when nothing matches.
    """
    matcher, tally, rows, first = Matcher(problems), Tally(), [], 0
    keys = {"policy_id": policy_id, "sampling_id": sampling_id, "sample": 0}
    for path in files:
        made: Counter[str] = Counter()
        for problem, response in answers(path, settings, matcher, tally):
            place = {"problem_id": problem, "round": first + made[problem]}
            rows.append({**place, **keys, "response": response.text, "finish_reason": response.finish_reason})
            made[problem] += 1
        first += max(made.values(), default=0)
    check(files, settings, problems, tally)
    table = pl.DataFrame(rows).with_columns(n_tokens=pl.lit(None, pl.Int64), seed=pl.lit(None, pl.Int64), hint=pl.lit(""))
    return Imported(table, first, notes(settings.panel, problems, table, tally))


def answers(path: Path, settings: ImportSettings, matcher: Matcher, tally: Tally) -> Iterator[tuple[str, Response]]:
    """The (problem_id, response) pairs of a file, in its order. Raises InputError where it holds nothing that can be read."""
    before = tally.rows
    form, rows = opened(path, settings)
    word = row_word(path)
    kept: dict[str, Any] = {}
    for row in rows:
        tally.rows += 1
        where = f"{path}, {word} {row.number}"
        if row.fault:
            tally.faults.append(f"{where}: {row.fault}")
        elif form.once and kept.setdefault("once", row.values.get(form.once)) != row.values.get(form.once):
            tally.set_aside(f"the same answers, written again for another {form.once}", where)
        else:
            yield from row_answers(row, form, Matching(matcher, tally, where))
    if tally.rows == before:
        raise InputError(f"{path} is empty; remove it from the panel's files or write it again")


def row_word(path: Path) -> str:
    """What a message calls a row of a file."""
    return "line" if suffix_format(path) == "jsonl" else "row"


def opened(path: Path, settings: ImportSettings) -> tuple[AnswerFormat, Iterator[Row]]:
    """A file's format, and its rows."""
    rows = file_rows(path)
    first = list(islice(rows, LOOKED_AT))
    read = [row.values for row in first if not row.fault]
    if first and not read:
        raise InputError(f"{path}, {row_word(path)} {first[0].number}: {first[0].fault}; correct the file, or write it again")
    return format_of(read, settings, str(path)) if first else AnswerFormat(), chain(first, rows)


def check_files(files: Sequence[Path], settings: ImportSettings) -> None:
    """Raise InputError, before anything is made of a panel, for a file that cannot be read from its start or whose fields are unknown."""
    for path in files:
        opened(path, settings)


@dataclass(frozen=True)
class Matching:
    """What a row is matched with, and counted in; `where` it stands."""

    matcher: Matcher
    tally: Tally
    where: str


def row_answers(row: Row, form: AnswerFormat, to: Matching) -> Iterator[tuple[str, Response]]:
    """The answers of a row with the problem that they are to, or none, counted."""
    if fault := form.failed(row.values):
        to.tally.set_aside(fault, to.where)
        return
    try:
        found = row_responses(row.values, form)
        problem = to.matcher.find(asked(row, form, to.where))
    except KeyError as error:
        to.tally.faults.append(f"{to.where}: it has no field {error}; it has {sorted(row.values)}")
        return
    except (NoAnswer, Ambiguous) as error:
        to.tally.set_aside(str(error), to.where)
        return
    to.tally.answers += len(found)
    if problem is None:
        to.tally.unmatched += [f"{asked(row, form, to.where).id or 'without an id'}, {to.where}"] * len(found)
        return
    for response in found:
        to.tally.empty += not response.text.strip()
        to.tally.cut_off += response.finish_reason == "length"
        yield problem, response


def row_responses(values: Mapping[str, Any], form: AnswerFormat) -> list[Response]:
    """The answers of a row. Raises KeyError where it has no such field, NoAnswer where the field holds none."""
    path = first_path(values, form.response)
    found = responses_in(value_at(values, path), next((value_at(values, name) for name in form.finish_reason if name in values), None))
    thinking = values.get(form.thinking) if form.thinking else None
    if isinstance(thinking, str) and thinking:
        return [Response(f"<think>{thinking}</think>\n{response.text}", response.finish_reason) for response in found]
    return found


def first_path(values: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The first path at which something stands, or else the first that is there. Raises KeyError where none is."""
    there = [path for path in paths if path in values or value_at(values, path) is not None]
    if not there:
        raise KeyError(paths[0])
    return next((path for path in there if value_at(values, path) is not None), there[0])


def asked(row: Row, form: AnswerFormat, where: str) -> Asked:
    """What a row says of its problem. Raises KeyError where it should have an id and has none."""
    values = row.values
    given = [value_at(values, path) for path in form.id]
    id = next((plain_id(value) for value in given if value not in (None, "")), row.key or None)
    if form.id and id is None and not form.texts:
        raise KeyError(form.id[0])
    texts = tuple(text for path in form.texts for text in texts_of(value_at(values, path)))
    gold, dataset = (str(value_at(values, path) or "") if path else "" for path in (form.gold, form.dataset))
    return Asked(where, id, texts, value_at(values, form.place) if form.place else None, gold, dataset)


def plain_id(value: Any) -> str:
    """An id as text; a whole number as such."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def check(files: Sequence[Path], settings: ImportSettings, problems: pl.DataFrame, tally: Tally) -> None:
    """Raise InputError where too many lines are no use, or no answer is to one of the problems."""
    if len(tally.faults) > settings.max_rejected * tally.rows:
        raise InputError(
            f"{tally.faults[0]} ({len(tally.faults)} of {tally.rows} lines cannot be used, more than max_rejected = "
            f"{settings.max_rejected:g} allows); correct them, or map the fields with --id and --response"
        )
    if tally.answers > len(tally.unmatched):
        return
    fields = settings.columns.id or "id"
    if not tally.answers:
        reason, where = next(iter(tally.first_aside.items()), ("no line has one", str(files[0])))
        raise InputError(f"there is no answer in {files[0]}: {reason} ({where})")
    raise InputError(
        f"none of the answers in {files[0]} (field {fields!r}) is to a problem of {sorted(set(problems['dataset']))}; "
        f"their ids look like {problems['source_id'].head(MOST_NAMED).to_list()}, and the first answer's is {tally.unmatched[0]}: choose "
        "another id field with --id, or a field with the question with --question"
    )


def notes(panel: str, problems: pl.DataFrame, rollouts: pl.DataFrame, tally: Tally) -> list[str]:
    """What there is to say about what was read: one line each."""
    said = []
    if tally.unmatched:
        datasets = ", ".join(sorted(set(problems["dataset"])))
        said.append(
            f"{len(tally.unmatched)} of {tally.answers} answers are to no problem of {datasets} (the first: id {tally.unmatched[0]})"
        )
    if tally.faults:
        said.append(f"{len(tally.faults)} of {tally.rows} lines cannot be used and are set aside (the first: {tally.faults[0]})")
    said += [f"{times} x set aside: {reason} (the first: {tally.first_aside[reason]})" for reason, times in tally.aside.most_common()]
    if tally.empty:
        said.append(f"{tally.empty} answers are empty, which counts as no answer found")
    if tally.cut_off:
        said.append(f"{tally.cut_off} answers were cut off at their token limit")
    each = rollouts.group_by("problem_id").len()["len"].to_list()
    if min(each) != max(each):
        said.append(f"{len(each)} problems have from {min(each)} to {max(each)} answers")
    return [f"{panel}: {line}" for line in said]
