"""Division with a remainder: `7 R 2`, `7 remainder 2`, `7r2`, `7余2`, `7 \\ldots\\ldots 2`."""

import re

from tasks.grading.rules.rule import Context

_REMAINDER = re.compile(
    r"(\d{1,30})\s*,?\s*(?:with\s+)?(?:a\s+)?(?:R|r\.?|rem\.?|remainder|余|(?:\\ldots\s*)+)(?:\s+of)?\s*(\d{1,30})", re.ASCII
)


def same_remainder(answer: str, gold: str, context: Context) -> bool | None:
    """The same quotient with the same remainder."""
    one, other = _REMAINDER.fullmatch(answer), _REMAINDER.fullmatch(gold)
    return None if not one or not other else (int(one[1]), int(one[2])) == (int(other[1]), int(other[2]))
