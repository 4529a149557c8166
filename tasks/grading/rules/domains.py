"""Parts of the number line by names that no formula has: `positive real numbers`, `ℝ^+`, `x ∈ R`, `全体实数`, `除1以外的实数`.

Each is written as the text that the intervals' rule reads; that rule knows `ℝ`, `all real numbers` and what they leave out.
"""

import re
from functools import lru_cache

from tasks.grading.rules.intervals import region, same_pieces
from tasks.grading.rules.rule import Context

MAX_CHARS = 160
_REALS = r"\mathbb{R}"
_SET_OF = re.compile(
    r"(?:\\forall\s*)?(?:[A-Za-z]\s*(?:\\in(?![A-Za-z])|is|can be|may be|:|=)\s*)?(?:the\s+)?(?:(?:domain|set)\s+(?:is|of)\s+)?"
    r"(?=(?:all|any|every|real|\\mathbb|the)\b)"
)
_SIGNED = re.compile(
    r"(?:(?:all|any|every)\s+)?(?:the\s+)?(positive|negative|non-?negative|non-?positive|non-?zero)\s+real(?:s|\s+(?:numbers?|values?))"
    r"(?:\s+(?:of\s+)?[xyt])?|\\mathbb\{R\}\s*[\^_]\s*\{?\s*(\*|\+|-|>\s*0|<\s*0|\\ge(?:q(?:slant)?)?\s*0|\\neq?\s*0)\s*\}?",
    re.IGNORECASE,
)
_LETTER_R = re.compile(r"(?:\\forall\s*)?[A-Za-z]\s*\\in\s*R(?![A-Za-z])")
_NAMED_VARIABLE = re.compile(
    r"(real numbers?|reals)(?:\s+[xyt])?\s*,?\s*(?:such that|so that|with|where|for which)?\s*(?=[xyt]\s*(?:\\|<|>))"
)
_OF_A_VARIABLE = re.compile(r"(reals|real (?:numbers?|values?))\s+(?:of\s+)?[a-z]$")
_EQUAL_TO = re.compile(r"(?<![A-Za-z])[xyt]\s*=\s*(?=[-\d])")
_REALS_THEN = re.compile(r"\\mathbb\{R\}\s*,\s*(?=[A-Za-z]\s*(?:\\|<|>))")
_CHINESE = re.compile(
    r"(?:x\s*(?:可?取|为|是|\\in)?\s*)?(?:(?:除|除了)(.{1,30}?)(?:以外|之外|外)的?)?"
    r"(?:全体|所有|任意|一切|全部)?(正|负|非负|非零)?实数(?:集|R)?"
)
_BY_SIGN = {
    name: text
    for text, names in {
        r"(0,\infty)": "positive + >0 正",
        r"(-\infty,0)": "negative - <0 负",
        r"[0,\infty)": r"nonnegative non-negative \ge0 非负",
        r"(-\infty,0]": "nonpositive non-positive",
        r"x \neq 0": r"nonzero non-zero \ne0 * 非零",
    }.items()
    for name in names.split()
}


def same_domain(answer: str, gold: str, context: Context) -> bool | None:
    """`positive real numbers` is `x > 0`; where neither side has such a name the intervals' own rule decides."""
    if max(len(answer), len(gold)) > MAX_CHARS:
        return None
    one, other = named(answer), named(gold)
    if one is None and other is None:
        return None
    ones, others = region(one or answer), region(other or gold)
    return None if ones is None or others is None else same_pieces(ones.pieces, others.pieces, context.precision)


@lru_cache(maxsize=4096)
def named(text: str) -> str | None:
    """The text of a named part of the number line as the intervals' rule reads it; None where it has no such name."""
    if match := _CHINESE.fullmatch(text):
        if match[2]:
            return None if match[1] else _BY_SIGN[match[2]]
        return rf"{_REALS} \setminus \{{{match[1]}\}}" if match[1] else _REALS
    if match := _LETTER_R.match(text):
        return f"{_REALS}{text[match.end() :]}"
    found = _SET_OF.match(text)
    rest = text[found.end() :] if found else text
    if match := _SIGNED.fullmatch(rest):
        return _BY_SIGN[re.sub(r"(?<=\\[gn]e)q(?:slant)?", "", (match[1] or match[2]).replace(" ", "").casefold())]
    rest = _OF_A_VARIABLE.sub(r"\1", rest)
    shortened = _REALS_THEN.sub("", _EQUAL_TO.sub("", _NAMED_VARIABLE.sub(r"\1 such that ", rest, count=1)), count=1)
    return shortened if shortened != text and region(text) is None and region(shortened) is not None else None
