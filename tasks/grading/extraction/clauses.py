"""Finds what a sentence says in the main: `Since x = 2, the sum is 7, which is odd` says `the sum is 7`.

Its last result counts (`…, so there are 7`), what it starts from does not (`If …,`), nor what follows a value in passing (`… that has 36`).
"""

import re

from tasks.grading.extraction.compared import before, stated_in

MOST_CHARS = 800
_RESULT = re.compile(
    r"[,;]\s(?:and\s)?(?:so|thus|hence|therefore|then|giving|we (?:get|have|find|obtain)|that is|in other words|"
    r"but (?:it|that|this|the (?:correct |actual |right |true )?(?:answer|value|result)) (?:is|should be)(?: actually| really)?|"
    r"which (?:gives|means|equals|is equal to|simplifies to|leads to))\b|"
    r"\bi\.e\.|\b(?:for|making|giving|with) a (?:grand |combined )?total of\b|\btotall?ing\b|;\s|\s(?:giving us|giving|which gives)\s|"
    r"[，；,;]\s?(?:所以|因此|故|则|即|可得|得到)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\W{0,4}(?:based on|according to|since|because|as|if|when|given|for|with|after|from|while|although|using|by|in|to|assuming|"
    r"由于|因为|当|若)\b"
    r"[^,，]{0,300}[,，](?!\d)\s?(?=\S)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r",\s(?:which|who|where|one|with|but|not|while|whereas|as|since|because|making|meaning|assuming|each|including|representing|"
    r"indicating|"
    r"compared|followed|corresponding|or|attained|reached|occurring|obtained|achieved|and (?:the|its|it|his|her|their|this|that|not))\b|"
    r"(?<=[^\W\d_]):\s|\sand (?:the |a )?(?:check|verification)\b|"
    r"\s(?:that|which|who|whose|where|because|since|while|whereas|when|if|unless|although|though|compared|rather than|instead of|"
    r"not|so that|"
    r"with|without|for|between|among|out of|(?:less|more|greater|smaller|larger|fewer|higher|lower) than)\b|"
    r"\s?[—–]\s|\s\((?=[A-Za-z]{2})|，(?:而|其中|因为)",
    re.IGNORECASE,
)
_PREDICATE = re.compile(r"(?:\b(?:is|are|was|were|equals?|be)|=)\s\W{0,3}$")
_AMOUNT = (
    r"(?:total|value|sum|area|length|height|width|volume|price|cost|measure|probability|average|mean|median|score|angle|perimeter|radius|"
    r"diameter|slope|distance|speed|rate|percentage|population|profit|gap|difference|size|weight|mass|result|answer|count|number|share|"
    r"fraction|ratio)"
)
_VERB = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|equals?|becomes?|has|have|had|gets?|gives?|obtain|find|contains?|shows?|needs?|costs?|"
    r"makes?|takes?|"
    r"left with|remain with|ends? up with|weighs?|measures?|totals?|reaches|reads|left|remains?|yields?|as|lasts?|spent|spends?|"
    r"earns?|sells?|"
    rf"sold|bought|travels?|at|to|{_AMOUNT} of)|[=≈:：]|\\approx|[是为為有得共到约于は은는])"
    r"\s?(?:(?:therefore|thus|then|exactly|only|a total of|about|around|approximately|roughly|just|also|still|equal to|now|"
    r"estimated (?:at|to be)|the (?:point|number|year|ratio|value|interval|set|points)|in|a|an|the|simply|nearly|almost|actually|likely|"
    r"probably)\s?)?"
    r"[(*\"'“$]{0,3}$",
    re.IGNORECASE,
)


def main_clause(sentence: str) -> str:
    """The part of a sentence in which it states its value. Of a very long sentence only the end is read."""
    sentence = _last_result(sentence[-MOST_CHARS:])
    opening = _OPENING.match(sentence)
    if opening and stated_in(sentence[opening.end() :]):
        sentence = sentence[opening.end() :]
    stated = stated_in(sentence)
    aside = _ASIDE.search(sentence, stated[0].end) if stated else None
    if not aside or (not has_verb(before(sentence, stated[0])) and _has_predicate(sentence, aside.end())):
        return sentence
    return sentence[: aside.start()]


def has_verb(lead: str) -> bool:
    """Whether a verb, or what does its work, ends a text: what follows is what the clause states."""
    return _VERB.search(lead) is not None


def _last_result(sentence: str) -> str:
    """What stands behind the last `so` or `which gives` that a number follows."""
    for result in reversed(list(_RESULT.finditer(sentence))):
        if re.search(r"\d", sentence[result.end() :]):
            return sentence[result.end() :]
    return sentence


def _has_predicate(sentence: str, start: int) -> bool:
    """Whether the sentence's own verb comes later (`The 3 numbers that sum to 10 are 2, 3, 5`)."""
    return any(_PREDICATE.search(sentence[start : span.start]) for span in stated_in(sentence) if span.start > start)
