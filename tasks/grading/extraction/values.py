"""Finds the value that a response states without a box: the whole expression after a sentence's verb, never a piece of one."""

import re
from itertools import pairwise

from tasks.grading.extraction.clauses import has_verb, main_clause
from tasks.grading.extraction.compared import before, stated_in, unit_length
from tasks.grading.extraction.found import Extracted
from tasks.grading.extraction.sentences import concludes, refuses
from tasks.grading.extraction.spans import Span
from tasks.grading.forms.plain import plain
from tasks.grading.forms.units import quantity

_SHORT = 6
_THERE = re.compile(
    r"\b(?:there\s(?:is|are|was|were|will be|would be|remains?|must be|should be|have been)|"
    r"(?:we|you|they|he|she|it|i)\s(?:can\s)?(?:see|count|need|needs))"
    r"\s(?:now\s|still\s|also\s)?(?:exactly\s|only\s|a total of\s|about\s|approximately\s|just\s|in total\s)?$",
    re.IGNORECASE,
)
_NONE_THERE = re.compile(
    r"\W{0,4}(?:(?:so|thus|therefore|hence|in the [^,]{1,40}|(?:based on|according to) [^,]{1,60}),?\s)?"
    r"there (?:are|were|will be|would be) (?:now |therefore |currently )?no "
    r"(?!more\b|other|further|enough|answers?\b|options?\b|choices\b|solutions?\b|details\b|ways?\b|results\b|errors?\b|issues\b|known\b|"
    r"restrictions?\b|limits?\b|roots\b|values\b)"
    r"(?:[^\W\d_]{1,20}\s){0,3}?[^\W\d_]{2,20}s\b",
    re.IGNORECASE,
)
_BEST_IN_A_YEAR = re.compile(
    r"\W{0,4}in (?:the year )?((?:1[5-9]|20)\d\d),?\s[^\d,;:]{1,120}\b(?:was|were|is|are|had|reached|hit) (?:at )?(?:the |its |their |a )?"
    r"(?:highest|lowest|largest|smallest|most|fewest|least|greatest|maximum|minimum|peak)"
    r"(?: (?:value|number|level|point|of all|(?:in|on) the (?:chart|graph|figure|table)))?\W{0,4}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"[.*\"'”$]{0,3}\s(?:is|must be|should be)\s(?:therefore\s)?(?:the|our|my)\s(?:final\s|correct\s|right\s|only\s)?(?:answer|"
    r"result|solution)\b",
    re.IGNORECASE,
)
_CONNECTOR = re.compile(
    r"\W{0,4}(?:(?:and|so|thus|therefore|hence|then|finally|in total|in all|altogether|overall|only|exactly|about|approximately|around|"
    r"nearly|roughly|it is|on average|the year)\b\W{1,3}){0,2}\W{0,4}",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"\$?(?:\s(?:and|or)\s|,\s(?:and\s|or\s)?|\s?[、或和]\s?)\$?|"
    r"\$?(?:\s[^\W\d_]{1,12}){0,2}\sor\s(?:maybe\s|perhaps\s|possibly\s)?\$?"
)
_RATIO = re.compile(r"\b(?:ratio|odds)\b", re.IGNORECASE)
_MONTH = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|"
    r"Sept?|Oct|Nov|Dec)\.?)\s$"
)
_NAMED = re.compile(r"\W{0,4}([A-Za-z]\w?)\s?=\s?[^=\n]{1,40}")
_MINUS = re.compile(r"\b(?:minus|negative)\s\$?$", re.IGNORECASE)
_SIDE = re.compile(r"(?<![<>!:=\\])=(?!=)")
_COMMAND = re.compile(r"\\(?!angle)[A-Za-z]+")
_LETTER = re.compile(r"[A-Za-z]")
_OF_THE_OTHERS = re.compile(r"\$?[A-Za-z]\s?(?:[-+*/]\s?[A-Za-z]\s?)+=")
_COPULA = re.compile(r"\b(?:is|are|was|were)\s(?:about\s|approximately\s)?[(*$]{0,3}$", re.IGNORECASE)
_APART = re.compile(r"\b(?:and|while|whereas|but)\b|,", re.IGNORECASE)
_WITH_NOUNS = re.compile(r"\s[^\W\d_]{2,20}(?:\s[^\W\d_]{2,20})?(?:,(?:\sand)?|\sand)\s")
_IN_PASSING = re.compile(r"\([^(),]*\)")
_BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
_ITEM = re.compile(r"\W{0,3}(?:\d{1,2}[.)]|[-*•])\s")
_HOW_MANY = re.compile(r"\W{0,4}there (?:is|are|were|was)\s", re.IGNORECASE)
_MORE_OF_IT = re.compile(r"\W{0,4}(?:they|these|it|those|this|the|each|all)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")


def stated_value(told: list[str]) -> Extracted | None:
    """The value that sentences state: the only one in bold, or that of the likeliest sentence, if none refuses before one is found."""
    if len(told) > 1 and len({match[1] for one in told if (match := _NAMED.fullmatch(one))}) == len(told):
        return Extracted(", ".join(told), "number", told[-1])
    if not refuses(told[-1]) and (bold := _bold_value(told)):
        return bold
    for sentence in _likeliest(told):
        if refuses(sentence):
            return None
        if value := value_in(sentence):
            return Extracted(value, "number", sentence)
        if sentence is told[-1] and len(stated_in(sentence)) > 1:
            return None  # it tells several values, so none of them is the answer, nor is one before them
    return None


def value_in(sentence: str) -> str | None:
    """The value that one sentence states; None where it states none."""
    if _NONE_THERE.match(sentence):
        return "0"
    if year := _BEST_IN_A_YEAR.fullmatch(sentence):
        return year[1]
    clause = main_clause(sentence)
    found = stated_in(clause)
    span = _stated_span(clause, found)
    return _written(clause, found, span) if span else None


def only_value(text: str) -> str | None:
    """The value in an announced text of some words that holds no other number but what it compares with; None for any other text."""
    found = stated_in(text)
    if len(found) != 1 or len(_WORD.findall(text)) < 3 or quantity(plain(text)) is not None or not re.search(r"\d", found[0].text):
        return None
    return value_in(f"It is {text}") if found[0].start == 0 or has_verb(before(text, found[0])) else None


def _bold_value(told: list[str]) -> Extracted | None:
    """The only quantity that a response sets in bold: `The share is highest in **2019**, with 25.8%.`"""
    bold = {match[1].strip(): one for one in told for match in _BOLD.finditer(one) if quantity(plain(match[1])) is not None}
    if len(bold) != 1:
        return None
    [(value, sentence)] = bold.items()
    return Extracted(value, "number", sentence)


def _likeliest(told: list[str]) -> list[str]:
    """The sentences that may state the answer, the likeliest first: the last one, the last conclusion, and all of a short text; where the
    first says how many there are and the others tell more of them, the first. A list at the end is left out."""
    if len(told) > 1 and all(_is_item(one) for one in told[-2:]):
        told = told[: next(place for place in range(len(told), -1, -1) if place == 0 or not _is_item(told[place - 1]))]
    if not told:
        return []
    conclusions = [one for one in told[-_SHORT:] if concludes(one)]
    short = told if len(told) <= _SHORT else []
    counts = len(short) > 1 and not conclusions and _HOW_MANY.match(told[0]) and all(_MORE_OF_IT.match(one) for one in told[1:])
    return list(dict.fromkeys((*told[: int(bool(counts))], told[-1], *conclusions[-1:], *short)))


def _is_item(sentence: str) -> bool:
    """Whether a sentence is an item of a list, and no step that concludes."""
    item = _ITEM.match(sentence)
    return item is not None and not concludes(sentence[item.end() :])


def _stated_span(clause: str, found: list[Span]) -> Span | None:
    """Which of the expressions a clause states: the first after `there are`, the one that it calls the answer, the last after a verb, or
    the one that ends it."""
    if not found:
        return None
    if _several_are_told(clause, found):
        return None
    existing = (span for span in found if _THERE.search(before(clause, span)) or _CALLED.match(clause, span.end))
    if span := next(existing, None):
        return span
    if verbal := [span for span in found if has_verb(before(clause, span))]:
        return verbal[-1]
    if len(found) == 1 and _CONNECTOR.fullmatch(clause[: found[0].start]):
        return found[0]
    if _IN_PASSING.fullmatch(found[-1].text):
        return None
    alone = _joined(clause, found, found[-1])[0] is found[0] or _WORD.search(clause[: found[-1].start])
    return found[-1] if alone and len(_WORD.findall(clause[found[-1].end :])) <= 3 else None


def _several_are_told(clause: str, found: list[Span]) -> bool:
    """Whether a clause tells values of several things: `4 dogs and 3 cats`, `angle 1 is 35° and angle 2 is 55°`."""
    copular = [span for span in found if _COPULA.search(before(clause, span))]
    if len(copular) > 1 and _APART.search(clause[copular[-2].end : copular[-1].start]):
        return True
    pairs = [(one, other) for one, other in pairwise(found) if not _joins(clause, one, other)]
    return any(_WITH_NOUNS.fullmatch(clause[one.end : other.start][:60]) for one, other in pairs)


def _written(clause: str, found: list[Span], span: Span) -> str:
    """An expression as the answer: with those that it is joined to, of a computation its result, and with its unit."""
    first, last = _joined(clause, found, span)
    first = last if _OF_THE_OTHERS.match(last.text) else first
    text = _result(last.text) if first is last else clause[first.start : last.end]
    month = _MONTH.search(before(clause, first))
    text = month[0] + text if month else text
    text = "-" + text if _MINUS.search(before(clause, first)) else text
    return (text + clause[last.end : last.end + unit_length(clause, last)]).strip()


def _joined(clause: str, found: list[Span], span: Span) -> tuple[Span, Span]:
    """The first and the last of the expressions that commas, `and` or `or` join to one: `2 and 3`."""
    first = last = found.index(span)
    while first > 0 and _joins(clause, found[first - 1], found[first]):
        first -= 1
    while last + 1 < len(found) and _joins(clause, found[last], found[last + 1]):
        last += 1
    return found[first], found[last]


def _joins(clause: str, one: Span, other: Span) -> bool:
    """Whether two expressions are one answer: a list, a ratio in words, or a quantity of two units (`3 hours and 20 minutes`)."""
    gap = clause[one.end : other.start]
    if len(gap) > 40:
        return False
    if _JOINT.fullmatch(gap) or gap == " to ":
        return True
    return len(gap) < 20 and quantity(plain(clause[one.start : other.end + unit_length(clause, other)])) is not None


def _result(text: str) -> str:
    """The last side of a computation (`3 + 4 = 7`, `a = b = 7`); an equation that names something stays whole."""
    sides = _SIDE.split(text)
    if len(sides) < 2 or (len(sides) == 2 and _LETTER.search(_COMMAND.sub("", sides[0]))):
        return text
    return sides[-1].strip("$ ")
