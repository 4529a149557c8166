"""Dates, weekdays, months and years: `March 5, 2021` is `5 March 2021` is `2021-03-05`, `Wed.` is `Wednesday`, `in 1999` is `1999`.

dateutil's parser was tried: it takes `5` for a day of this month, fills what is missing from today, and knows no Chinese.
"""

import re
from dataclasses import dataclass

from tasks.grading.rules.rule import Context

MAX_CHARS = 60
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_DAYS = {
    character: place for place, row in enumerate(("一月", "二火", "三水", "四木", "五金", "六土", "日天")) for character in row
}
_MONTH = {name[:size]: place for place, name in enumerate(_MONTHS, start=1) for size in (3, len(name))} | {"sept": 9}
_DAY = {name[:size]: place for place, name in enumerate(_DAYS) for size in (3, len(name))} | {"tues": 1, "wednes": 2, "thur": 3, "thurs": 3}
_M = rf"(?P<month>{'|'.join(sorted(_MONTH, key=len, reverse=True))})\.?"
_D = r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_Y = r"(?:,?\s*(?P<year>\d{4}))?"
_WEEKDAY = rf"(?P<weekday>{'|'.join(sorted(_DAY, key=len, reverse=True))})s?\.?"
_FORMS = tuple(re.compile(form) for form in (
    rf"{_M}\s+{_D}{_Y}", rf"{_D}\s+(?:of\s+)?{_M}{_Y}", rf"{_M},?\s+(?:of\s+)?(?P<year>\d{{4}})", _M, _WEEKDAY,
    r"(?P<year>\d{4})[-/.](?P<month_number>\d{1,2})[-/.](?P<day>\d{1,2})",
    r"(?:(?P<year>\d{4})年)?(?P<month_number>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?",
    r"(?:星期|周|礼拜)(?P<chinese>[一二三四五六日天])", r"(?P<chinese>[月火水木金土日])曜日?",
))  # fmt: skip
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?")
_FIRST = re.compile(rf"(?:(?:on|in|by|at|it is|it was|during|early|the month of)\s+)?(?:{_WEEKDAY},?\s+(?=\S))?(?:(?:the|on)\s+(?=\d))?")
_YEAR = re.compile(r"(?:(?:in|by|since|the|year|of|around|during)\s+){0,3}(?:AD\s*)?(\d{1,4})\s*(AD|CE|BC|BCE|年)?", re.IGNORECASE)
_MARKED_YEAR = re.compile(r"in\s|by\s|year|since\s|AD|CE|BC|年", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Date:
    """What a text says of a day: fields that it leaves out are None. weekday: 0 for Monday."""

    year: int | None
    month: int | None
    day: int | None
    weekday: int | None


def same_date(answer: str, gold: str, context: Context) -> bool | None:
    """The same day; a year or weekday that one side leaves out is understood. `3/5` may be March or May: not for this rule to say."""
    if max(len(answer), len(gold)) > MAX_CHARS:
        return None
    one, other = date(answer), date(gold)
    if one is None or other is None:
        return _by_numbers(answer, other) if other else _by_numbers(gold, one) if one else None
    return _agree(one, other)


def _agree(one: Date, other: Date) -> bool:
    if (one.month, one.day) != (other.month, other.day) or (one.month is None and one.weekday != other.weekday):
        return False
    pairs = ((one.year, other.year), (one.weekday, other.weekday))
    return all(a == b or a is None or b is None for a, b in pairs)


def date(text: str) -> Date | None:
    """The date that a plain text writes with a month's or a weekday's name, in Chinese, or with the year first."""
    text = " ".join(text.casefold().replace(" ,", ",").split())
    before = _FIRST.match(text)
    weekday = before["weekday"] if before else None
    text = text[before.end() :] if before else text
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _of_fields(match.groupdict(), weekday)
    return None


def _of_fields(fields: dict[str, str | None], weekday: str | None) -> Date | None:
    number, name = fields.get("month_number"), fields.get("month")
    month = int(number) if number else _MONTH[name] if name else None
    day, year = fields.get("day"), fields.get("year")
    named = fields.get("weekday") or weekday
    chinese = fields.get("chinese")
    found = Date(
        int(year) if year else None,
        month,
        int(day) if day else None,
        _DAY[named] if named else _CHINESE_DAYS[chinese] if chinese else None,
    )
    return found if (month is None or 1 <= month <= 12) and (found.day is None or 1 <= found.day <= 31) else None


def _by_numbers(text: str, other: Date) -> bool | None:
    """`3/5/2021` against a date: it may be its month and day in either order, or no date at all."""
    match = _SLASHED.fullmatch(text)
    if not match or other.month is None or other.day is None:
        return None
    one, two, year = int(match[1]), int(match[2]), int(match[3] or 0)
    if year and other.year and year not in (other.year, other.year % 100):
        return False
    if {one, two} != {other.month, other.day}:
        return False
    return True if one > 12 or two > 12 or one == two else None


def same_year(answer: str, gold: str, context: Context) -> bool | None:
    """`in 1999`, `the year 1999`, `1999年` against `1999`, and `44 BC` against `44 BCE`."""
    if max(len(answer), len(gold)) > MAX_CHARS or not (_MARKED_YEAR.search(answer) or _MARKED_YEAR.search(gold)):
        return None
    one, other = _YEAR.fullmatch(answer), _YEAR.fullmatch(gold)
    if not one or not other:
        return None
    before = [(match[2] or "").upper().startswith("B") for match in (one, other)]
    return int(one[1]) == int(other[1]) and before[0] == before[1]
