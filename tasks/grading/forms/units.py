"""Values with units: `20 cm^2`, `54^{\\circ}`, `30%`, `$2.64`, `3 h 40 min`. A unit that one side leaves out is taken as understood.

Two units of one dimension are converted, two of different dimensions differ, and a text with any other word is no quantity.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from tasks.grading.forms.constants import Value, constant, equal
from tasks.grading.forms.unit_table import Unit, units
from tasks.grading.forms.unit_text import MAX_CHARS as MAX_UNIT_CHARS
from tasks.grading.forms.unit_text import may_begin, readings

MAX_CHARS = 300
_MOST_STARTS = 14
_START = re.compile(
    r"\^?\s*\{?\s*\\(?:circ|degree)(?![A-Za-z])|\\(?:Omega|mu)(?![A-Za-z])|\\frac(?=\s*\{\s*[A-Za-z])|"
    r"(?:[(\[]\s*)?(?<![A-Za-z\\])[A-Za-zÀ-ÿμ]+|[(\[]?[¢€£¥₹₩₽%‰°℃℉﹩ΩÅ]|''?|[^\W\d_a-zA-ZÀ-ÿμ]"
)
_PART = re.compile(
    r"[\s,]*(?:and\s+)?(?P<number>\d{1,12}(?:\.\d{1,12})?|[A-Za-z]+(?:[ -][A-Za-z]+){0,3}?|[零一二两三四五六七八九十百千万]{1,9})"
    r"\s*(?P<unit>\^\s*\{?\s*\\circ\s*\}?|[A-Za-z]+\.?|''|\\?\"|'|[天日周月年时分秒元角米度斤克里]|小时|分钟|厘米|分米|毫米|千米|千克|公斤|块)"
    r"(?![A-Za-z])\s*"
)
_NO_MINUTES = re.compile(r"(\d{1,3})\s?h\s?(\d{2})")
_CURRENCY = re.compile(
    r"([-+]?)\s*(?:(?:US|AU?|CA?|HK|NZ|SG?)?(?P<sign>[﹩€£¥₹₩₽])|(?P<name>USD|EUR|GBP|RMB|CNY|JPY|INR|US|Rs\.?)(?![A-Za-z]))\s*(?=[\d.])"
)
_SHORT_SCALE = re.compile(r"([\d.,]{1,20})\s?([kKMB]|bn|mn)")
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}
_SLASH = re.compile(r"/(?=\s*[A-Za-z])")
_ABOUT = re.compile(
    r"\s*(?:\\(?:approx|thickapprox|sim|simeq)|≈|~|approximately|approx\.?|about|around|roughly|nearly|exactly|大约|约|≒)(?![A-Za-z])\s*",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_ONE_OF_A_UNIT = {
    "a": Fraction(1), "an": Fraction(1), "half an": Fraction(1, 2), "half a": Fraction(1, 2), "a quarter of an": Fraction(1, 4),
    "quarter of an": Fraction(1, 4), "three quarters of an": Fraction(3, 4), "半": Fraction(1, 2), "半个": Fraction(1, 2),
}  # fmt: skip
_PERCENT_IN_FRONT = re.compile(r"百分之\s*([^\s分]{1,20})")
_ARC = re.compile(r"-?\s*(?:\d{1,3}\s*)?\\(?:arc(?:sin|cos|tan)|(?:sin|cos|tan)\s*\^\s*(?:\{\s*-\s*1\s*\}|-\s*1))(?![A-Za-z])")
_MAYBE_A_VARIABLE = re.compile(r"(?<=\})\s*[A-Z]|\\(?:frac|sqrt)[^A-Z]*\s[KCFTHMSB]")
_FEET = {"'": "ft", "''": "in", '"': "in", '\\"': "in"}
_COUNTED = {"count", "unit"}
_ANGLE = (("deg", 1),)
_SHARE = (("share", 1),)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A constant with the readings of its unit, none for a bare number. decimal: written as a decimal fraction; of_pi: with a pi, or
    the angle of a sine, so in radians where it is bare."""

    value: Value
    units: tuple[Unit, ...]
    decimal: bool
    of_pi: bool = False


def quantity(text: str) -> Quantity | None:
    """The quantity a plain text stands for, None where it is none. The text is at most a few hundred characters."""
    return _quantity(text) if len(text) <= MAX_CHARS else None


@lru_cache(maxsize=8192)
def _quantity(text: str) -> Quantity | None:
    text = _ABOUT.sub("", text, count=1) if _ABOUT.match(text) else text
    text = f"{match[1]}%" if (match := _PERCENT_IN_FRONT.fullmatch(text)) else text
    currency = _CURRENCY.match(text)
    if not currency:
        return _measured(text) or _compound(text)
    if match := _SHORT_SCALE.fullmatch(text, currency.end()):
        text = f"{text[: currency.end()]}{match[1]} {_SCALES[match[2].casefold()]}"
    rest = _measured(currency[1] + _SLASH.sub(" per ", text[currency.end() :], count=1))
    money = units()[(currency["sign"] or currency["name"].rstrip(".")).replace("US", "USD").replace("USDD", "USD")]
    if rest is None or (rest.units and not _is_rate(rest.units)):
        return rest
    rates = tuple(Unit((*one.dimension, *rate.dimension), one.scale * rate.scale) for one in money for rate in rest.units)
    return Quantity(rest.value, rates or money, rest.decimal)


def _is_rate(found: tuple[Unit, ...]) -> bool:
    """Whether the unit is of the kind `per hour`."""
    return all(exponent < 0 for unit in found for _, exponent in unit.dimension)


def _measured(text: str) -> Quantity | None:
    """A constant, or a constant followed by one unit; the longest unit that leaves a constant."""
    for match in list(_START.finditer(text))[-_MOST_STARTS:]:
        start = match.start()
        number, unit = text[:start].rstrip(), text[start:]
        if not number or len(unit) > MAX_UNIT_CHARS or not may_begin(match[0].strip("([ ")):
            continue
        if found := readings(unit, glued=start == len(number)):
            if _FUNCTION.search(number) and found[0].dimension == _ANGLE:
                break  # in `\sin 30^{\circ}` the degrees are the argument's
            value: Value | None = _ONE_OF_A_UNIT.get(number.casefold()) if len(unit) > 2 or not unit.isascii() else None
            value = constant(number) if value is None else value
            if value is not None and not _MAYBE_A_VARIABLE.fullmatch(text):
                return Quantity(value, found, "." in number, r"\pi" in number)
    value = constant(text)
    return None if value is None else Quantity(value, (), "." in text, r"\pi" in text or bool(_ARC.match(text)))


def _compound(text: str) -> Quantity | None:
    """`3 h 40 min`, `5 ft 6 in`, `30^{\\circ} 15'`: parts of one dimension, each smaller than the one before. None for anything else."""
    text = _NO_MINUTES.sub(r"\1 h \2 min", text) if _NO_MINUTES.fullmatch(text) else text
    parts, position = list[tuple[Fraction, str]](), 0
    while (match := _PART.match(text, position)) and len(parts) < 5:
        number = constant(match["number"])
        if not isinstance(number, Fraction):
            return None
        parts.append((number, match["unit"].strip(" ^{}").replace(r"\circ", "°")))
        position = match.end()
    if position < len(text) or len(parts) < 2:
        return None
    sums = [total for names in _spellings([name for _, name in parts]) if (total := _sum([number for number, _ in parts], names))]
    return Quantity(sums[0][0], tuple(dict.fromkeys(unit for _, unit in sums)), False) if sums else None


def _spellings(names: list[str]) -> list[list[str]]:
    """The names as they stand; `m` after hours read as minutes, and `5' 6"` as feet and inches or minutes and seconds of arc."""
    if names[0] in _FEET:
        return [[_FEET.get(name, name) for name in names]]
    if names[0] in ("h", "hr", "hrs", "hour", "hours", "d", "day", "days"):
        return [["min" if name == "m" else name for name in names]]
    return [["''" if name in ('"', '\\"') else name for name in names]]


def _sum(numbers: list[Fraction], names: list[str]) -> tuple[Fraction, Unit] | None:
    """The sum in base units, where all parts are of one dimension and each smaller than the one before."""
    known = [readings(name) for name in names]
    for first in known[0]:
        chosen = [next((unit for unit in some if unit.dimension == first.dimension), None) for some in known]
        if all(unit is not None and not unit.zero for unit in chosen) and all(
            one.scale > other.scale for one, other in pairwise(unit for unit in chosen if unit)
        ):
            total = sum((number * unit.scale for number, unit in zip(numbers, chosen, strict=True) if unit), Fraction(0))
            return total, Unit(first.dimension, Fraction(1))
    return None


def same_quantity(answer: Quantity, gold: Quantity, precision: int | None = None) -> bool:
    """Whether both are the same amount: 250 cm is 2.5 m; a missing unit is understood (radians with pi); 30% is 30 as well as 0.3."""
    decimal = answer.decimal or gold.decimal
    answer, gold = _in_degrees(answer, gold), _in_degrees(gold, answer)
    if answer.units and gold.units:
        pairs = [(one, other) for one in answer.units for other in gold.units if one.dimension == other.dimension]
        pairs = [pair for pair in pairs if pair[0] == pair[1]] or pairs  # 10° is not 50°, though 10 °C is 50 °F
        if pairs or not _counted(answer, gold):
            return any(equal(_converted(answer.value, *pair), gold.value, precision, decimal) for pair in pairs)
    if equal(answer.value, gold.value, precision, decimal):
        return True
    if any(unit.dimension == _SHARE for unit in (*answer.units, *gold.units)):
        return equal(_scaled(answer), _scaled(gold), precision, decimal)
    return False


def _counted(one: Quantity, other: Quantity) -> bool:
    """Whether one of them merely counts, as `5 units` and `5个` do."""
    return any(name in _COUNTED for unit in (*one.units, *other.units) for name, _ in unit.dimension)


def _converted(value: Value, unit: Unit, into: Unit) -> Value:
    """The value in another unit of the same dimension."""
    return value if unit == into else _plus(_times(_plus(_times(value, unit.scale), unit.zero), 1 / into.scale), -into.zero / into.scale)


def _scaled(found: Quantity) -> Value:
    return _times(found.value, found.units[0].scale) if found.units else found.value


def _times(value: Value, factor: Fraction) -> Value:
    return value * factor if isinstance(value, Fraction) else value * float(factor)


def _plus(value: Value, more: Fraction) -> Value:
    return value + more if isinstance(value, Fraction) or more else value


def _in_degrees(angle: Quantity, other: Quantity) -> Quantity:
    """A bare multiple of pi against an angle in degrees is one in radians."""
    if not angle.units and angle.of_pi and not other.of_pi and any(unit.dimension == _ANGLE for unit in other.units):
        return Quantity(math.degrees(angle.value), (Unit(_ANGLE, Fraction(1)),), angle.decimal)
    return angle
