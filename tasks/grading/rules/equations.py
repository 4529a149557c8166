"""Equations and memberships: `x = 5`, `f(x) = x^2`, `P(X \\ge 2) = 3/8`, `x \\in S`, `22/7 \\approx 3.14`."""

import math
import re
from itertools import pairwise

from tasks.grading.forms.constants import constant
from tasks.grading.forms.plain import split_top_level, text_key
from tasks.grading.forms.units import quantity
from tasks.grading.rules.rule import Context, Said, claimed

_EQUALS = re.compile(r"(?<![<>!:\\])=(?![=<>])")
_MEMBER = re.compile(r"^(?:[A-Za-z]\w*|\(\s*[A-Za-z](?:\s*,\s*[A-Za-z]){1,3}\s*\))\s*\\in(?![A-Za-z])\s*")
_ABOUT = re.compile(r"(?:\\(?:approx|simeq)|^\\sim)(?![A-Za-z])|=(?=\s*\d{1,20}\.\d{1,40}\s*\\ldots$)")
_IN_BRACKETS = re.compile(r"\(\s*\\approx(?![A-Za-z])([^()]{1,60})\)$")
_OPERATOR = re.compile(r"[-+*/^<>|,;=]|\\(?:cdot|times|div|pm|mp|le|ge|leq|geq|lt|gt|neq?|ldots)(?![A-Za-z])")
_INDEX = re.compile(r"_(?:\{\d{1,2}\}|\d)")
_APPLIED = re.compile(r"([A-Za-z])\s*\(\s*([A-Za-z])\s*\)")
_SYMBOL = re.compile(r"[A-Za-z]")
_NAMED = re.compile(r"[A-Za-z\\|]")
_DEGREE = re.compile(r"\^\s*\{\s*(?:-\s*1|\\prime|\\circ)\s*\}|\^\s*\\circ")


def equation(answer: str, gold: str, context: Context) -> bool | None:
    """`x = 5` against `5`: the last right side counts; two equations with the same left side compare their right sides.

    An expression on the left is a name of the value only in an answer: `a + 3z = 0` is not 0. Not there either where it is an equation for
    one unknown, such as `2x = 10`, or all is brought to one side.
    """
    one, other = sides(answer), sides(gold)
    if (len(one) < 2 and len(other) < 2) or any(len(split_top_level(text)) > 1 and text.count("=") > 1 for text in (answer, gold)):
        return None
    if len(one) > 1 and len(other) > 1:
        return _same_equation(one, other, context)
    if len(other) > 1:
        return context.equal(answer, other[-1]) if is_name(other[0]) else _named_by_its_value(other, answer, context)
    if to_be_solved(one[0]) or (not is_name(one[0]) and (value := quantity(one[-1])) is not None and value.value == 0):
        return False
    return False if _contradicts_itself(one) else context.equal(one[-1], gold)


def _contradicts_itself(sides: list[str]) -> bool:
    """`2 + 3 = 6`: two numbers that are not even nearly the same. A percentage or a unit may stand on one side alone."""
    values = [value for side in sides if (value := constant(side)) is not None]
    return any(not math.isclose(one, other, rel_tol=0.05) for one, other in pairwise(values))


def _named_by_its_value(sides: list[str], text: str, context: Context) -> bool | None:
    """`3 + 4 = 7` against `7`: two sides without a name. False of anything else: an equation is not its right side."""
    return context.equal(text, sides[-1]) if all(quantity(side) is not None for side in sides) else False


def _same_equation(one: list[str], other: list[str], context: Context) -> bool | None:
    """Two equations: the right sides, where the left sides name the same."""
    if text_key(one[0]) == text_key(other[0]) or (is_name(one[0]) and is_name(other[0]) and _without_index(one[0], other[0])):
        return context.equal(one[-1], other[-1])
    if len(one) == len(other) == 2 and [text_key(side) for side in one] == [text_key(side) for side in other[::-1]]:
        return True
    applied, gold = _APPLIED.fullmatch(one[0]), _APPLIED.fullmatch(other[0])
    if applied and gold and applied[1] == gold[1]:
        renamed = renamed_symbol(one[-1], applied[2], gold[2])
        return None if renamed is None else context.equal(renamed, other[-1])
    if {one[0], other[0]} == {"y", (applied or gold or [""])[0]}:
        return context.equal(one[-1], other[-1])
    return None


def _without_index(one: str, other: str) -> bool:
    """`x_1` and `x`: the same name, of which one side numbers the solutions."""
    return (_INDEX.sub("", one) == other) != (one == _INDEX.sub("", other))


def renamed_symbol(text: str, symbol: str, other: str) -> str | None:
    """The text with one letter for another; None where the other letter stands there already."""
    if symbol == other:
        return text
    commands = re.split(r"(\\[A-Za-z]+)", text)
    if any(other in piece for piece in commands[0::2]):
        return None
    return "".join(piece if place % 2 else piece.replace(symbol, other) for place, piece in enumerate(commands))


def is_name(text: str) -> bool:
    """Whether a left side names what is asked: `x`, `f^{-1}(x)`, `P(X \\ge 2)`, `\\angle ABC`, `Area`, `\\frac{dy}{dx}`, `|AB|`."""
    text = _DEGREE.sub("", text.strip())
    if text[:1] == text[-1:] == "|" and text.count("|") == 2:
        return True
    top = "".join(outside_brackets(text))
    return (
        bool(text)
        and len(text) <= 80
        and bool(_NAMED.match(text))
        and not _OPERATOR.search(top)
        and not re.match(r"\\(?:sqrt|frac\{\d)", text)
    )


def to_be_solved(text: str) -> bool:
    """Whether a left side is an expression of one unknown, so that its value is not yet what is asked: `2x`, `x^2`, `\\sin x`."""
    if re.match(r"\\(?:lim|sum|prod|int|max|min)(?![A-Za-z])|\|\s*z\s*\|$", text):
        return False  # their letter is bound; |z| is asked of a complex number
    letters = re.findall(r"[A-Za-z]+", re.sub(r"\\[A-Za-z]+", " ", text))
    changed = _OPERATOR.search(text) or re.search(r"\d\s*[A-Za-z]|\\(?:sin|cos|tan|ln|log|sqrt|exp)(?![A-Za-z])", text)
    return bool(changed) and len(set(letters)) == 1 and letters[0] in ("x", "y", "z", "t", "n")


def outside_brackets(text: str) -> list[str]:
    """The characters of a text that stand outside all brackets."""
    depth, kept = 0, []
    for character in text:
        depth += character in "([{"
        if depth == 0:
            kept.append(character)
        depth = max(0, depth - (character in ")]}"))
    return kept


def sides(text: str) -> list[str]:
    """The sides of an equation, `5 = x` turned round; `x \\in S` has the right side S. Signs inside brackets divide nothing."""
    text = _MEMBER.sub("x=", text, count=1)
    if "=" not in text:
        return [text.strip()]
    found = _divided(text)[:8]
    return found[::-1] if len(found) == 2 and len(found[1]) == 1 and found[1].isalpha() and quantity(found[0]) is not None else found


def _divided(text: str) -> list[str]:
    """The pieces between the signs of equality at the top."""
    depth, start, found = 0, 0, []
    signs = {match.start() for match in _EQUALS.finditer(text)}
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if place in signs and depth == 0:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def approximation(answer: str, gold: str, context: Context) -> Said:
    """`\\frac{22}{7} \\approx 3.143` against `\\frac{22}{7}`: what is exact is the answer, where the other is it, rounded.

    `\\approx 7` as a gold answer is 7.
    """
    exact, *rounded = [part.strip() for part in _ABOUT.split(_IN_BRACKETS.sub(r" \\approx \1", answer), maxsplit=2)]
    if not rounded:
        return _of_about(answer, gold, context)
    if not exact or (is_name(exact) and quantity(exact) is None):
        return claimed(context.equal(rounded[-1], gold))
    one, other = quantity(sides(exact)[-1]), quantity(rounded[-1].replace(r"\ldots", ""))
    if (
        one is None
        or other is None
        or not _about(float(one.value), float(other.value) / (100 if ("%" in rounded[-1]) != ("%" in exact) else 1))
    ):
        return None
    said = {context.equal(exact, gold), context.equal(rounded[-1], gold)}
    return True if True in said else (None if None in said else False)


def _about(one: float, other: float) -> bool:
    """Whether a rounded value can be the exact one's."""
    return abs(one - other) <= 0.05 * abs(one)


def _of_about(answer: str, gold: str, context: Context) -> Said:
    """A gold answer `\\approx 7` is 7, and one of `\\frac{\\sqrt 3}{3} \\approx 0.577` is either."""
    parts = [part.strip() for part in _ABOUT.split(gold, maxsplit=2)]
    if len(parts) == 1:
        return None
    meant = [part for part in parts if part and not (is_name(part) and quantity(part) is None)]
    said = {context.equal(answer, part) for part in meant}
    return True if True in said else claimed(None if None in said or not meant else False)
