"""The rules for answers that are the number of a choice: from 0, as ScienceQA and AI2D count, or from 1. The whole source decides which."""

import re
from collections.abc import Sequence

from tasks.base.errors import InputError
from tasks.problems.gold.forms import LETTERS, choice_key
from tasks.problems.gold.written import Written

INDEX_RULES = {"index_from_0": 0, "index_from_1": 1}
MOST = 0.9  # of the answers that are a choice's number: the others must be mistakes, and what they mean must be said
_INDEX = re.compile(r"\d{1,2}(?:\.0)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def index_letter(gold: Written, first: int) -> tuple[str, ...] | None:
    """The letter of the choice that a number names, where the first has the number `first`; None where it names none."""
    number = index_of(gold)
    place = None if number is None else number - first
    return (LETTERS[place],) if place is not None and 0 <= place < min(len(gold.choices), len(LETTERS)) else None


def index_of(gold: Written) -> int | None:
    """The number that the answer is, where it could be a choice's."""
    text = gold.text
    return int(float(text)) if text is not None and _INDEX.fullmatch(text) else None


def is_value(gold: Written) -> bool:
    """Whether the answer is the text of a choice, or the one number in it, `2` of `2 cm`."""
    text = gold.text or ""
    keys = {choice_key(choice) for choice in gold.choices}
    return choice_key(text) in keys or any(_NUMBER.findall(choice) == [text] for choice in gold.choices)


def index_rule(golds: Sequence[Written], where: str) -> str | None:
    """The rule by which the answers of these problems, all with choices, are numbers of choices; None where they are no such numbers.

    A 0 says that the first is 0, the number of the choices that it is 1. Raises InputError where nothing says it, and where some answers
    fit and a few do not.
    """
    fitting = {name: sum(index_letter(gold, first) is not None for gold in golds) for name, first in INDEX_RULES.items()}
    numbers = sum(index_of(gold) is not None and (index_of(gold) or 0) <= len(gold.choices) for gold in golds)
    if not golds or numbers < MOST * len(golds) or (values := sum(map(is_value, golds))) == len(golds):
        return None
    fits = [name for name, count in fitting.items() if count == len(golds)]
    if len(fits) == 1 and values < MOST * len(golds):
        return fits[0]
    if len(fits) == 1:
        fault = f"{values} of {len(golds)} are the text of one, too"
    elif fits:
        fault = "in no row is it 0, and in none the number of choices, so nothing says whether the first choice is 0 or 1"
    else:
        said = " and ".join(f"{len(golds) - count} are none when the first is {INDEX_RULES[name]}" for name, count in fitting.items())
        fault = f"of {len(golds)} {said}"
    raise InputError(
        f"{where}: the answers look like numbers of choices, but {fault}. Set columns.gold to index_from_0 or index_from_1, or to plain "
        f"where they are a choice's text or value"
    )
