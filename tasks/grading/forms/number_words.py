"""Numbers in words: `one hundred and five`, `two thirds`, `three and a half`, `2.5 billion`, `third`, and Chinese ones: `一百零五`.

A closed vocabulary: a text with any other word is no number. The packages for it were tried: text2num knows no fractions, no
`a hundred` and no `negative five`, cn2an no fractions and no ordinals, and both would be loaded for some tens of lines.
"""

import re
from fractions import Fraction
from functools import lru_cache

from tasks.grading.forms.chinese_numbers import chinese_number

MAX_CHARS = 160
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {word: value for value, word in enumerate(ONES)} | {word: 10 * value for value, word in enumerate(TENS, start=2)} | {"fourty": 40}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_OF_A_KIND = {"dozen": 12, "hundred": 100, **_SCALES}
_IRREGULAR = {"first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine", "twelfth": "twelve"}
_PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
_ARTICLES = ("a", "an", "one")
_SIGNS = {"minus": -1, "negative": -1, "plus": 1, "positive": 1}
_AFTER_A_SCALE = re.compile(r"(?<=thousand|.million|.billion),(?= )")
_DIGITS = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{1,30})?|\.\d{1,30}")
_OPENING = {*_SMALL, "a", "an", "half"}
_MOST_WORDS = 12


def number_word(text: str) -> Fraction | None:
    """The number that a text consists of, in English or Chinese words; None where anything else stands in it."""
    return _number_word(text) if len(text) <= MAX_CHARS else None


@lru_cache(maxsize=4096)
def _number_word(text: str) -> Fraction | None:
    if (chinese := chinese_number(text)) is not None:
        return chinese
    words = _AFTER_A_SCALE.sub("", text.casefold()).replace("-", " ").split()
    if not words or not (words[-1].isalpha() or words[-3:-1] == ["out", "of"]):
        return None
    sign = _SIGNS.get(words[0])
    number = _unsigned(words if sign is None else words[1:])
    return None if number is None else number * (sign or 1)


def leading_number(words: list[str]) -> tuple[Fraction, int] | None:
    """The longest number that the first words make, no ordinal, and how many words it takes; None where they make none."""
    counted = len(words) > 1 and words[1].casefold() in _OF_A_KIND and _DIGITS.fullmatch(words[0])
    if not words or (not counted and words[0].casefold().partition("-")[0] not in _OPENING):
        return None
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        text = " ".join(words[:count])
        value = None if words[count - 1].casefold() in ("and", "a", "an") else number_word(text)
        if value is not None and (count == 1 or not _is_ordinal(text)):
            return value, count
    return None


def _is_ordinal(text: str) -> bool:
    words = text.casefold().replace("-", " ").split()
    return _ordinal(words) is not None and _part(words) is None


def _unsigned(words: list[str]) -> Fraction | None:
    """The first reading that fits; the words are at most some tens."""
    if words[:1] == ["the"] and (ordinal := _ordinal(words[1:])) is not None:
        return Fraction(ordinal)
    for reading in (_cardinal, _decimal, _part, _mixed, _ordinal, _multiple, _out_of):
        if (number := reading(words)) is not None:
            return Fraction(number)
    return None


def _cardinal(words: list[str]) -> int | None:
    """`one hundred and five`, `two thousand and twenty-four`, `a million`."""
    total, last, group = 0, 10**15, list[str]()
    for word in words:
        if word not in _SCALES:
            group.append(word)
            continue
        value = 1 if group == ["a"] and not total else _below_thousand(group, bool(total))
        if not value or _SCALES[word] >= last:
            return None
        total, last, group = total + value * _SCALES[word], _SCALES[word], []
    rest = _below_thousand(group, bool(total)) if group else 0
    return None if rest is None or not words or (rest == 0 and group and total) else total + rest


def _below_thousand(words: list[str], follows: bool) -> int | None:
    """`five`, `twenty-one`, `a hundred`, `three hundred and five`, `twelve hundred`; `and five` where it follows a greater part."""
    if follows and words[:1] == ["and"]:
        words = words[1:]
    if "hundred" not in words:
        return _below_hundred(words)
    at = words.index("hundred")
    hundreds = 1 if words[:at] in (["a"], []) else _below_hundred(words[:at])
    rest = words[at + 2 :] if words[at + 1 : at + 2] == ["and"] else words[at + 1 :]
    ones = _below_hundred(rest) if rest or words[-1] == "and" else 0
    return hundreds * 100 + ones if hundreds and ones is not None and words[:at] + rest else None


def _below_hundred(words: list[str]) -> int | None:
    """`five`, `twenty`, `twenty one`."""
    if len(words) == 1:
        return _SMALL.get(words[0])
    if len(words) == 2 and words[0] in TENS and words[1] in ONES[1:10]:
        return _SMALL[words[0]] + _SMALL[words[1]]
    return None


def _decimal(words: list[str]) -> Fraction | None:
    """`three point one four`."""
    if "point" not in words:
        return None
    at = words.index("point")
    whole, digits = _cardinal(words[:at]) if at else 0, [_SMALL.get(word, 10) for word in words[at + 1 :]]
    if whole is None or not digits or max(digits) > 9:
        return None
    return Fraction(f"{whole}.{''.join(map(str, digits))}")


def _ordinal(words: list[str]) -> int | None:
    """`third`, `twenty-first`, `one hundredth`."""
    if not words:
        return None
    last = words[-1]
    stem = _IRREGULAR.get(last) or (f"{last[:-4]}y" if last.endswith("tieth") else last[:-2] if last.endswith("th") else None)
    if stem is None or stem == "zero":
        return None
    return _cardinal([*words[:-1], stem] if len(words) > 1 or stem not in _OF_A_KIND else ["one", stem])


def _part(words: list[str]) -> Fraction | None:
    """`half`, `a third`, `one half`, `two thirds`, `21 hundredths`. A single part of something has `a`, `an` or `one` before it."""
    if words == ["half"]:
        return Fraction(1, 2)
    for at in range(1, min(len(words), 9)):
        single = words[at - 1] in _ARTICLES and at == 1
        denominator = _denominator(words[at:], single)
        numerator = 1 if single else _cardinal(words[:at]) or _whole(words[:at])
        if denominator and numerator and (single or numerator > 1):
            return Fraction(numerator, denominator)
    return None


def _denominator(words: list[str], single: bool) -> int | None:
    """What a whole is divided by: `half`, `third` where it is a single part, `halves`, `thirds` where there are several."""
    if len(words) == 1 and words[0] in _PARTS:
        return _PARTS[words[0]] if single == (words[0] in ("half", "quarter")) else None
    last = words[-1] if single else words[-1].removesuffix("s")
    if (not single and last == words[-1]) or last in ("first", "second") or len(words) > 2:
        return None
    denominator = _ordinal([*words[:-1], last])
    return denominator if denominator and (len(words) == 1 or words[0] in TENS) else None


def _mixed(words: list[str]) -> Fraction | None:
    """`three and a half`, `3 and one third`, `two and three quarters`."""
    if "and" not in words:
        return None
    at = len(words) - 1 - words[::-1].index("and")
    whole, part = _cardinal(words[:at]) or _whole(words[:at]), _part(words[at + 1 :])
    return whole + part if whole and part and part < 1 and words[at + 1] != "half" else None


def _multiple(words: list[str]) -> Fraction | None:
    """`2.5 million`, `a dozen`, `three and a half million`, `half a dozen`."""
    size = _OF_A_KIND.get(words[-1]) if len(words) > 1 else None
    if size is None:
        return None
    if words[:-1] in (["a"], ["half", "a"]):
        return Fraction(size, len(words) - 1)
    if len(words) == 2 and _DIGITS.fullmatch(words[0]):
        return Fraction(words[0].replace(",", "")) * size
    for reading in (_mixed, _decimal):
        if (number := reading(words[:-1])) is not None:
            return number * size
    dozens = _cardinal(words[:-1]) if words[-1] == "dozen" else None
    return Fraction(dozens * size) if dozens else None


def _out_of(words: list[str]) -> Fraction | None:
    """`one out of four`, `3 out of 4`, `one in four`."""
    said, sign, whole = " ".join(words).partition(" out of " if "out" in words else " in ")
    parts = [_cardinal(part.split()) or (_whole(part.split()) if "out" in sign else None) for part in (said, whole)]
    return Fraction(parts[0], parts[1]) if sign and parts[0] and parts[1] and parts[0] < parts[1] else None


def _whole(words: list[str]) -> int | None:
    """One number in digits."""
    return int(words[0]) if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) < 20 else None
