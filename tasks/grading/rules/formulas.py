"""Tells formulas with variables apart by their values at some points, which is far cheaper than algebra.

Equal values prove nothing here (math-verify decides then); clearly different ones prove that the formulas differ.
"""

import re

from tasks.grading.forms.constants import value_at, variables
from tasks.grading.rules.equations import renamed_symbol
from tasks.grading.rules.rule import OPEN, Context, Said, claimed

_POINTS = ((0.731, 1.317, 0.415, 2.093, 1.771, 0.594), (1.234, 0.618, 1.902, 0.357, 0.841, 1.559))
_CLEARLY = 1e-3
_NO_VARIABLES = {"e", "i", r"\circ", r"\infty"}
_NO_LETTER = re.compile(r"\\(?:log|(?:sin|cos|tan)h|[lr](?:floor|ceil)|max|min|gcd|mod|cancel)$")
_ENOUGH, _MOST_DECLARED = 4, 300
_CONSTANT = re.compile(r"(.*\S)\s*\+\s*([CcKk](?:_\{?[0-9]\}?)?|const(?:ant)?)")
_DECLARATION = re.compile(
    r"[\s,;(]+(?:(?:for|where|with)(?![A-Za-z])|(?=[A-Za-z]\s*(?:\\in(?![A-Za-z])|is\s)|[nk]\s*\\ge\s*[01]\b))|"
    r"[,;(]\s*(?=(?:[A-Za-z]\s*,\s*){1,3}[A-Za-z]\s*\\in(?![A-Za-z]))"
)
_COUNTED_FROM = re.compile(r"[nk]\s*\\ge\s*[01]\)?")
_DECLARING = {
    "any", "all", "some", "every", "each", "a", "an", "is", "are", "the", "real", "rational", "complex", "integer", "integers", "natural",
    "constant", "constants", "number", "numbers", "arbitrary", "fixed", "value", "of", "and", r"\in", r"\mathbb", "{", "}", ",", ")",
}  # fmt: skip
_PERIOD = re.compile(r"(?<![A-Za-z\\])([knmNKM])\s*\\pi(?![A-Za-z])|\\pi\s*([knmNKM])(?![A-Za-z])")
_LETTER = re.compile(r"(?<![A-Za-z\\{])([b-zB-Z])(?![A-Za-z}])")
_KINDS = {"Z": "Z", "integer": "Z", "integers": "Z", "N": "N", "natural": "N", "R": "R", "real": "R", "Q": "Q", "rational": "Q", "C": "C",
          "complex": "C"}  # fmt: skip
_KIND = re.compile(r"(?<=\{)[ZNRQC](?=\})|(?:integers?|natural|real|rational|complex)(?![a-z])")
_J, _I = (re.compile(rf"^[-+\d.\s(]*(?<![A-Za-z\\]){letter}(?![A-Za-z])[-+\d.\s)]*$") for letter in "ji")
_MAYBE_A_UNIT = re.compile(r"[A-Za-z]{2}|\s[A-Za-z]\s*$")


def differs_at_a_point(answer: str, gold: str, context: Context) -> bool | None:
    """False where both can be evaluated at one of the points (all positive) and clearly differ there.

    Where only one side has letters they may be a unit's, so it must look like a formula's.
    """
    one, other = variables(answer), variables(gold)
    names = sorted(one | other)
    if not 0 < len(names) <= len(_POINTS[0]) or _NO_VARIABLES & {*names} or any(_NO_LETTER.match(name) for name in names):
        return None
    if bool(one) != bool(other) and _MAYBE_A_UNIT.search(re.sub(r"\\[A-Za-z]+", "", answer if one else gold)):
        return None
    for values in _POINTS:
        point = dict(zip(names, values, strict=False))
        a, b = value_at(answer, point), value_at(gold, point)
        if a is not None and b is not None and abs(a - b) > _CLEARLY * max(abs(a), abs(b)):
            return False
    return None


def same_antiderivative(answer: str, gold: str, context: Context) -> Said:
    """`x^3/3 + c` against `\\frac13 x^3 + C`: the constant's name is free, and the two may differ by a constant."""
    one, other = _CONSTANT.fullmatch(answer), _CONSTANT.fullmatch(gold)
    if not one or not other or "=" in answer + gold or not _same_constant(one[2], other[2]):
        return None
    if (equal := context.equal(one[1].strip(), other[1].strip())) is True:
        return True
    names = sorted(variables(one[1]) | variables(other[1]))
    if len(names) != 1 or names[0].isupper() or not other[2].startswith("C"):
        return claimed(equal)
    differences = [_difference(one[1], other[1], {names[0]: value}) for value in (*_POINTS[0], *_POINTS[1])]
    told = [difference for difference in differences if difference is not None]
    if len(told) < _ENOUGH:
        return OPEN
    return max(told) - min(told) <= 1e-9 * max(1.0, *map(abs, told))


def integrands(text: str) -> tuple[str, str]:
    """An antiderivative without its constant, and the one letter in it; nothing where it has no constant `+ C`, or several letters."""
    match = _CONSTANT.fullmatch(text)
    names = sorted(variables(match[1])) if match and "=" not in text else []
    return (match[1].strip(), names[0]) if match and len(names) == 1 and match[2][:1] in "Cc" else ("", "")


def imaginary_unit(answer: str, gold: str, context: Context) -> Said:
    """`3 + 4j` against `3 + 4i`: engineers call the imaginary unit j."""
    for one, other, turned in ((answer, gold, False), (gold, answer, True)):
        if _J.search(one) and _I.search(other) and (renamed := renamed_symbol(one, "j", "i")):
            return claimed(context.equal(*((other, renamed) if turned else (renamed, other))))
    return None


def _same_constant(answer: str, gold: str) -> bool:
    """Whether a letter may stand for the constant of the gold answer: C may have any name, another letter must be it, or C."""
    return gold.startswith(("C", "const")) or answer.startswith(("C", "const")) or answer == gold


def _difference(one: str, other: str, point: dict[str, float]) -> float | None:
    """How much two formulas differ at a point; None where one cannot be evaluated there."""
    a, b = value_at(one, point), value_at(other, point)
    return None if a is None or b is None else a - b


def qualified(answer: str, gold: str, context: Context) -> Said:
    """`f(x) = cx for any constant c` and `\\frac{\\pi}{4} + k\\pi, k \\in \\mathbb{Z}`: what says what a letter stands for says no more.

    Where both declare a letter it is the same kind of number, and its name is free.
    """
    (one, mine), (other, theirs) = _declared(answer), _declared(gold)
    if not mine and not theirs:
        return _same_period(answer, gold, context)
    kinds = _kinds(mine), _kinds(theirs)
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        return None
    letters = _LETTER.findall(mine)[-1:], _LETTER.findall(theirs)[-1:]
    renamed = renamed_symbol(one, letters[0][0], letters[1][0]) if all(letters) else one
    return None if renamed is None else claimed(context.equal(renamed, other))


def _same_period(answer: str, gold: str, context: Context) -> Said:
    """`\\frac{\\pi}{4} + n\\pi` against `\\frac{\\pi}{4} + k\\pi`: the only letter in each counts the periods."""
    one, other = (["".join(found) for found in _PERIOD.findall(text)] for text in (answer, gold))
    if len(one) != 1 or len(other) != 1 or one == other or variables(answer) != {*one} or variables(gold) != {*other}:
        return None
    renamed = renamed_symbol(answer, one[0], other[0])
    return None if renamed is None else claimed(context.equal(renamed, gold))


def _declared(text: str) -> tuple[str, str]:
    """A formula and what declares its letters; nothing where no declaration ends the text, or it says more, such as `x > 0`."""
    match = _DECLARATION.search(text) if len(text) <= _MOST_DECLARED else None
    if not match or not text[: match.start()].strip():
        return text, ""
    words = re.findall(r"\\?[A-Za-z]+|\S", text[match.end() :])
    closed = all(word in _DECLARING or (len(word) == 1 and word.isalpha()) for word in words)
    counted = _COUNTED_FROM.fullmatch(text, match.end())
    return (text[: match.start()].strip(), text[match.end() :]) if words and (closed or counted) else (text, "")


def _kinds(text: str) -> set[str]:
    """Which numbers a declaration speaks of."""
    return {_KINDS[word] for word in _KIND.findall(text)}
