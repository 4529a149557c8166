"""Numbers, with or without a unit, and the sign of decimals that much of the world writes."""

import re

from tasks.grading.forms.units import quantity, same_quantity
from tasks.grading.rules.rule import Context

_COMMA = re.compile(r"(?<=\d),(?=\d)")
_DECIMAL_COMMA = re.compile(r"(?:[A-Za-z]\w*\s*=\s*)?[^\d,(\[]{0,12}(?:\d{1,30},(?:\d{1,2}|\d{4,30})|0,\d{1,30})(?!\d)[^,]*")
_SURELY_DECIMAL = re.compile(r"[^\d,]{0,12}(?:\d{1,30},(?:\d{2}|\d{4,30})|0,\d{2,30}|\d{1,30},\d(?=\s*[^\W\d]|\s*[€$%£°^]))(?!\d)[^,]*")


def same_number(answer: str, gold: str, context: Context) -> bool | None:
    """Constants with or without unit: numbers, fractions, mixed fractions, percent, roots, multiples of pi."""
    one, other = quantity(answer), quantity(gold)
    if one is None or other is None:
        return None
    return same_quantity(one, other, context.precision)


def decimal_comma(answer: str, gold: str, context: Context) -> bool | None:
    """`4,8 cm` against a gold number: the comma is the decimal sign, as much of the world writes it; after three digits it is none.

    A gold answer with one comma may be a list of two, so it must look like a decimal: `1,22`, `0,111` or `2,5 m`.
    """
    if _DECIMAL_COMMA.fullmatch(answer) and quantity(gold) is not None:
        return context.equal(_COMMA.sub(".", answer), gold)
    if _SURELY_DECIMAL.fullmatch(gold) and "." in answer and quantity(answer) is not None:
        return True if same_number(answer, _COMMA.sub(".", gold), context) else None
    if _SURELY_DECIMAL.fullmatch(gold) and _DECIMAL_COMMA.fullmatch(answer):
        return True if same_number(_COMMA.sub(".", answer), _COMMA.sub(".", gold), context) else None
    return None
