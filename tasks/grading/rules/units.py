"""Values with units: `20 cm^2`, `54^{\\circ}`, `30%`, `$2.64`. A unit that one side leaves out is taken as understood."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tasks.grading.rules.constants import Value, constant, equal

_SCALES: dict[str, tuple[str, Fraction]] = {}
for _dimension, _names in {
    "length": "nm:1/1000000000 μm:1/1000000 mm:1/1000 millimeter:1/1000 毫米:1/1000 cm:1/100 centimeter:1/100 厘米:1/100 dm:1/10 "
    "decimeter:1/10 分米:1/10 m:1 meter:1 米:1 km:1000 kilometer:1000 千米:1000 公里:1000",
    "length^2": "hectare:10000 ha:10000",
    "length^3": "ml:1/1000000 mL:1/1000000 milliliter:1/1000000 毫升:1/1000000 cl:1/100000 dl:1/10000 l:1/1000 L:1/1000 liter:1/1000 "
    "litre:1/1000 升:1/1000",
    "foreign length": "in:1 inch:1 inche:1 ft:12 foot:12 feet:12 yd:36 yard:36 mi:63360 mile:63360",
    "mass": "mg:1/1000 g:1 gram:1 克:1 kg:1000 kilogram:1000 千克:1000 公斤:1000 t:1000000 ton:1000000 tonne:1000000 吨:1000000",
    "foreign mass": "oz:1 ounce:1 lb:16 pound:16",
    "time": "s:1 sec:1 second:1 秒:1 min:60 minute:60 分钟:60 h:3600 hr:3600 hour:3600 小时:3600 day:86400 天:86400 week:604800",
    "calendar": "month:1 year:12 yr:12 年:12",
    "angle": r"\circ:1 degree:1 deg:1 度:1",
    "temperature": "degC:1 degrees Celsius:1 degree Celsius:1",
    "foreign temperature": "degF:1 degrees Fahrenheit:1 degree Fahrenheit:1",
    "money": "cent:1/100 dollar:1 USD:1 €:1 euro:1 £:1 元:1 yuan:1",
    "share": "%:1/100 percent:1/100 per cent:1/100 pct:1/100",
    "speed": "km/h:5/18 kmh:5/18 km/hr:5/18 km per hour:5/18 m/s:1 m/sec:1 cm/s:1/100 m/min:1/60 km/min:50/3 km/s:1000 mph:11176/25000",
    "density": "g/cm:10 kg/m:1",  # of which only the third power is used
    "force": "N:1 kN:1000",
    "energy": "J:1 kJ:1000",
    "power": "W:1 kW:1000",
    "voltage": "V:1 kV:1000",
    "current": "A:1 mA:1/1000",
    "resistance": r"Ω:1 \Omega:1 ohm:1 kΩ:1000",
    "frequency": "Hz:1 kHz:1000",
    "pressure": "Pa:1 kPa:1000",
    "count": "unit:1 square unit:1 cubic unit:1 个:1 人:1 只:1 次:1 张:1 本:1 条:1 棵:1 块:1 件:1 辆:1 页:1 岁:1 种:1 名:1 位:1",
}.items():
    for _entry in re.findall(r"([^:]+):(\S+)\s*", _names):
        _SCALES[_entry[0]] = (_dimension, Fraction(_entry[1]))
for _name in [_name for _name in _SCALES if _name.endswith("meter")]:
    _SCALES[_name[:-2] + "re"] = _SCALES[_name]
_SCALES["rad"] = _SCALES["radian"] = ("angle", Fraction(180 / math.pi))

_ONE_CAPITAL = {name for name in _SCALES if len(name) == 1 and name.isascii() and name.isupper()}
_NAMES = "|".join(re.escape(name) for name in sorted(_SCALES.keys() - _ONE_CAPITAL, key=len, reverse=True))
_UNIT = re.compile(
    rf"(?:\^\s*\{{?\s*(?=\\circ))?(?<![A-Za-z\\])(?P<power>(?:square|sq|cubic|cu)\.?\s*|平方|立方)?"
    rf"(?P<name>{_NAMES}|(?<=\s)[{''.join(sorted(_ONE_CAPITAL))}])s?(?![A-Za-z])"
    r"\}?\s*(?:\^\s*\{?\s*(?P<exponent>[23])\s*\}?)?\s*"
)
_TEMPERATURE = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)\s*([CF])(?![A-Za-z])")
_PART = re.compile(rf"\s*(?:and\s+)?(\d+(?:\.\d+)?)\s*(?:\^\s*\{{?\s*(?=\\circ))?({_NAMES}|''?)s?(?![A-Za-z])\}}?\s*")
_MINUTES_OF_ARC = {"'": ("angle", Fraction(1, 60)), "''": ("angle", Fraction(1, 3600))}
_LEADING_MONEY = re.compile(r"\s*(?:€|£|¥|₹|USD|RMB|US)\s*(?=[\d.])")
_FUNCTION = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_ABOUT = re.compile(r"\s*(?:\\approx|approximately|about|around|exactly)(?![A-Za-z])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A constant with its unit. dimension is None for a bare number; decimal: it was written as a decimal fraction; of_pi: with a pi."""

    value: Value
    dimension: str | None
    scale: Fraction
    decimal: bool
    of_pi: bool = False


def quantity(text: str) -> Quantity | None:
    """The quantity a plain text stands for, None where it is none. The text is at most a few hundred characters."""
    text = _LEADING_MONEY.sub("", _ABOUT.sub("", text, count=1), count=1) if len(text) <= 300 else ""
    number, unit = _without_unit(_TEMPERATURE.sub(r" deg\1", text))
    if unit and _FUNCTION.search(number):
        number, unit = text, None  # in `\sin 30^{\circ}` the degrees are the argument's
    value = constant(number)
    if value is None:
        return _compound(text)
    dimension, scale = unit or (None, Fraction(1))
    return Quantity(value, dimension, scale, "." in number, r"\pi" in number)


def _compound(text: str) -> Quantity | None:
    """`3 h 40 min`, `5 ft 6 in`, `30^{\\circ} 15'`: parts of one dimension, each smaller than the one before. None for anything else."""
    parts, position = [], 0
    while match := _PART.match(text, position):
        parts.append((Fraction(match[1]), *(_MINUTES_OF_ARC.get(match[2]) or _SCALES[match[2]])))
        position = match.end()
        if parts[-1][1:] == _SCALES["m"] and parts[0][1] == "time":
            parts[-1] = (parts[-1][0], *_SCALES["min"])
    falling = all(one[2] > other[2] and one[1] == other[1] for one, other in pairwise(parts))
    if position < len(text) or len(parts) < 2 or not falling:
        return None
    return Quantity(sum((number * scale for number, _, scale in parts), Fraction(0)), parts[0][1], Fraction(1), False)


def _without_unit(text: str) -> tuple[str, tuple[str, Fraction] | None]:
    """Splits a trailing unit off: the text before it, and its dimension and scale."""
    for match in _UNIT.finditer(text):
        if match.end() == len(text) and match.start() > 0:
            return text[: match.start()].strip(), _unit(match)
    return text, None


def _unit(match: re.Match[str]) -> tuple[str, Fraction]:
    dimension, scale = _SCALES[match["name"]]
    power = int(match["exponent"] or 1)
    if match["power"]:
        power = 2 if match["power"].startswith(("sq", "平方")) else 3
    return (dimension, scale) if power == 1 else (f"{dimension}^{power}", scale**power)


def same_quantity(answer: Quantity, gold: Quantity, precision: int | None = None) -> bool:
    """Whether both are the same amount: 250 cm is 2.5 m; a missing unit is understood (radians with pi); 30% is 30 as well as 0.3."""
    decimal = answer.decimal or gold.decimal
    answer, gold = _in_degrees(answer, gold), _in_degrees(gold, answer)
    if answer.dimension == gold.dimension:
        scale = answer.scale / gold.scale
        return equal(_scaled(answer.value, scale), gold.value, precision, decimal)
    if answer.dimension and gold.dimension and "count" not in f"{answer.dimension}{gold.dimension}":
        return False
    if equal(answer.value, gold.value, precision, decimal):
        return True
    if "share" in (answer.dimension, gold.dimension):
        return equal(_scaled(answer.value, answer.scale), _scaled(gold.value, gold.scale), precision, decimal)
    return False


def _in_degrees(angle: Quantity, other: Quantity) -> Quantity:
    """A bare multiple of pi against an angle in degrees is one in radians."""
    if angle.dimension is None and angle.of_pi and other.dimension == "angle" and not other.of_pi:
        return Quantity(math.degrees(angle.value), "angle", Fraction(1), angle.decimal)
    return angle


def _scaled(value: Value, scale: Fraction) -> Value:
    return value * scale if isinstance(value, Fraction) else value * float(scale)
