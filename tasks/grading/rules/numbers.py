"""Numbers, with or without a unit, and the sign of decimals that much of the world writes."""

import re

from tasks.grading.rules.rule import Context
from tasks.grading.rules.units import quantity, same_quantity

_DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,2}|-?\d+,\d{4,}")


def same_number(answer: str, gold: str, context: Context) -> bool | None:
    """Constants with or without unit: numbers, fractions, mixed fractions, percent, roots, multiples of pi."""
    one, other = quantity(answer), quantity(gold)
    if one is None or other is None:
        return None
    return same_quantity(one, other, context.precision)


def decimal_comma(answer: str, gold: str, context: Context) -> bool | None:
    """`4,8` against a gold number: the comma is the decimal sign, as much of the world writes it."""
    if _DECIMAL_COMMA.fullmatch(answer) and quantity(gold) is not None:
        return same_number(answer.replace(",", "."), gold, context)
    return None
