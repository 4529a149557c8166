"""Ratios: `4:6`, `2 to 3`, `1:2:3`."""

import re

from tasks.grading.forms.constants import Value, equal
from tasks.grading.forms.units import quantity
from tasks.grading.rules.rule import Context
from tasks.grading.rules.times import CLOCK

_RATIO_SIGN = re.compile(r"\s*(?::|\\colon(?![A-Za-z])|\bto\b)\s*")


def same_ratio(answer: str, gold: str, context: Context) -> bool | None:
    """`4:6` is `2:3` and also `2/3`, `1:2:3` is `2:4:6`; times of the day are left alone."""
    if (":" not in answer + gold and " to " not in answer + gold) or CLOCK.fullmatch(gold):
        return None
    one, other = _ratio(answer), _ratio(gold)
    if not one or not other or max(len(one), len(other)) < 2 or 0 in (*one[-2:], *other[-2:]):
        return None
    ones, others = _shares(one), _shares(other)
    if ones is None or others is None or len(ones) != len(others):
        return False
    return all(equal(a, b, context.precision) for a, b in zip(ones, others, strict=True))


def _ratio(text: str) -> list[Value]:
    """The numbers of a ratio; a number by itself is one of one; empty for anything else."""
    found = [quantity(text)] if quantity(text) is not None else [quantity(part) for part in _RATIO_SIGN.split(text, maxsplit=8)]
    return [part.value for part in found if part is not None] if None not in found else []


def _shares(numbers: list[Value]) -> list[Value] | None:
    """Every number over the last; a number by itself is the share of a ratio of two."""
    return [number / numbers[-1] for number in numbers[:-1]] if len(numbers) > 1 else numbers
