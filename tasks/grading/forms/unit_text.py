"""The unit that a text writes: `cm^2`, `sq. ft`, `m s^{-2}`, `J/(kg K)`, `miles per hour`, `kilowatt-hours`, `平方厘米`, `米每秒`.

A small grammar over `unit_table`. pint, the library for it, was tried: it takes 0.24 s to load and 50 to 140 µs a text, `cat` is a
centi-technical-atmosphere to it, `cm2` and `square feet` are not known, and `m**9**9**9` has no end.
"""

import re
from fractions import Fraction
from functools import lru_cache

from tasks.grading.forms.unit_table import Unit, units

MAX_CHARS = 60
_MOST_FACTORS = 6
_MOST_READINGS = 6
_GLUED = frozenset((
    "mm", "cm", "dm", "km", "m", "ml", "mL", "cl", "dl", "l", "L", "mg", "g", "kg", "t", "s", "min", "h", "ms", "μs", "ns", "nm", "μm",
    "kN", "kW", "MW", "GW", "kJ", "MJ", "kPa", "MPa", "Pa", "Hz", "kHz", "MHz", "GHz", "mA", "kV", "mV", "kΩ", "Ω", "eV", "keV", "MeV",
    "GeV", "kWh", "MB", "GB", "KB", "TB", "dB", "mph", "rpm", "kcal", "ppm", "atm", "psi",
))  # fmt: skip
"""Symbols that may follow a number without a blank; others could be variables (`2kT`, `5V`)."""
_LOWER_RATES = re.compile(r"[mgtl]/[shl](?:\^2|/s)?")
_SIGNS = (
    (re.compile(r"\^?\s*\{?\s*\\(?:circ|degree)(?![A-Za-z])\s*\}?"), "°"),
    (re.compile(r"\\(?:cdot|times)(?![A-Za-z])|[·⋅•∙]"), "*"),
    (re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/(\2)"),
    (re.compile(r"\\Omega(?![A-Za-z])"), "Ω"),
    (re.compile(r"\\mu(?![A-Za-z])\s*"), "μ"),
    (re.compile(r"\\ell(?![A-Za-z])"), "l"),
    (re.compile(r"(?<![A-Za-z])([kMGmn])\s+(?=Ω)"), r"\1"),
    (re.compile(r"(?<![A-Za-z])per(?=\s)|每"), "/"),
    (re.compile(r"[{}]"), ""),
    (re.compile(r"\bfluid ounce", re.IGNORECASE), "fluid_ounce"),
    (re.compile(r"\bfl\.? ?oz\b"), "floz"),
    (re.compile(r"(?:\bdegrees?|\bdeg\.?|°)\s*(celsius|centigrade|fahrenheit|[CFK](?![A-Za-z]))", re.IGNORECASE), r"degree_\1"),
    (re.compile(r"\b(light|nautical|astronomical|electron|percentage|pound|kilogram|short|metric)[ -](?=[a-z])", re.IGNORECASE), r"\1_"),
    (re.compile(r"/\s*cent\b", re.IGNORECASE), "percent"),
    (re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z])"), " "),
)
_DEGREES = {"degree_c": "degC", "degree_f": "degF", "degree_k": "K", "degree_celsius": "degC", "degree_fahrenheit": "degF",
            "degree_centigrade": "degC"}  # fmt: skip
_POWERS = str.maketrans({"²": "^2", "³": "^3", "¹": "1", "⁻": "^-", "⁰": "0", "⁴": "^4"})
_TOKEN = re.compile(
    r"\s*(?:(?P<op>[*/()])|(?P<name>[A-Za-zÀ-ÿμΩÅ_]+|[¢€£¥₹₩₽%‰°℃℉﹩]|''?|[^\W\d_a-zA-ZÀ-ÿ]+)\.?(?P<power>\s*\^\s*\(?-?\d\)?|-?[1-4](?!\d))?)\s*"
)
_BEFORE = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "Square": 2, "Cubic": 3, "Sq": 2}
_FIRST_WORDS = {*_BEFORE, "light", "nautical", "astronomical", "electron", "percentage", "kilogram", "short", "metric", "fluid"}
_AFTER = {"squared": 2, "cubed": 3}
_PREFIXED_POWERS = {"平方": 2, "立方": 3, "sq": 2, "cu": 3}

Factor = tuple[tuple[Unit, ...], int, bool]
"""The readings of one name, its exponent, and whether it stands behind a slash."""


def readings(text: str, glued: bool = False) -> tuple[Unit, ...]:
    """What a text may mean as a unit, nothing where it is none. glued: it follows a number without a blank."""
    return _readings(text.strip(), glued) if 0 < len(text) <= MAX_CHARS else ()


@lru_cache(maxsize=8192)
def _readings(text: str, glued: bool) -> tuple[Unit, ...]:
    text = text.translate(_POWERS).replace("^-^", "^-")
    for sign, name in _SIGNS:
        text = sign.sub(name, text)
    text = text.strip()
    text = text[1:-1] if text[:1] + text[-1:] in ("()", "[]") else text
    factors = _factors(text)
    if not factors or not _plausible(text, factors, glued):
        return ()
    return _products(factors)


def _factors(text: str) -> list[Factor]:
    """The factors of a text, all behind the first slash divided by; empty where it is no unit."""
    found: list[Factor] = []
    position, over, before, expects = 0, False, 1, True
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match or match.end() == position or len(found) > _MOST_FACTORS:
            return []
        position = match.end()
        if match["op"] == "(" and not expects:
            return []  # `15 cm (B)`
        if match["op"]:
            over, expects = over or match["op"] == "/", match["op"] in "*/" or expects
            continue
        name = match["name"]
        if name in _BEFORE and not match["power"]:
            before, expects = _BEFORE[name], True
        elif name in _AFTER and found:
            found[-1] = (found[-1][0], found[-1][1] * _AFTER[name], found[-1][2])
        else:
            known, power = named(name)
            if not known:
                return []
            found.append((known, before * power * int((match["power"] or "1").strip(" ^()")), over))
            before, expects = 1, False
    return [] if expects or before != 1 else found


def may_begin(word: str) -> bool:
    """Whether a unit may begin with a word of several letters; tells most words of a sentence apart without reading further."""
    return len(word) < 4 or not word.isascii() or not word.isalpha() or word.casefold() in _FIRST_WORDS or named(word)[0] != ()


def named(name: str) -> tuple[tuple[Unit, ...], int]:
    """The readings of one name and the power in it (`平方厘米` is the second of a centimetre). Words may begin with a capital."""
    table = units()
    name = _DEGREES.get(name.casefold(), name)
    known = table.get(name) or (table.get(name.casefold()) if len(name) > 3 else None)
    if known:
        return known, 1
    prefix = next((prefix for prefix in _PREFIXED_POWERS if name.startswith(prefix)), name)
    return (table.get(name[len(prefix) :], ()), _PREFIXED_POWERS.get(prefix, 1))


def _plausible(text: str, factors: list[Factor], glued: bool) -> bool:
    """Whether the text looks like a unit and not like variables: `2mg` may be 2 milligrams, `2 m g` is no product of metre and gram."""
    names = re.findall(r"[A-Za-zμΩ]+", text)
    if len(factors) == 1:
        return not glued or not names or text[0] in "°(" or len(text) > 3 or names[0] in _GLUED or text.startswith(("'", "_"))
    if names and all(len(name) == 1 and name.islower() for name in names):
        return "^-" in text or bool(_LOWER_RATES.fullmatch(re.sub("[ ()]", "", text)))
    return not glued or not names or names[0] in _GLUED or len(names[0]) > 2 or not names[0].isascii() or "/" in text


def _products(factors: list[Factor]) -> tuple[Unit, ...]:
    """Every product of readings, up to a bound. A name by itself keeps where its scale begins."""
    if len(factors) == 1 and factors[0][1] == 1 and not factors[0][2]:
        return factors[0][0]
    products = [Unit((), Fraction(1))]
    for known, power, over in factors:
        products = [_times(product, unit, -power if over else power) for product in products for unit in known][:_MOST_READINGS]
    return tuple(products)


def _times(product: Unit, unit: Unit, power: int) -> Unit:
    exponents = dict(product.dimension)
    for name, exponent in unit.dimension:
        exponents[name] = exponents.get(name, 0) + exponent * power
    return Unit(tuple(sorted((name, exponent) for name, exponent in exponents.items() if exponent)), product.scale * unit.scale**power)
