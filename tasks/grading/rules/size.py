"""An answer that is far too long, too deep or too large to be one: decided by its size, before anything of it is computed.

What a policy can write in ten characters, such as `9^{9^9}`, no machine can write out. An answer of which that must be done first is not
worked out, and so no answer, unless the gold answer is one as well.
"""

import math
import re
from string import ascii_letters

from tasks.grading.forms.magnitude import Beyond, apart, size
from tasks.grading.forms.plain import nesting
from tasks.grading.rules.equations import sides
from tasks.grading.rules.rule import Context

MAX_FORMULA_CHARS = 500
MAX_NESTING = 15
MAX_PARTS = 30
"""Parts of a list, beyond twice those of the gold answer."""
MAX_DIGITS = 4000
"""A power or binomial with more digits than that, also below the point, is not computed."""
MAX_FACTORIAL = 3000
MAX_TERMS = 1000
MAX_EXPANSION = 2000
"""Terms into which a power of a sum (with variables or roots) may be expanded."""
MAX_RAISED = 200
"""The exponent from which on such a power is not expanded, however few its terms."""
MAX_MATRIX_POWER = 50
MAX_BARE_POWER = 400_000
"""The exponent from which on even a power of one letter is nothing to compute with."""
MAX_ROWS = 4
"""Rows of a determinant that is computed."""
_MAYBE_COSTLY = re.compile(r"\^|!|\\(?:i*int|oint|sum|prod|d?binom|choose|begin|det)(?![A-Za-z])")
_INTEGRAL = re.compile(r"\\(?:i*int|oint)(?![A-Za-z])")
_SERIES = re.compile(r"\\(?:sum|prod)(?![A-Za-z])")
_BINOMIAL = re.compile(r"\\[dt]?binom\s*\{(\d{1,30}|10\^\{?\d{1,9}\}?)\}\s*\{(\d{1,30})\}|(?<!\d)(\d{1,30})\s*\\choose\s*(\d{1,30})")
_DETERMINANT = re.compile(r"\\det(?![A-Za-z])|vmatrix")
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_OPERAND = re.compile(r"\\[A-Za-z]+|\d{1,300}(?:\.\d{1,300})?|\S")
_PAIRS = {"(": ")", "{": "}", "[": "]"}


def too_complex(answer: str, gold: str, context: Context) -> bool | None:
    """An answer far longer or deeper than any gold answer, or of far more parts, and not the same text, is no answer."""
    long = len(answer) > max(MAX_FORMULA_CHARS, 2 * len(gold)) or nesting(answer) > MAX_NESTING + nesting(gold)
    return False if long or _separators(answer) > MAX_PARTS + 2 * _separators(gold) else None


def _separators(text: str) -> int:
    return text.count(",") + text.count(";")


def too_large(answer: str, gold: str, context: Context) -> bool | None:
    """`9^{9^9}`, `300000!`, `\\sum_{n=1}^{10^9}`: not worked out, and so not `5`; two such constants differ where their sizes do.

    Of an equation the last side counts: `\\int_0^1 2x\\,dx = 1` is worked out.
    """
    answer, gold = sides(answer)[-1], sides(gold)[-1]
    if not is_costly(answer):
        return False if is_costly(gold) and _differ(answer, gold) else None
    if not is_costly(gold):
        return False if not _near(answer, gold) else None
    return False if _differ(answer, gold) else None


def _differ(one: str, other: str) -> bool:
    a, b = size(one), size(other)
    return a is not None and b is not None and apart(a, b)


def _near(answer: str, gold: str) -> bool:
    """Whether the answer's size is a float's and so near the gold decimal that it may round to it, as `1-(364/365)^{2000}` to `0.996`."""
    if "." not in gold:
        return False
    a, b = size(answer), size(gold)
    return isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 0.01 * abs(b)


def is_costly(text: str) -> bool:
    """Whether a text has a part whose value cannot be written out in a moment."""
    if len(text) > MAX_FORMULA_CHARS or not _MAYBE_COSTLY.search(text):
        return False
    return bool(
        _INTEGRAL.search(text)
        or any(_long_series(text, match.end()) for match in _SERIES.finditer(text))
        or any(_large_power(text, place) for place, sign in enumerate(text) if sign == "^")
        or any(_large_factorial(text, match) for match in re.finditer(r"!+", text))
        or any(_many_digits(rf"\binom{{{n}}}{{{k}}}") for n, k in _binomials(text))
        or (_DETERMINANT.search(text) and text.count(r"\cr") >= MAX_ROWS)
    )


def _long_series(text: str, start: int) -> bool:
    """Whether a sum or product that begins there has no end, or one that is far away."""
    for mark in ("^", "_"):
        place = text.find(mark, start, start + 60)
        limit = _operand_after(text, place + 1) if place >= 0 else ""
        if r"\infty" in limit or _exceeds(limit.rpartition("=")[2], MAX_TERMS):
            return True
    return False


def _large_power(text: str, place: int) -> bool:
    """Whether the power whose `^` stands there has too many digits, or is one of a sum that would be expanded without end."""
    exponent, base = _operand_after(text, place + 1), _operand_before(text, place)
    value = size(exponent)
    if value is None:
        return False
    if isinstance(value, Beyond):
        return True
    if "matrix" in base:
        return abs(value) > MAX_MATRIX_POWER
    bare = base.strip("(){}[] ")
    if not re.search(r"[A-Za-z]", base.replace(r"\frac", "")):
        digits = 0 if bare in ("1", "-1", "0") else sum(map(len, _NUMBER.findall(base)))
        return abs(value) * digits > MAX_DIGITS
    if re.fullmatch(r"\\?[A-Za-z]+", bare):
        return abs(value) > MAX_BARE_POWER
    terms = len(re.findall(r"[-+]", bare))
    return abs(value) > MAX_RAISED or math.comb(int(abs(value)) + terms, terms) > MAX_EXPANSION


def _large_factorial(text: str, signs: re.Match[str]) -> bool:
    """Whether a factorial is of a large number, or of another one's factorial of any size."""
    operand = _operand_before(text, signs.start())
    whole = f"{_operand_before(text, signs.start() - len(operand) - 1)}^{operand}" if _raised(text, signs.start(), operand) else operand
    many = len(signs.group()) > 2
    return any(_exceeds(one, 3 if many else MAX_FACTORIAL) for one in (operand, f"({whole})"))


def _raised(text: str, end: int, operand: str) -> bool:
    return text[: end - len(operand)].endswith("^")


def _binomials(text: str) -> list[tuple[str, str]]:
    return [(match[1] or match[3], match[2] or match[4]) for match in _BINOMIAL.finditer(text)]


def _many_digits(text: str) -> bool:
    value = size(text)
    return isinstance(value, Beyond) and (not isinstance(value.log, float) or abs(value.log) > MAX_DIGITS)


def _exceeds(text: str, limit: float) -> bool:
    """Whether a text is a constant above a limit."""
    value = size(text.strip())
    return (isinstance(value, Beyond) and value.sign > 0 and _grows(value)) or (isinstance(value, float) and value > limit)


def _grows(value: Beyond) -> bool:
    return (isinstance(value.log, Beyond) and value.log.sign > 0) or (isinstance(value.log, float) and value.log > 0)


def _operand_after(text: str, start: int) -> str:
    """What an exponent or index is of: the brackets with what is in them, a number, a command or a sign that begins there."""
    while text[start : start + 1] in (" ", "-", "+") and start < len(text):
        start += 1
    if text[start : start + 1] in _PAIRS:
        return text[start : _closing(text, start) + 1]
    match = _OPERAND.match(text, start)
    return match.group() if match else ""


def _closing(text: str, start: int) -> int:
    """Where the bracket closes that opens at `start`; the end of the text where it does not."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    return len(text)


def _operand_before(text: str, end: int) -> str:
    """What a power or factorial is of: brackets, a number, a command or a letter that ends there."""
    text = text[: max(end, 0)].rstrip()
    if text[-1:] in (")", "]", "}"):
        depth = 0
        for place in range(len(text) - 1, -1, -1):
            depth += (text[place] in ")]}") - (text[place] in "([{")
            if depth == 0:
                return text[place:]
        return text
    number = text[len(text.rstrip("0123456789.")) :]
    letters = text[len(text.rstrip(ascii_letters)) - 1 :] if text[-1:].isalpha() else ""
    return number or (letters if letters.startswith("\\") else text[-1:])
