"""Numbers in a base: `204_5`, `(101)_2`, `204 base 5`, `0x1F`, and the digits alone where only the gold answer names its base."""

import re

from tasks.grading.rules.rule import Context

_NAMES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
          "sixteen": 16, "binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16, "hex": 16}  # fmt: skip
_DIGITS = r"(-?)\s*(?:\(\s*([0-9A-Za-z][0-9A-Za-z ]{0,60})\s*\)|([0-9A-Za-z][0-9A-Za-z ]{0,60}?))"
_NAMED = r"(\d{1,2}|[a-z]{2,11})"
_SUBSCRIPT = re.compile(rf"{_DIGITS}\s*_\s*(?:\{{\s*\(?\s*{_NAMED}\s*\)?\s*\}}|{_NAMED})")
_WORDED = re.compile(rf"{_DIGITS}\s*(?:,|\()?\s*(?:in|is in)?\s*base[- ]?{_NAMED}\s*\)?")
_PREFIXED = re.compile(r"(-?)0([xXbBoO])([0-9A-Fa-f]{1,60})")
_PREFIXES = {"x": 16, "b": 2, "o": 8}
_HEXADECIMAL = re.compile(r"(?=[0-9A-F]*[A-F])[0-9A-F]{2,60}")
_ALONE = re.compile(r"(-?)(\d{1,60})")


def same_base(answer: str, gold: str, context: Context) -> bool | None:
    """The same digits in the same base. An answer may leave out a base that the gold answer names, as the question did; one that names a
    base where the gold answer has none is another number, `101_3` is ten and not 101."""
    one, other = in_base(answer), in_base(gold)
    if one and other:
        return one == other
    if one is None and other is None:
        return None
    bare = (gold if one else answer).replace(" ", "")
    if (alone := _ALONE.fullmatch(bare)) is None:
        return True if _HEXADECIMAL.fullmatch(bare) and (one or other) == (bare, 16) else None
    digits = alone[1] + (alone[2].lstrip("0") or "0")
    return digits == other[0] if other else one == (digits, 10)


def in_base(text: str) -> tuple[str, int] | None:
    """The digits, in capitals and without zeros before them, and the base of a plain text; None where it names no base that has them."""
    if match := _PREFIXED.fullmatch(text):
        sign, digits, base = match[1], match[3], _PREFIXES[match[2].lower()]
    elif match := _SUBSCRIPT.fullmatch(text) or _WORDED.fullmatch(text):
        sign, digits, name = match[1], match[2] or match[3], next(part for part in match.groups()[3:] if part)
        base = int(name) if name.isdigit() else _NAMES.get(name, 0)
    else:
        return None
    digits = digits.replace(" ", "").upper()
    if not 2 <= base <= 36 or not (any(map(str.isdigit, digits)) or (base == 16 and len(digits) > 1)):
        return None  # a letter with an index is a variable
    if any(int(digit, 36) >= base for digit in digits):
        return None
    return sign + (digits.lstrip("0") or "0"), base
