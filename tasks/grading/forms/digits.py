"""Numbers in digits as the world writes them: thousands with any separator (`1,234.5`, `1.234,5`, `1 234`, `12,34,567`), and decimals
that repeat (`0.1\\overline{6}`, `0.(3)`, `0.333…`). Exact, and linear in the text."""

import re
from fractions import Fraction

_GROUPED = (
    (re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"), ","),
    (re.compile(r"[-+]?[1-9]\d{0,2}(?: \d{3})+(?:[.,]\d+)?"), " "),
    (re.compile(r"[-+]?[1-9]\d{0,2}(?:'\d{3})+(?:[.,]\d+)?"), "'"),
    (re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?|[-+]?[1-9]\d{0,2}(?:\.\d{3})+,\d+"), "."),
    (re.compile(r"[-+]?[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?"), ","),  # as India groups
)
_REPEATING = re.compile(
    r"([-+]?)(\d*)\.(\d*)(?:\s*\\(?:overline|bar)\s*(?:\{(\d+)\}|(\d))|\((\d+)\)|\s*\\dot\s*\{?(\d)\}?(?:(\d*)\\dot\s*\{?(\d)\}?)?)"
)
_GOES_ON = re.compile(r"([-+]?)(\d{0,30})\.(\d{2,60})\s*\\ldots")
_MOST_PERIOD = 12


def grouped(text: str) -> Fraction | None:
    """A number whose thousands are separated. None where nothing separates them, or the first group is 0, as in `0,188`."""
    for pattern, separator in _GROUPED:
        if pattern.fullmatch(text):
            return Fraction(text.replace(separator, "").replace(",", "."))
    return None


def repeating(text: str) -> Fraction | None:
    """The fraction that a repeating decimal is. None where the text is none; where three dots follow, digits must have come twice."""
    if match := _REPEATING.fullmatch(text):
        sign, whole, fixed, *marked = match.groups()
        return _repeated(sign, whole, fixed, "".join(part for part in marked if part))
    if match := _GOES_ON.fullmatch(text):
        sign, whole, digits = match.groups()
        for length in range(1, min(_MOST_PERIOD, len(digits) // 2) + 1):
            period = digits[-length:]
            if digits.endswith(2 * period) and (length > 1 or len(digits) < 4 or digits.endswith(3 * period)):
                return _repeated(sign, whole, digits[:-length], period)
    return None


def _repeated(sign: str, whole: str, fixed: str, period: str) -> Fraction:
    """`whole.fixed` followed by the period without end."""
    value = Fraction(int(whole + fixed or "0")) + Fraction(int(period), 10 ** len(period) - 1)
    return (-1 if sign == "-" else 1) * value / 10 ** len(fixed)
