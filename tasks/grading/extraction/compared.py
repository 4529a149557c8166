"""Tells which expressions of a clause it states, and which it only compares with (`smaller than 0`), counts from (`between 1 and 100`),
names something by (`step 2`, `f(5)`), or has as a part of a word (`5-year-old`).
"""

import re

from tasks.grading.extraction.spans import Span, number_words, spans
from tasks.grading.forms.plain import plain
from tasks.grading.forms.units import quantity

_BEFORE_CHARS = 80
_COMPARED = re.compile(
    r"(?:\b(?:than|after|before|until|over|under|above|below|exceed\w*|at least|at most|up to|from|out of|per|every|each|within|"
    r"beyond|past|"
    r"divisible by|multiples? of|divided by|multiplied by|not|isn't|cannot be|nicht|niet|no es|não é|non è|pas|can['’]t be|"
    r"anything but|never|nor|without|except|"
    r"besides|versus|vs|since|between|among|"
    r"maximum of|minimum of|"
    r"of (?:the|these|those|all)|f|step|case|figs?|figures?|table|question|problem|example|part|equation|page|exercise|section|"
    r"option|choice|"
    r"chapter|no|level|round|nearest|first reach(?:es|ed)|if|when|(?<!left )(?<!remain )(?<!up )with|for|the (?:first|last|top)|"
    r"next|previous|class|"
    r"grade|room|aged|"
    r"image|picture)"
    r"|小于|大于|超过|少于|多于|不到|至少|至多|第|不是)[\s.]{0,2}"
    r"(?:or equal to\s|the\s|about\s|years?\s|an?\s|exactly\s)?[(*\"'“$]{0,3}$|"
    r"\b(?:between|from)\s[^;]{1,40}\s(?:and|to)\s\W{0,3}$",
    re.IGNORECASE,
)
_OR_MORE = re.compile(
    r"\s?(?:\w{1,20}\s)?(?:or (?:more|less|fewer|greater|above|below)|at (?:least|most)|and (?:above|below|over|up)|以上|"
    r"以下)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:ではな|じゃな|이 아니)|\s(?:(?:cannot|can['’]t|could not) be\b|(?:is|are) not (?:the|an?|correct|valid|possible)\b)", re.IGNORECASE
)
_TITLE = re.compile(
    r"[a-z,]\s(?!(?:Rs|Eur|Yen|Dollars?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\s)[A-Z][a-z]{2,15}\s\(?$"
)
"""A name that a number ends: `Bar 1`, `Team 2`."""
_IN_A_WORD = re.compile(r"-?[A-Za-z]")
_CALL = re.compile(r"(?:[A-Za-z](?:_?\d{1,2})?|\\?(?:sin|cos|tan|log|ln))\s?\([^()=]{0,40}\)")
_NAME = re.compile(r"[A-Za-z]_?\{?\d{1,3}\}?'?|[A-Za-z]'?")
_SCALE = re.compile(
    r"\s(?:hundred|thousand|million|billion|trillion|dozen|percent|per cent)\b|\s?(?:[ap]\.m\.|[AaPp][Mm]\b|o['’]clock\b)",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(r"\s(?:in|a|an|at)\s\w", re.IGNORECASE)
_UNIT = re.compile(
    r"\s?((?:(?:square|cubic|sq\.?|cu\.?)\s)?[^\W\d_]{1,12}(?:\s?\^?\{?[23²³]\}?(?!\d))?(?:/[^\W\d_]{1,6}|\sper\s[^\W\d_]{1,8})?)"
)


def stated_in(clause: str) -> list[Span]:
    """The expressions that a clause may state; where it has none, its number words (`three cubes`)."""
    found = [span for span in spans(clause) if _may_be_stated(clause, span)]
    return found or [span for span in number_words(clause) if not _COMPARED.search(before(clause, span))]


def before(clause: str, span: Span) -> str:
    """What stands shortly before an expression."""
    return clause[max(0, span.start - _BEFORE_CHARS) : span.start]


def _may_be_stated(clause: str, span: Span) -> bool:
    """Whether an expression is nothing that is compared with, no name, no call of a function and no part of a word."""
    lead = before(clause, span)
    if _COMPARED.search(lead) or _CALL.fullmatch(span.text) or _NAME.fullmatch(span.text) or _OR_MORE.match(clause, span.end):
        return False
    if _DENIED.match(clause, span.end):
        return False
    if _TITLE.search(lead) or lead[-1:] == "/" or (lead[-1:].isalnum() and lead[-1:].isascii()):
        return False
    return not _IN_A_WORD.match(clause, span.end) or unit_length(clause, span) > 0


def unit_length(clause: str, span: Span) -> int:
    """The length of the unit, or the `thousand`, that follows an expression; 0 where none does."""
    if scale := _SCALE.match(clause, span.end):
        return len(scale[0])
    value = plain(span.text.rpartition("=")[2])
    match = None if span.text.isalpha() else _UNIT.match(clause, span.end)
    if not match or _PREPOSITION.match(clause, span.end) or quantity(value) is None or quantity(plain(value + match[0])) is None:
        return 0
    return len(match[0])
