"""Answers in words: the same text, none of these, and words that differ."""

import re

from tasks.grading.forms.plain import is_prose, text_key, words, words_only
from tasks.grading.rules.rule import Context

NONE_OF_THESE = re.compile(
    r"(?:none|neither)(?: (?:of|of the) ?(?:these|those|them|above|others|options|choices|answers|the above|given))*"
    r"(?: (?:answers|options|choices|above|is correct|are correct|given))*",
    re.IGNORECASE,
)


def same_text(answer: str, gold: str, context: Context) -> bool | None:
    """Equal but for case of words, blanks and wrappers."""
    return True if text_key(answer) == text_key(gold) else None


def none_of_these(answer: str, gold: str, context: Context) -> bool | None:
    """`None of these`, `none of the above`, `none`: all the same, and different from everything else."""
    one, other = NONE_OF_THESE.fullmatch(answer), NONE_OF_THESE.fullmatch(gold)
    return None if not one and not other else bool(one and other)


def different_words(answer: str, gold: str, context: Context) -> bool | None:
    """Where one side is prose there is nothing to compute: not the same text, so not the same answer."""
    named = all(words_only(text) and any(len(word) > 2 for word in words(text)) for text in (answer, gold))
    return False if named or is_prose(answer) or is_prose(gold) else None
