"""Rules for answers in words: phrases, yes and no, a number among words, none of these."""

import re

from tasks.grading.latex import CHINESE, text_key, words, words_only
from tasks.grading.rule import Context
from tasks.grading.units import quantity, same_quantity

NONE_OF_THESE = re.compile(
    r"(?:none|neither)(?: (?:of|of the) ?(?:these|those|them|above|others|options|choices|answers|the above|given))*"
    r"(?: (?:answers|options|choices|above|is correct|are correct|given))*",
    re.IGNORECASE,
)
_NUMBER_THEN_WORDS = re.compile(r"([-+]?(?:[\d.,/]*\d|\\frac\{\d+\}\{\d+\}))\s+([^\W\d_]{2}[^\d\\^_+*/=<>{}()\[\]|%$]*)")
_NUMBER_IN_PROSE = re.compile(r"(?<![\w.\\])-?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?(?![\w/])")
_BOUNDS = {"not", "than", "least", "most", "between", "except", "over", "under", "above", "below", "never", "neither"}
_CHINESE_BOUNDS = re.compile("[不非]|大于|小于|至少|至多|超过|以上|以下|之间|或")
_FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "mod", "gcd", "lcm", "arcsin", "arctan",
              "arccos", "sqrt", "frac", "and", "or", "pi", "cdot", "times", "deg"}  # fmt: skip
_LEADING = {"the", "a", "an", "in", "on", "at", "it", "its", "is", "to", "by", "they", "are"}
_TRAILING = {"one", "ones"}
_OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}


def none_of_these(answer: str, gold: str, context: Context) -> bool | None:
    """`None of these`, `none of the above`, `none`: all the same, and different from everything else."""
    one, other = NONE_OF_THESE.fullmatch(answer), NONE_OF_THESE.fullmatch(gold)
    return None if not one and not other else bool(one and other)


def yes_or_no(answer: str, gold: str, context: Context) -> bool | None:
    """`Yes, it is` against `Yes`: the first word decides where its opposite does not follow."""
    said = [word.casefold() for word in words(answer[:500])]
    right = gold.casefold()
    if right not in _OPPOSITES or not said or said[0] not in (right, _OPPOSITES[right]):
        return None
    return said[0] == right and _OPPOSITES[right] not in said


def same_phrase(answer: str, gold: str, context: Context) -> bool | None:
    """`in March` against `March`, `the red one` against `red`: the same but for words that carry no meaning of their own."""
    if not words_only(answer) or not words_only(gold) or max(len(answer), len(gold)) > 200:
        return None
    one, other = _content_words(answer), _content_words(gold)
    return True if one and one == other else None


def _content_words(text: str) -> list[str]:
    """The words in small letters, articles and prepositions before them and `one` behind them left out."""
    found = [word.casefold() for word in words(text)]
    while len(found) > 1 and found[0] in _LEADING:
        del found[0]
    return found[:-1] if len(found) > 1 and found[-1] in _TRAILING else found


def number_with_words(answer: str, gold: str, context: Context) -> bool | None:
    """`5 pairs of socks` against `5`, either way: the number that opens the phrase, if it is the only one."""
    one, other = _NUMBER_THEN_WORDS.fullmatch(answer), _NUMBER_THEN_WORDS.fullmatch(gold)
    if bool(one) == bool(other):
        return None
    return _same_amount(one[1] if one else answer, other[1] if other else gold, context)


def number_in_prose(answer: str, gold: str, context: Context) -> bool | None:
    """A sentence against a gold number: the one number in it; none, several different ones or a mere bound are no answer."""
    if not is_prose(answer) or quantity(gold) is None:
        return None
    if _BOUNDS & {word.casefold() for word in words(answer)} or _CHINESE_BOUNDS.search(answer):
        return False
    numbers = set(_NUMBER_IN_PROSE.findall(CHINESE.sub(" ", answer)))
    return bool(_same_amount(numbers.pop(), gold, context)) if len(numbers) == 1 else False


def _same_amount(answer: str, gold: str, context: Context) -> bool | None:
    one, other = quantity(answer), quantity(gold)
    return None if one is None or other is None else same_quantity(one, other, context.precision)


def different_words(answer: str, gold: str, context: Context) -> bool | None:
    """Where one side is prose there is nothing to compute: not the same text, so not the same answer."""
    named = all(words_only(text) and any(len(word) > 2 for word in words(text)) for text in (answer, gold))
    return False if named or is_prose(answer) or is_prose(gold) else None


def is_prose(text: str) -> bool:
    """Whether the text has words that belong to no formula."""
    return bool(CHINESE.search(text)) or any(len(word) > 3 and word.casefold() not in _FUNCTIONS for word in words(text))


def same_text(answer: str, gold: str, context: Context) -> bool | None:
    """Equal but for case of words, blanks and wrappers."""
    return True if text_key(answer) == text_key(gold) else None
