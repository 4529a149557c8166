"""An answer with the label of a choice that stands in the question, for problems without choices of their own."""

import re

from tasks.grading.rules.rule import Context

_LABELLED = re.compile(r"(?:\(([A-H])\)|([A-H])[.:)])[.:]?\s+(\S.*)|(\S.*?)\s*\(([A-H])\)")


def label_and_text(answer: str, gold: str, context: Context) -> bool | None:
    """`(B) 15 cm` and `15 cm (B)` where the choices stand in the question: against `B` the label counts, else the text."""
    match = _LABELLED.fullmatch(answer)
    if not match or _LABELLED.fullmatch(gold):
        return None
    label, text = match[1] or match[2] or match[5], match[3] or match[4]
    if re.fullmatch(r"\(?[A-H]\)?", gold):
        return label == gold.strip("()")
    return context.equal(text, gold)
