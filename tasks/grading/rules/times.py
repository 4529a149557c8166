"""Times of the day: `10:30`, `10:30 a.m.`, `22:30`."""

import re

from tasks.grading.rules.rule import Context

CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap])\.?\s?m\.?)?", re.IGNORECASE)


def same_time(answer: str, gold: str, context: Context) -> bool | None:
    """The same time, of which one may leave out before or after noon. Two that differ may still be ratios, unless one says which half."""
    one, other = CLOCK.fullmatch(answer), CLOCK.fullmatch(gold)
    if not one or not other:
        return None
    if _minutes(one, other) == _minutes(other, one):
        return True
    return False if one[4] or other[4] else None


def _minutes(time: re.Match[str], other: re.Match[str]) -> tuple[int, int]:
    """Minutes and seconds since midnight; the half of the day that is left out is that of the other time, where it can be."""
    hour, half = int(time[1]), (time[4] or (other[4] if int(time[1]) <= 12 else "") or "").lower()
    return (hour % 12 + (12 if half == "p" else 0) if half else hour) * 60 + int(time[2]), int(time[3] or 0)
