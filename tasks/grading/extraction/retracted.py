"""Finds an answer that takes an earlier one back: `Wait, that is wrong, it should be 4`, `Correction: 4`, `Actually, 4`.

Only a letter or a number and nothing else counts, so that a check (`Actually, 12 is even`) takes nothing back.
"""

import re

from tasks.grading.extraction.announced import trimmed
from tasks.grading.extraction.found import Extracted
from tasks.grading.extraction.sentences import sentences

MOST = 12
_OPENING = re.compile(
    r"\W{0,4}(?:(?:oh|hmm|but|so|and|no|hold on|ah),?\s)?(?:no\b(?=\s?[,.;:!—–-])|wait\b|actually\b|correction\b|corrected\b|"
    r"oops\b|sorry\b|"
    r"i made a mistake|my mistake|my apologies|i apologi[sz]e|hold on\b|scratch that|let me correct|on second thought|i was wrong|"
    r"that(?:'s| is| was) (?:wrong|incorrect|not right)|更正|不对|等等|纠正|修正)",
    re.IGNORECASE,
)
_TURN = re.compile(r"[,;—–]\s(?=(?:but\s|oh\s|no\s)?(?:wait|actually|sorry|correction|on second thought)\b)", re.IGNORECASE)
_SAYS = re.compile(
    r"(?:\b(?:it|that|this|answer|value|result|option|choice|total|sum|area|length|one)\s?(?:'s|is|should be|must be|"
    r"should have been|will be|"
    r"is actually|should actually be)\s|\bI meant(?: to (?:say|write))?\s|[:：]\s?|(?:应该|应为|应当|应|改)[是为]?\s?)(?:therefore\s|"
    r"actually\s|really\s|in fact\s)?",
    re.IGNORECASE,
)
_PLAINLY = re.compile(
    r"\W{0,4}(?:[A-H]|-?[\d.,/]*\d|-?\\[dt]?frac\{\d+\}\{\d+\})(?:\s?(?:cm|mm|m|km|kg|g|%|\\%|°|years?|degrees?)(?:\^?[23²³])?)?\W{0,4}"
)


def plainly(text: str) -> bool:
    """Whether a text is a letter or a number and nothing else."""
    return _PLAINLY.fullmatch(text) is not None


def retracted_answer(text: str) -> Extracted | None:
    """What the last sentence that takes something back puts in its place. None where none does, or none does so plainly."""
    told = [part for one in sentences(text)[-MOST:] for part in _TURN.split(one)]
    for place in range(len(told) - 1, -1, -1):
        opening = _OPENING.match(told[place])
        if not opening:
            continue
        rest = told[place][opening.end() :]
        said = _said(rest) or (_said(told[place + 1]) if place + 1 < len(told) and _only_regrets(rest) else None)
        if said:
            return Extracted(said, "retracted", told[place])
    return None


def _said(text: str) -> str | None:
    """The plain value after the last `it is`, `it should be` or `:` of a sentence, or the whole of it."""
    says = list(_SAYS.finditer(text[:400]))
    for said in (text[says[-1].end() :] if says else text, text):
        answer = trimmed(said.strip(" ,.;:!—–-"))
        if plainly(answer):
            return answer
    return None


def _only_regrets(rest: str) -> bool:
    """Whether a sentence takes something back without saying what is right instead (`Wait, that is wrong.`)."""
    return len(rest) < 60 and not re.search(r"\d", rest)
