"""Finds a choice that a sentence names by its text, and the `Yes` or `No` with which a response opens.

A sentence that names two choices, or denies, names none.
"""

import re

from tasks.grading.extraction.found import Extracted
from tasks.grading.extraction.sentences import refuses
from tasks.grading.forms.plain import plain, text_key

_YES_NO = re.compile(
    r"\W{0,4}(?:[A-H][).:]\s{1,2})?(?:(?:so|thus|therefore|hence)\b,?\s)?(?:(?:based on [^,.]{1,80}|according to [^,.]{1,80}|"
    r""
    r"the (?:answer|statement|claim|assertion) is|i(?: would|['’]d) (?:say|answer)|"
    r"i (?:think|believe)|in conclusion)\b,?\s{0,2}(?:that\s)?)?(yes|no|true|false)\b(?!\s(?:\w+\s)?(?:one|two|three|matter|"
    r"solution|way|information|more|longer))"
    r"(?=[,.:;!*\s—–-]|$)",
    re.IGNORECASE,
)
_CONTRADICTED = re.compile(r"\b(?:but|or|actually|wait)\b[\s,]*(?:actually[\s,]*)?(yes|no|true|false)\b", re.IGNORECASE)
_YES_OR_NO = {"yes", "no", "true", "false"}
_FOLLOWED = re.compile(r"\s*\W{0,3}(?:$|[,.:;!—–-]\s?|\s+(?:it|they|the|this|that|because|since|as|there|he|she|we|i)\b)", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|never|no|neither|nor|none|cannot|except|without|rather than|instead of|unlike|isn|aren|wasn|doesn)\b|"
    r"n[’']t\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r",\s(?:and )?not\b|"
    r",?\s(?:as|because|since|which|while|whereas|compared|although|followed|rather|instead)\b|，|因为"
)
_CONDITION = re.compile(r"\W{0,4}(?:if|when|since|because|after|unlike|compared (?:to|with))\b[^,]{0,200},", re.IGNORECASE)
_COPULA = re.compile(r"\s(?:is|are|was|were|be)\s|:\s")
_WORD = re.compile(r"[^\W_]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})s$")
_QUOTES = re.compile(r"[\"'“”‘’*`]")


def yes_or_no(told: list[str], choices: tuple[str, ...]) -> Extracted | None:
    """The word with which the first or the last sentence says yes or no; the sentence itself where it goes on to say the opposite, or also
    tells a number and no choices are known, as nobody can say which of the two was asked for."""
    keys = {text_key(choice) for choice in choices}
    if choices and not keys & _YES_OR_NO:
        return None
    for sentence in (told[-1], told[0]):
        match = _YES_NO.match(sentence)
        if match and _FOLLOWED.match(sentence, match.end()) and (not keys or match[1].casefold() in keys):
            opposite = _CONTRADICTED.search(sentence, match.end())
            whole = (not choices and re.search(r"\d", sentence)) or (opposite and opposite[1].casefold() != match[1].casefold())
            return Extracted(sentence if whole else match[1], "yes_no", sentence)
    return None


def named_choice(told: list[str], choices: tuple[str, ...]) -> Extracted | None:
    """The one choice whose text stands in the last sentence that names any, or else in the first."""
    keys = [key if (key := _key(choice)).strip() not in _YES_OR_NO else "" for choice in choices]
    if not any(keys) or len(set(filter(None, keys))) != len(list(filter(None, keys))):
        return None
    for sentence in dict.fromkeys((*reversed(told[-3:]), *told[:1])):
        if refuses(sentence) and not any(map(refuses, choices)):
            return None
        named = _named(sentence, keys)
        if len(named) > 1:
            ending = _named(_COPULA.split(sentence)[-1], keys)
            named = ending if len(ending) == 1 and " than " not in sentence else named
        if len(named) > 1:
            named = _named(_CONDITION.sub("", _ASIDE.split(sentence, maxsplit=1)[0]), keys)
        for place, around in named.items():
            return Extracted(choices[place], "choice", sentence) if len(named) == 1 and not _DENIES.search(around) else None
    return None


def _key(text: str) -> str:
    """A text as words to be looked for in each other, plurals as singulars."""
    return f" {' '.join(_PLURAL.sub('', word) for word in _WORD.findall(_QUOTES.sub(' ', plain(text)).casefold()))} "


def _named(sentence: str, keys: list[str]) -> dict[int, str]:
    """Which of the choices stand in a sentence, with the words before and after each, those inside a longer one left out."""
    text = _key(sentence)
    found = {place: key for place, key in enumerate(keys) if len(key) > 4 and re.search(r"[^\W\d_]", key) and key in text}
    inner = {place for place, key in found.items() if any(key != other and key in other for other in found.values())}
    return {place: _around(text, key) for place, key in found.items() if place not in inner}


def _around(text: str, key: str) -> str:
    """The few words before and after a choice's text in a sentence."""
    before, _, after = text.rpartition(key)
    return " ".join((*before.split()[-3:], *after.split()[:3]))


def is_yes_or_no(choices: tuple[str, ...]) -> bool:
    """Whether the choices are `Yes` and `No` or the like."""
    return bool({text_key(choice) for choice in choices} & _YES_OR_NO)
