"""The label of a choice that stands in the question, in an answer or a gold answer, for problems without choices of their own."""

import re

from tasks.grading.rules.rule import Context

_LABELLED = re.compile(r"(?:\(([A-H])\)|([A-H])[.:)])[.:]?\s+(\S.*)|([A-H])\s+\(([^()]+)\)|(\S.*?)\s+\(([A-H])\)")
_LETTER = re.compile(r"\(?([A-H])[).]{0,2}")


def label_and_text(answer: str, gold: str, context: Context) -> bool | None:
    """`(B) 15 cm`, `B (15 cm)` and `15 cm (B)` where the choices stand in the question, on either side.

    Against `B` alone the label counts, against a text the text; where both sides have both, both must agree.
    """
    one, other = _parts(answer), _parts(gold)
    if one and other:
        return context.equal(one[1], other[1]) if one[0] == other[0] else False
    if not one and not other:
        return None
    (label, text), alone = one or other or ("", ""), gold if one else answer
    if letter := _LETTER.fullmatch(alone):
        return label == letter[1]
    return context.equal(text, gold) if one else context.equal(answer, text)


def _parts(text: str) -> tuple[str, str] | None:
    """The label and the text of a labelled answer."""
    match = _LABELLED.fullmatch(text)
    return (match[1] or match[2] or match[4] or match[7], match[3] or match[5] or match[6]) if match else None
