"""A number among words, against a number."""

import re

from tasks.grading.forms.number_words import leading_number
from tasks.grading.forms.plain import is_prose, words
from tasks.grading.forms.units import quantity, same_quantity
from tasks.grading.rules.rule import Context

_NUMBER_THEN_WORDS = re.compile(r"﹩?([-+]?(?:[\d.,/]*\d|\\frac\{\d+\}\{\d+\}))\s+([^\W\d_]{2}[^\d\\^_+*/=<>{}()\[\]|%$]*)")
_NUMBER_IN_PROSE = re.compile(
    r"(?<![A-Za-z0-9_.\\])-?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?(?![A-Za-z0-9_/^!(\\](?!\s*\{?\s*\\circ)|[万亿千百])"
)
_FORMULA = re.compile(
    r"\d\s*[+*^](?!\s*\{?\s*\\circ)|[+*]\s*\d|\\(?:frac|sqrt|pi|times|cdot|div)(?![A-Za-z])|(?<![A-Za-z])[A-Za-z]\s*[-+*/^]"
)
_BOUNDS = {
    "not", "than", "least", "most", "between", "except", "over", "under", "above", "below", "never", "neither", "wrong", "incorrect", "if",
    "unless", "might", "could", "cannot", "impossible", "anything", "nicht", "kein", "keine", "pas", "não", "jamais", "nunca", "jamás",
    "niemals",
}  # fmt: skip
_REFUSING = {"not", "than", "least", "most", "wrong", "incorrect", "if", "unless", "never", "except"}
_CHANGING = {"half", "twice", "thrice", "double", "triple", "minus", "plus", "squared", "cubed"}
"""Words that make another number of one."""
_CHINESE_BOUNDS = re.compile("[不非]|大于|小于|至少|至多|超过|以上|以下|之间|或|若|如果|假设|ない|아니|않")
_PART_OF = re.compile(r"\b(?:half|thirds?|quarters?|fourths?|percent|%) of (?:the )?\d", re.IGNORECASE)
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:[- ][^\W\d_]+)+\.?")
_UNIT_WORDS = re.compile(r"\s*(?:\^\s*\{?\s*\\circ\s*\}?\s*)?[^\W\d_%]*%?(?:\^\{?\d\}?)?")
_NO_UNITS = {"in", "a", "at", "as", "s", "C", "F", "A"}
_CHINESE_NUMBER = re.compile(
    "([二两三四五六七八九十][十百千万零一二三四五六七八九]{0,8}|一[十百千万][十百千万零一二三四五六七八九]{0,8}|一(?=[个种条人次]))"
    "(?=[个種种条人次本张只天元岁块件辆页名位米小分厘])"
)
_BEFORE_ONE = {"is", "are", "only", "exactly", "just", "has", "have", "be", "was"}
_AFTER_PRONOUN = {"of", "that", "who", "which", "with", "another"}


def number_with_words(answer: str, gold: str, context: Context) -> bool | None:
    """`5 pairs of socks`, `five pairs` against `5`, either way: the number that opens the phrase, if it is the only one."""
    one, other = _opening_amount(answer), _opening_amount(gold)
    if bool(one) == bool(other):
        return None
    if {word.casefold() for word in words(answer if one else gold)} & (_REFUSING | _CHANGING):
        return False if one else None
    return _same_amount(one or answer, other or gold, context)


def _opening_amount(text: str) -> str | None:
    """The number, with the unit right behind it, that opens a phrase of a number and words; None where the text is no such phrase."""
    match = _NUMBER_THEN_WORDS.fullmatch(text)
    if match and not leading_number(text[:200].split()[:2]):
        return _with_unit(match[1], f" {match[2]}")
    if len(text) > 200 or not (match or _WORDS_ONLY.fullmatch(text)):
        return None
    said = text.split()
    found = leading_number(said)
    if not found or found[1] == len(said) or said[found[1]].casefold() in _AFTER_PRONOUN | {"or", "and", "to", "by"}:
        return None
    return None if any(leading_number(said[at:]) for at in range(found[1], len(said))) else " ".join(said[: found[1]])


def number_in_prose(answer: str, gold: str, context: Context) -> bool | None:
    """A sentence against a gold number: the one number in it; none, several different ones or a mere bound are no answer."""
    if not is_prose(answer) or quantity(gold) is None:
        return None
    if (
        _BOUNDS & {word.casefold() for word in words(answer)}
        or _CHINESE_BOUNDS.search(answer)
        or _PART_OF.search(answer)
        or "may be" in answer
    ):
        return False
    if _FORMULA.search(answer) or _CHANGING & {word.casefold() for word in words(answer)}:
        return None
    numbers = {_with_unit(match[0], answer[match.end() :]) for match in _NUMBER_IN_PROSE.finditer(answer)} or _worded(answer[:500])
    return bool(_same_amount(numbers.pop(), gold, context)) if len(numbers) == 1 else False


def _with_unit(number: str, rest: str) -> str:
    """The number together with the unit that stands right behind it, where there is a known one that can be nothing else."""
    match = _UNIT_WORDS.match(rest)
    unit = match[0].strip() if match else ""
    together = f"{number} {unit}"
    return together if unit and (unit not in _NO_UNITS or len(rest.strip()) == len(unit)) and quantity(together) is not None else number


def _worded(text: str) -> set[str]:
    """The numbers in words of a sentence. `one` counts only where it counts something (`there is one way`)."""
    found = {match[1] for match in _CHINESE_NUMBER.finditer(text)}
    said = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text)
    at, ones = 0, set[str]()
    while at < len(said):
        number = None if said[at].casefold() in ("a", "an", "half") else leading_number(said[at:])
        if number and said[at].casefold() == "one" and number[1] == 1:
            before, after = said[at - 1].casefold() if at else "", said[at + 1].casefold() if at + 1 < len(said) else "of"
            ones |= {"1"} if before in _BEFORE_ONE and after not in _AFTER_PRONOUN else set()
        elif number:
            found.add(" ".join(said[at : at + number[1]]))
        at += number[1] if number else 1
    return found or ones


def _same_amount(answer: str, gold: str, context: Context) -> bool | None:
    one, other = quantity(answer), quantity(gold)
    return None if one is None or other is None else same_quantity(one, other, context.precision)
