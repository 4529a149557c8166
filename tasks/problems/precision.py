"""To how many decimals a problem wants its answer: what its metadata says (MathVista's `precision`), or else its question's words."""

import json
import re

MOST_DECIMALS = 10
_NAMED = {"whole": 0, "integer": 0, "unit": 0, "tenth": 1, "hundredth": 2, "thousandth": 3, "ten-thousandth": 4}
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4}
_NEAREST = re.compile(
    r"\bnearest\s+(?:(whole|integer|unit|ten-thousandth|thousandth|hundredth|tenth)s?\b|(0\.0*1)(?!\d)|(?:degree|percent|dollar)s?\b)", re.I
)
_PLACES = re.compile(
    r"\b(one|two|three|four|\d{1,2})\s+(?:decimal\s+(?:places?|digits?|points?)|digits?\s+after\s+the\s+decimal)|保留([一两二三四\d])位小数",
    re.I,
)
_EXACT_TO = re.compile(r"精确到\s*(0\.0*1)(?!\d)")


def stated_precision(question: str, metadata: str | None) -> int | None:
    """Decimals at which numbers are compared; None where the problem states none. The metadata's word counts before the question's."""
    named = metadata_precision(metadata)
    return question_precision(question) if named is None else named


def metadata_precision(metadata: str | None) -> int | None:
    """The `precision` of a problem's metadata (a JSON object as text), where it is a whole number of decimals."""
    if not metadata or '"precision"' not in metadata:
        return None
    value = json.loads(metadata).get("precision")
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return int(value) if whole and 0 <= value <= MOST_DECIMALS else None


def question_precision(question: str) -> int | None:
    """The decimals that a question asks for: `to the nearest tenth`, `two decimal places`, `精确到0.1`. The last mention counts."""
    found = [(match.start(), _nearest(match)) for match in _NEAREST.finditer(question)]
    found += [(match.start(), _count(match[1] or match[2])) for match in _PLACES.finditer(question)]
    found += [(match.start(), len(match[1]) - 2) for match in _EXACT_TO.finditer(question)]
    decimals = max(found, default=(0, None))[1]
    return decimals if decimals is not None and decimals <= MOST_DECIMALS else None


def _nearest(match: re.Match[str]) -> int:
    return len(match[2]) - 2 if match[2] else _NAMED[(match[1] or "whole").lower()]


def _count(word: str) -> int:
    return _COUNTS[word.lower()] if word.lower() in _COUNTS else int(word)
