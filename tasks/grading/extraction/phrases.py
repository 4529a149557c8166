"""Finds the few words that a response states where its answer is no value: `So the fastest is Evelyn`, `The limit does not exist`."""

import re

from tasks.grading.extraction.found import Extracted
from tasks.grading.extraction.sentences import concludes, refuses

_CHARS = 200
_SET_PHRASE = re.compile(
    r"\b((?:has |have |is |are )?no (?:real |valid |integer |positive |such |common )?(?:solutions?|roots?|intersections?)|"
    r"(?:does not|doesn['’]t|do not) exist|diverges|converges|infinitely many(?: [a-z]{1,20})?|"
    r"all (?:[a-z]{1,10} )?(?:real |rational |positive )?(?:numbers|integers)(?: except [^.]{1,30})?)[.!*\"'”$\s]{0,6}$",
    re.IGNORECASE,
)
_AFTER_VERB = re.compile(
    r"\b(?:is|are|was|were|be)\s(?:therefore\s|called\s|thus\s)?"
    r"((?:[^\W\d_]|['’-]){1,30}(?:\s(?:[^\W\d_]|['’-]){1,30}){0,4})[.!*\"'”\s]{0,6}$"
)
_SUBJECT = re.compile(
    r"\W{0,4}(?:(?:so|thus|therefore|hence)\b,?\s)?(?P<subject>[A-Z][^\W\d_]{1,20}(?:\s[A-Z][^\W\d_]{1,20}){0,2})\s(?:is|was|has|had)\s"
    r"the\s(?:[^\W\d_]{2,20}est|most|least|winner|only|correct|right|one)\b"
)
_VERB_BEFORE = re.compile(r"^(?:has|have|is|are)\s", re.IGNORECASE)


def set_phrase(told: list[str]) -> Extracted | None:
    """A set phrase that ends the last sentence, such as `no solution` or `does not exist`."""
    phrase = _SET_PHRASE.search(told[-1][-_CHARS:])
    return Extracted(_VERB_BEFORE.sub("", phrase[1]), "phrase", told[-1]) if phrase else None


def stated_phrase(told: list[str]) -> Extracted | None:
    """The few words that end a conclusion, or the last sentence, after its verb; its subject, where that is called the fastest."""
    for sentence in dict.fromkeys((*[one for one in told[-3:] if concludes(one)][-1:], told[-1])):
        if refuses(sentence):
            continue
        if subject := _SUBJECT.match(sentence):
            return Extracted(subject["subject"], "phrase", sentence)
        if phrase := _AFTER_VERB.search(sentence[-_CHARS:]):
            return Extracted(phrase[1].strip(), "phrase", sentence)
    return None
