"""Equations and memberships: `x = 5`, `f(x) = x^2`, `x \\in S`."""

import re

from tasks.grading.rules.plain import text_key
from tasks.grading.rules.rule import Context
from tasks.grading.rules.units import quantity

_LEFT_SIDE = re.compile(r"[A-Za-z\\][^=]{0,60}")
_EQUALS = re.compile(r"(?<![<>!:\\])=(?!=)")
_MEMBER = re.compile(r"^[A-Za-z]\w*\s*\\in(?![A-Za-z])\s*")


def equation(answer: str, gold: str, context: Context) -> bool | None:
    """`x = 5` against `5`: the last right side counts; two equations with the same left side compare their right sides."""
    one, other = sides(answer), sides(gold)
    several = "," in answer and "=" in answer.partition("=")[2]
    if several or (len(one) < 2 and len(other) < 2):
        return None
    if len(one) > 1 and len(other) > 1:
        same_left = text_key(one[0]) == text_key(other[0])
        return context.equal(one[-1], other[-1]) if same_left else None
    if len(other) > 1 and not _LEFT_SIDE.fullmatch(other[0]):
        return None
    return context.equal(one[-1], other[-1])


def sides(text: str) -> list[str]:
    """The sides of an equation, `5 = x` turned round; `x \\in S` has the right side S."""
    text = _MEMBER.sub("x=", text, count=1)
    found = [side.strip() for side in _EQUALS.split(text)][:8]
    return found[::-1] if len(found) == 2 and len(found[1]) == 1 and found[1].isalpha() and quantity(found[0]) is not None else found
