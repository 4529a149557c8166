"""Answers in words: the same text, the same phrase, yes and no, none of these."""

import re

from tasks.grading.rules.plain import is_prose, text_key, words, words_only
from tasks.grading.rules.rule import Context

NONE_OF_THESE = re.compile(
    r"(?:none|neither)(?: (?:of|of the) ?(?:these|those|them|above|others|options|choices|answers|the above|given))*"
    r"(?: (?:answers|options|choices|above|is correct|are correct|given))*",
    re.IGNORECASE,
)
_LEADING = {"the", "a", "an", "in", "on", "at", "it", "its", "is", "to", "by", "they", "are"}
_TRAILING = {"one", "ones"}
_OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}


def same_text(answer: str, gold: str, context: Context) -> bool | None:
    """Equal but for case of words, blanks and wrappers."""
    return True if text_key(answer) == text_key(gold) else None


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


def different_words(answer: str, gold: str, context: Context) -> bool | None:
    """Where one side is prose there is nothing to compute: not the same text, so not the same answer."""
    named = all(words_only(text) and any(len(word) > 2 for word in words(text)) for text in (answer, gold))
    return False if named or is_prose(answer) or is_prose(gold) else None
