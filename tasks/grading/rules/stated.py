"""A value at the end of a sentence that says what it is: `The ratio is 3:1`, `面积为12`, against the value alone."""

import re

from tasks.grading.rules.rule import Context

_MOST_CHARS = 300
_COPULA = re.compile(
    r"\s(?:(?:must|should|will|would) be|(?:is|are) equal to|(?:comes|turns) out to(?: be)?|is|are|was|were|equals|lies|lie|becomes|opens)"
    r"(?:\s+(?:therefore|thus|exactly|simply|just))?\s*:?\s+"
)
_NO_SUBJECT = re.compile(
    r"\b(?:not|no|never|neither|nor|none|wrong|incorrect|false|opposite|except|than|if|when|whether|unless|or|cannot|might|may|could|can|"
    r"why|how|what|who|which|where|nothing|only|assum\w+|suppos\w+|unlike|without|"
    r"at least|at most|half|twice|part of|some of|reciprocal)\b|n't|[=<>?;]",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(r"^(it|that|this|he|she)'s\s", re.IGNORECASE)
_KIND = re.compile(
    r"(?:the\s+|an?\s+)?(?:line|curve|equation|parabola|circle|point|interval|set|domain|range|value|function|ratio|vector|matrix|pair|"
    r"coordinates|solutions?|formula|expression)s?\s*:?\s+(?![A-Z]\()(?=\S*[^\w\s]|\w\s?[=<>\\])(.+)|(?:at|when|for|where)\s+(?=[A-Za-z]\s*[=<>\\])(.+)|"
    r"(?:the|an?)\s+(?=\S*[\d\\])(.+)",
    re.IGNORECASE,
)
_NOT_ANOTHER = re.compile(r"(?:,?\s+(?:rather than|instead of)|,\s*(?:and\s+)?not)\s+(?:[-$\\]?\d|[A-Z]).*$")
_CHINESE = re.compile(r"([^是为]{1,40}?)(?:等于|[是为]):?\s*([^是为否]+)")
_NO_CHINESE_SUBJECT = re.compile("[不非没无或若否设当?]|如果|大于|小于|至少|至多|超过|错误")


def stated_value(answer: str, gold: str, context: Context) -> bool | None:
    """The value behind `is`, where the subject denies, compares and supposes nothing; of either side, and only where it is equal."""
    for one, other, turned in ((answer, gold, False), (gold, answer, True)):
        value = _value(one)
        if value and context.equal(*((other, value) if turned else (value, other))):
            return True
    return None


def _value(text: str) -> str | None:
    """What a sentence with one `is` says, what follows the kind of thing that it is (`the line y = x`), or what stands before a denial
    (`5, not 6`); None for anything else."""
    if len(text) > _MOST_CHARS:
        return None
    parts = _COPULA.split(" " + _CONTRACTED.sub(r"\1 is ", text))
    if len(parts) == 2 and re.search(r"[^\W\d_]", parts[0]) and not _NO_SUBJECT.search(parts[0]):
        return parts[1]
    if kind := _KIND.fullmatch(text):
        return kind[1] or kind[2] or kind[3]
    said = _NOT_ANOTHER.sub("", text, count=1)
    if said != text and re.search(r"\w", said) and not _NO_SUBJECT.search(said):
        return said
    match = _CHINESE.fullmatch(text)
    return match[2] if match and not _NO_CHINESE_SUBJECT.search(match[1]) else None
