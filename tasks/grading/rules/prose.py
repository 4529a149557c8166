"""A number among words, against a number."""

import re

from tasks.grading.rules.plain import CHINESE, is_prose, words
from tasks.grading.rules.rule import Context
from tasks.grading.rules.units import quantity, same_quantity

_NUMBER_THEN_WORDS = re.compile(r"([-+]?(?:[\d.,/]*\d|\\frac\{\d+\}\{\d+\}))\s+([^\W\d_]{2}[^\d\\^_+*/=<>{}()\[\]|%$]*)")
_NUMBER_IN_PROSE = re.compile(
    r"(?<![A-Za-z0-9_.\\])-?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?(?![A-Za-z0-9_/^!(\\](?!\s*\{?\s*\\circ)|[万亿千百])"
)
_FORMULA = re.compile(
    r"\d\s*[+*^](?!\s*\{?\s*\\circ)|[+*]\s*\d|\\(?:frac|sqrt|pi|times|cdot|div)(?![A-Za-z])|(?<![A-Za-z])[A-Za-z]\s*[-+*/^]"
)
_BOUNDS = {"not", "than", "least", "most", "between", "except", "over", "under", "above", "below", "never", "neither", "wrong",
           "incorrect", "if", "unless", "might", "could", "cannot", "impossible",
           "anything", "nicht", "kein", "pas", "não"}  # fmt: skip
_REFUSING = {"not", "than", "least", "most", "wrong", "incorrect", "if", "unless", "never", "except"}
_CHANGING = {"half", "twice", "thrice", "double", "triple", "minus", "plus", "squared", "cubed", "dozen"}
"""Words that make another number of one."""
_CHINESE_BOUNDS = re.compile("[不非]|大于|小于|至少|至多|超过|以上|以下|之间|或|若|如果|假设|ない|아니")


def number_with_words(answer: str, gold: str, context: Context) -> bool | None:
    """`5 pairs of socks` against `5`, either way: the number that opens the phrase, if it is the only one."""
    one, other = _NUMBER_THEN_WORDS.fullmatch(answer), _NUMBER_THEN_WORDS.fullmatch(gold)
    if bool(one) == bool(other):
        return None
    if {word.casefold() for word in words((one or other or [""])[0])} & (_REFUSING | _CHANGING):
        return False if one else None
    return _same_amount(one[1] if one else answer, other[1] if other else gold, context)


def number_in_prose(answer: str, gold: str, context: Context) -> bool | None:
    """A sentence against a gold number: the one number in it; none, several different ones or a mere bound are no answer."""
    if not is_prose(answer) or quantity(gold) is None:
        return None
    if _BOUNDS & {word.casefold() for word in words(answer)} or _CHINESE_BOUNDS.search(answer) or "may be" in answer:
        return False
    if _FORMULA.search(answer) or _CHANGING & {word.casefold() for word in words(answer)}:
        return None
    numbers = set(_NUMBER_IN_PROSE.findall(CHINESE.sub(" ", answer)))
    return bool(_same_amount(numbers.pop(), gold, context)) if len(numbers) == 1 else False


def _same_amount(answer: str, gold: str, context: Context) -> bool | None:
    one, other = quantity(answer), quantity(gold)
    return None if one is None or other is None else same_quantity(one, other, context.precision)
