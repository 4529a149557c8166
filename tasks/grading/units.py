"""Values with units: `20 cm^2`, `54^{\\circ}`, `30%`, `$2.64`. A unit that one side leaves out is taken as understood."""

import re
from dataclasses import dataclass
from fractions import Fraction

from tasks.grading.constants import Value, constant, equal

_SCALES: dict[str, tuple[str, Fraction]] = {}
for _dimension, _names in {
    "length": "mm:1/1000 millimeter:1/1000 cm:1/100 centimeter:1/100 dm:1/10 m:1 meter:1 km:1000 kilometer:1000",
    "foreign length": "in:1 inch:1 inche:1 ft:12 foot:12 feet:12 yd:36 yard:36 mi:63360 mile:63360",
    "mass": "mg:1/1000 g:1 gram:1 kg:1000 kilogram:1000 t:1000000 ton:1000000 tonne:1000000",
    "volume": "ml:1/1000 milliliter:1/1000 cl:1/100 dl:1/10 l:1 liter:1 litre:1",
    "time": "s:1 sec:1 second:1 min:60 minute:60 h:3600 hr:3600 hour:3600 day:86400",
    "angle": r"\circ:1 degree:1 deg:1",
    "money": "cent:1/100 dollar:1 USD:1 €:1 euro:1 £:1",
    "share": "%:1/100 percent:1/100 pct:1/100",
    "speed": "km/h:5/18 kmh:5/18 m/s:1 mph:11176/25000",
    "count": "unit:1 square unit:1",
}.items():
    for _entry in re.findall(r"([^:]+):(\S+)\s*", _names):
        _SCALES[_entry[0]] = (_dimension, Fraction(_entry[1]))
for _name in [_name for _name in _SCALES if _name.endswith("meter")]:
    _SCALES[_name[:-2] + "re"] = _SCALES[_name]

_NAMES = "|".join(re.escape(name) for name in sorted(_SCALES, key=len, reverse=True))
_UNIT = re.compile(
    rf"(?:\^\s*\{{?\s*(?=\\circ))?(?<![A-Za-z\\])(?P<power>(?:square|sq|cubic|cu)\.?\s*)?(?P<name>{_NAMES})s?(?![A-Za-z])"
    r"\}?\s*(?:\^\s*\{?\s*(?P<exponent>[23])\s*\}?)?\s*"
)
_LEADING_MONEY = re.compile(r"\s*(?:€|£|USD)\s*(?=[\d.])")
_ABOUT = re.compile(r"\s*(?:\\approx|approximately|about|around|exactly)(?![A-Za-z])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A constant with its unit. dimension is None for a bare number; decimal: it was written as a decimal fraction."""

    value: Value
    dimension: str | None
    scale: Fraction
    decimal: bool


def quantity(text: str) -> Quantity | None:
    """The quantity a plain text stands for, None where it is none. The text is at most a few hundred characters."""
    text = _LEADING_MONEY.sub("", _ABOUT.sub("", text, count=1), count=1) if len(text) <= 300 else ""
    number, unit = _without_unit(text)
    value = constant(number)
    if value is None:
        return None
    dimension, scale = unit or (None, Fraction(1))
    return Quantity(value, dimension, scale, "." in number)


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
        power = 2 if match["power"].startswith("sq") else 3
    return (dimension, scale) if power == 1 else (f"{dimension}^{power}", scale**power)


def same_quantity(answer: Quantity, gold: Quantity, precision: int | None = None) -> bool:
    """Whether both are the same amount: 250 cm is 2.5 m; a missing unit is understood; 30% is 30 as well as 0.3."""
    decimal = answer.decimal or gold.decimal
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


def _scaled(value: Value, scale: Fraction) -> Value:
    return value * scale if isinstance(value, Fraction) else value * float(scale)
