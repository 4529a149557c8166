"""Numbers that are no formulas: `1,234.5`, `2 1/2`, `0.1\\overline{6}`, `1.5e3`, `3rd`, `twenty-one`. Exact, and linear in the text."""

import re
from fractions import Fraction

from tasks.grading.forms.digits import grouped, repeating
from tasks.grading.forms.number_words import number_word

_MIXED = re.compile(r"([-+]?)\s*(\d+)(?:\s+(?:and\s+)?(\d+)\s*/\s*(\d+)|\s*(?:\sand\s+)?\\frac\{(\d+)\}\{(\d+)\})")
_SCIENTIFIC = re.compile(r"([-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))[eE]([-+]?\d{1,2})")
_ORDINAL = re.compile(r"(?:the )?(\d{1,9})(?:st|nd|rd|th)")


def numeral(text: str) -> Fraction | None:
    """The number that a plain text writes in one of these ways; None where it is written in none of them."""
    readings = (grouped, number_word, _mixed_fraction, repeating, _scientific, _ordinal)
    return next((value for reading in readings if (value := reading(text)) is not None), None)


def _scientific(text: str) -> Fraction | None:
    """`1.5e-3`. None where the text is not written so."""
    match = _SCIENTIFIC.fullmatch(text)
    return Fraction(match[1]) * Fraction(10) ** int(match[2]) if match else None


def _ordinal(text: str) -> Fraction | None:
    """`3rd` as 3. None where the text is no ordinal."""
    match = _ORDINAL.fullmatch(text)
    return Fraction(match[1]) if match else None


def _mixed_fraction(text: str) -> Fraction | None:
    """`2 1/2`, `2\\frac{1}{2}` or `2 and 1/2`: the whole and the proper fraction added. None where the text is no mixed fraction."""
    match = _MIXED.fullmatch(text)
    if not match:
        return None
    sign, whole, *parts = match.groups()
    numerator, denominator = (int(part) for part in parts if part)
    if numerator >= denominator:
        return None
    return (-1 if sign == "-" else 1) * (int(whole) + Fraction(numerator, denominator))
