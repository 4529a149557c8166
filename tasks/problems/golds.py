"""Gives every problem of a source its gold answer, once all rows are read, as only all of them show how the answers are written.

What a problem's answer was read by, and from what, stands in its metadata: `gold_rule` and `gold_text`, where it is not plain.
"""

import json
import logging
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tasks.base.errors import InputError
from tasks.problems.gold.choosing import PLAIN, UNSCORABLE, Gold, read_golds
from tasks.problems.gold.written import written
from tasks.problems.identity import Candidate, Rejection, gold_digest
from tasks.problems.precision import metadata_precision
from tasks.problems.settings import SourceSettings

RULE, TEXT = "gold_rule", "gold_text"
SHOWN, SHOWN_CHARS = 3, 80
_WRITTEN_RULE = re.compile(rf'"{RULE}": "([a-z0-9_+]+)"')  # quotes inside a text are escaped
WAY_OUT = (
    "Set columns.answer to the column that has them, or columns.gold to the rule that reads them or to "
    "{pattern: a regular expression whose group is the answer}"
)

logger = logging.getLogger(__name__)


def settle_golds(source: SourceSettings, candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Rejection]]:
    """The candidates with their gold answers, and the rejections of those whose answer is a letter beyond their choices.

    Raises InputError where nothing tells how the answers are meant, and where none of them can be scored.
    """
    where = f"{source.name}: {source.path}"
    golds = read_golds([written(found.problem["answer"], found.problem["choices"]) for found in candidates], source.columns.gold, where)
    check_scorable(where, candidates, golds)
    kept, rejected = [], []
    for candidate, gold in zip(candidates, golds, strict=True):
        fault = letter_fault(gold.answer, candidate.problem["choices"])
        if fault:
            rejected.append(Rejection(candidate.source, candidate.row, candidate.answer_column, fault))
        else:
            give_gold(candidate.problem, gold)
            kept.append(candidate)
    return kept, rejected


def give_gold(problem: dict[str, Any], gold: Gold) -> None:
    """Write a gold answer, its identity and where it is from into a problem that has the value of its column as `answer`."""
    value = problem["answer"]
    if gold.rule != PLAIN:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        others = json.loads(problem["metadata"]) if problem["metadata"] != "{}" else {}
        fields = others | {RULE: gold.rule, TEXT: text}
        problem["metadata"] = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    problem["answer"] = gold.answer
    problem["gold_id"] = gold_digest(gold.answer, metadata_precision(problem["metadata"]))


def letter_fault(answer: str, choices: list[str]) -> str:
    """Why an answer cannot be a letter of the choices; "" where it can, or is none."""
    letters = string.ascii_uppercase[: len(choices)]
    if choices and answer in set(string.ascii_uppercase) - set(letters) and answer not in choices:
        return f"the answer {answer!r} is none of the choices, {letters[0]} to {letters[-1]}"
    return ""


def check_scorable(where: str, candidates: Sequence[Candidate], golds: Sequence[Gold]) -> None:
    """Raise InputError, with some of the answers, where none of them can be compared with."""
    if any(gold.rule != UNSCORABLE for gold in golds) or not golds:
        return
    first = "\n".join(
        f"  {one.source}, row {one.row}, column {one.answer_column}: {shown(one.problem['answer'])}" for one in candidates[:SHOWN]
    )
    raise InputError(f"{where}: none of the {len(golds)} gold answers can be scored. {WAY_OUT}. The first of them:\n{first}")


def shown(value: Any) -> str:
    """A value in a message, with its end, where answers stand, if it is long."""
    text = " ".join(str(value).split())
    return repr(text if len(text) <= SHOWN_CHARS else f"…{text[1 - SHOWN_CHARS :]}")


def gold_rules(problems: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many of the problems each rule read, for the manifest: the most frequent first."""
    found = (_WRITTEN_RULE.search(problem["metadata"]) for problem in problems)
    return dict(Counter(match[1] if match else PLAIN for match in found).most_common())


def said_of_golds(source: SourceSettings, problems: Sequence[dict[str, Any]], rules: dict[str, int]) -> list[str]:
    """Log how the gold answers of a source were read; gives what is a warning: those that cannot be scored, with the first of them."""
    where = f"{source.name} {source.split}"
    if set(rules) - {PLAIN, UNSCORABLE}:
        read = [f"{count:,} by {rule}" for rule, count in rules.items() if rule != UNSCORABLE]
        logger.info(f"{where}: {len(problems):,} gold answers, read {', '.join(read)}")
    if UNSCORABLE not in rules:
        return []
    first = next(problem for problem in problems if not problem["answer"])
    text = json.loads(first["metadata"])[TEXT]
    warning = (
        f"{where}: {rules[UNSCORABLE]:,} of {len(problems):,} gold answers cannot be scored and count in no accuracy, the first in row "
        f"{first['row']}: {shown(text)}. {WAY_OUT}"
    )
    logger.warning(warning)
    return [warning]
