"""Bare names, bounds and tables against a number: different, without computing anything."""

import re

from tasks.grading.forms.units import quantity
from tasks.grading.rules.equations import outside_brackets
from tasks.grading.rules.rule import Context

NAME = re.compile(r"[A-Za-z]|[A-Z][a-z]{1,2}|[A-Z]{2,3}")
_LETTERS_ONLY = re.compile(r"[^\W\d_][^\d\\^_+*/=<>{}()\[\]|%$,;]*")
_RELATION = re.compile(r"[<>]|\\(?:ge|geq|geqslant|le|leq|leqslant|ne|neq|lt|gt|sim)(?![A-Za-z])")


def bound(answer: str, gold: str, context: Context) -> bool | None:
    """`\\ge 5` or `5~6` against `5`: neither a bound nor a range is the number."""
    top = "".join(outside_brackets(answer.strip("()")))  # in `P(X \\ge 2) = 3/8` the relation is a name's
    return False if _RELATION.search(top) and quantity(gold) is not None else None


def table_or_number(answer: str, gold: str, context: Context) -> bool | None:
    """A table or matrix is no number and no name."""
    if (r"\begin" in answer) == (r"\begin" in gold):
        return None
    other = gold if r"\begin" in answer else answer
    return False if quantity(other) is not None or NAME.fullmatch(other) else None


def nothing_in_common(answer: str, gold: str, context: Context) -> bool | None:
    """A bare name against a number or another name: different without computing, unless the name is a constant's."""
    one, other = answer.strip("()"), gold.strip("()")
    if {one, other} & {"e", "i"} or not (NAME.fullmatch(one) or NAME.fullmatch(other)):
        return None
    rest = other if NAME.fullmatch(one) else one
    return False if NAME.fullmatch(rest) or quantity(rest) is not None or _LETTERS_ONLY.fullmatch(rest) else None
