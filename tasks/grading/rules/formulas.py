"""Tells formulas with variables apart by their values at some points, which is far cheaper than algebra.

Equal values prove nothing here (math-verify decides then); clearly different ones prove that the formulas differ.
"""

import re

from tasks.grading.rules.constants import value_at, variables
from tasks.grading.rules.rule import Context

_POINTS = ((0.731, 1.317, 0.415, 2.093, 1.771, 0.594), (1.234, 0.618, 1.902, 0.357, 0.841, 1.559))
_CLEARLY = 1e-3
_NO_VARIABLES = {"e", "i", r"\circ", r"\infty"}
_MAYBE_A_UNIT = re.compile(r"[A-Za-z]{2}|\s[A-Za-z]\s*$")


def differs_at_a_point(answer: str, gold: str, context: Context) -> bool | None:
    """False where both can be evaluated at one of the points (all positive) and clearly differ there.

    Where only one side has letters they may be a unit's, so it must look like a formula's.
    """
    one, other = variables(answer), variables(gold)
    names = sorted(one | other)
    if not 0 < len(names) <= len(_POINTS[0]) or _NO_VARIABLES & {*names}:
        return None
    if bool(one) != bool(other) and _MAYBE_A_UNIT.search(re.sub(r"\\[A-Za-z]+", "", answer if one else gold)):
        return None
    for values in _POINTS:
        point = dict(zip(names, values, strict=False))
        a, b = value_at(answer, point), value_at(gold, point)
        if a is not None and b is not None and abs(a - b) > _CLEARLY * max(abs(a), abs(b)):
            return False
    return None
