"""What makes two problems the same, and what is done when a source holds one twice.

A problem is what the policy sees: question, choices and the images' bytes. The gold answer is no part of it, so that the same problem
with two golds is found, and a corrected gold regrades stored responses instead of sampling again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tasks.base.files import digest
from tasks.problems.images import digest_in_name

SHOWN = 3
SHOWN_ANSWER = 60


@dataclass(frozen=True)
class Rejection:
    """A row that is not used. `is_copy` marks an exact duplicate, which loses nothing."""

    source: str
    row: int
    column: str
    reason: str
    is_copy: bool = False


def problem_digest(question: str, choices: Sequence[str], images: Sequence[str]) -> str:
    """The `problem_id` of a question (marks as `<image>`), its choices and its images (names in the lake), in order."""
    return digest([question, list(choices), [digest_in_name(name) for name in images]])


def gold_digest(answer: str, precision: int | None = None) -> str:
    """The `gold_id` of an answer, and of the decimals to which it is to be compared where the source says so."""
    said = answer if precision is None else f"{answer}\0{precision}"
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Candidate:
    """A problem as read from row `row` of `source`; `id_column` is the column its own id stands in, if it has one."""

    source: str
    problem: dict[str, Any]
    id_column: str | None
    answer_column: str

    @property
    def row(self) -> int:
        return self.problem["row"]


def settle_duplicates(candidates: Sequence[Candidate]) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Each problem once, in the order read, and the rows that are not kept.

    An exact duplicate (same problem, same gold) is dropped for the first. The same problem with several golds is a conflict, and an id
    that names several problems can be trusted for none: there no row is kept.
    """
    golds: dict[str, dict[str, Candidate]] = defaultdict(dict)
    ids: dict[str, dict[str, Candidate]] = defaultdict(dict)
    for candidate in candidates:
        golds[candidate.problem["problem_id"]].setdefault(candidate.problem["gold_id"], candidate)
        if candidate.id_column:
            ids[candidate.problem["source_id"]].setdefault(candidate.problem["problem_id"], candidate)
    kept: dict[str, Candidate] = {}
    rejected = []
    for candidate in candidates:
        problem_id, source_id = candidate.problem["problem_id"], candidate.problem["source_id"]
        if len(golds[problem_id]) > 1:
            rejected.append(conflict(candidate, golds[problem_id]))
        elif candidate.id_column and len(ids[source_id]) > 1:
            rejected.append(ambiguous(candidate, ids[source_id]))
        elif problem_id in kept:
            reason = f"duplicate of row {place(kept[problem_id], candidate)}"
            rejected.append(Rejection(candidate.source, candidate.row, "", reason, is_copy=True))
        else:
            kept[problem_id] = candidate
    return [candidate.problem for candidate in kept.values()], rejected


def place(other: Candidate, candidate: Candidate) -> str:
    """How a message about `candidate` calls the row of another."""
    return str(other.row) if other.source == candidate.source else f"{other.row} of {other.source}"


def conflict(candidate: Candidate, others: dict[str, Candidate]) -> Rejection:
    """The rejection of a problem that has several golds in its source: how many, and the first of them."""
    said = ", ".join(f"row {place(other, candidate)} says {answer_of(other)}" for other in islice(others.values(), SHOWN))
    more = f", and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
    reason = f"conflict: the same problem has {len(others):,} answers: {said}{more}"
    return Rejection(candidate.source, candidate.row, candidate.answer_column, reason)


def answer_of(candidate: Candidate) -> str:
    """A candidate's answer in a message, cut to a readable length."""
    said = repr(candidate.problem["answer"])
    return said if len(said) <= SHOWN_ANSWER else f"{said[:SHOWN_ANSWER]}…"


def ambiguous(candidate: Candidate, others: dict[str, Candidate]) -> Rejection:
    """The rejection of a problem whose id also names others: how many, and where the first of them are."""
    rows = ", ".join(place(other, candidate) for other in islice(others.values(), SHOWN))
    where = f"the first in rows {rows}" if len(others) > SHOWN else f"in rows {rows}"
    reason = f"the id {candidate.problem['source_id']!r} names {len(others):,} different problems, {where}"
    return Rejection(candidate.source, candidate.row, candidate.id_column or "", reason)
