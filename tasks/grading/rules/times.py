"""Times of the day: `10:30`, `10:30 a.m.`, `22:30`, `4 pm`, `noon`, `half past three`, `10 o'clock`, `下午3点半`, `15h40`."""

import re
from dataclasses import dataclass

from tasks.grading.forms.number_words import number_word
from tasks.grading.rules.rule import Context

MAX_CHARS = 60
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap])\.?\s?m\.?)?", re.IGNORECASE)
_HALF = r"(?:\s*(?P<half>[ap])\.?\s?m\.?(?![a-z])|\s+(?P<part>in the morning|in the afternoon|in the evening|at night|noon|midnight))?"
_FORMS = tuple(re.compile(form) for form in (
    r"(?P<part>noon|midnight|midday|12 noon|12 midnight|正午|中午|午夜)",
    rf"(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?(?:\s*(?:h|hrs|hours))?{_HALF}",
    rf"(?P<hour>\d{{1,2}}|[a-z]+)(?P<clock>\s+o'?\s?clock)?{_HALF}",
    r"(?P<hour>\d{1,2})\s?h\s?(?P<minute>\d{2})",
    rf"(?P<words>half|(?:a )?quarter|[a-z]+(?:[- ][a-z]+)??|\d{{1,2}})(?: minutes?)?"
    rf" (?P<to>past|after|to|before) (?P<hour>\d{{1,2}}|[a-z]+)"
    rf"(?: o'?\s?clock)?{_HALF}",
    r"(?P<part>上午|早上|凌晨|中午|下午|晚上|傍晚|午前|午後)?\s*"
    r"(?P<hour>\d{1,2}|[一二三四五六七八九十两]{1,3})(?P<clock>[点點时時](?:整|钟)?)"
    r"(?:(?P<minute>\d{1,2})分|(?P<half_hour>半)|(?P<quarter>[一三])刻)?",
))  # fmt: skip
_PARTS = dict.fromkeys(("in the morning", "上午", "早上", "凌晨", "午前", "midnight", "12 midnight", "午夜"), "a") | dict.fromkeys(
    ("in the afternoon", "in the evening", "noon", "midday", "12 noon", "下午", "晚上", "傍晚", "午後", "中午", "正午"), "p"
)
_BY_THEMSELVES = ("noon", "midday", "midnight", "12 noon", "12 midnight", "正午", "中午", "午夜")
_BEFORE = re.compile(r"(?:it is |at |about |around |by |the time is |exactly )+")


@dataclass(frozen=True, slots=True)
class Time:
    """A time of the day. half: `a` before noon, `p` after it, empty where that is not said. sure: the text can be nothing else."""

    minutes: int
    second: int
    half: str
    sure: bool


def same_time(answer: str, gold: str, context: Context) -> bool | None:
    """The same time, of which one may leave out before or after noon. Two that differ may still be ratios, unless one is surely a time."""
    if max(len(answer), len(gold)) > MAX_CHARS:
        return None
    one, other = time_of_day(answer), time_of_day(gold)
    if one is None or other is None or not (one.sure or other.sure or all(re.search("[:h]", text) for text in (answer, gold))):
        return None
    same = (one.minutes % 720, one.second) == (other.minutes % 720, other.second) and (
        one.half == other.half or "" in (one.half, other.half)
    )
    if same:
        return True
    return False if one.sure or other.sure else None


def time_of_day(text: str) -> Time | None:
    """The time that a plain text writes, None where it can be none."""
    text = " ".join(text.casefold().split())
    before = _BEFORE.match(text)
    text = text[before.end() :] if before else text
    match = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if match is None:
        return None
    fields = match.groupdict()
    part = fields.get("part") or ""
    half = fields.get("half") or ("p" if part == "at night" and _number(fields.get("hour")) not in (12, 1, 2, 3) else _PARTS.get(part, ""))
    hour = 12 if part in _BY_THEMSELVES and not fields.get("hour") else _number(fields.get("hour"))
    minute = _minute(fields)
    if hour is None or minute is None or not 0 <= hour <= 24 or minute > 59 or (fields.get("half") and not 1 <= hour <= 12):
        return None
    return _time(hour, minute, int(fields.get("second") or 0), half, fields)


def _time(hour: int, minute: int, second: int, half: str, fields: dict[str, str | None]) -> Time:
    """Of hour and minute. `to` counts back; an hour after twelve, and one of zero, say which half of the day it is."""
    minutes = (hour % 12) * 60 + (-minute if fields.get("to") in ("to", "before") else minute)
    half = half or ("p" if 12 < hour < 24 else "a" if hour in (0, 24) else "")
    spelt = fields.get("to") and not (fields.get("words") or "").isdigit()
    sure = bool(spelt) or any(fields.get(name) for name in ("half", "part", "clock"))
    return Time(minutes % 720, second, half, sure)


def _minute(fields: dict[str, str | None]) -> int | None:
    words = (fields.get("words") or "").removeprefix("a ")
    if words:
        return {"half": 30, "quarter": 15}.get(words) or _number(words)
    if fields.get("quarter"):
        return 15 if fields["quarter"] == "一" else 45
    return 30 if fields.get("half_hour") else int(fields.get("minute") or 0)


def _number(text: str | None) -> int | None:
    """A number in digits or words, below sixty."""
    value = number_word(text) if text and not text.isdigit() else int(text) if text else None
    return int(value) if value is not None and value == int(value) and 0 <= value < 60 else None
