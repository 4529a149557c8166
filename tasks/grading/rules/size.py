"""An answer that is far too long or too deep to be one."""

from tasks.grading.rules.plain import nesting
from tasks.grading.rules.rule import Context

MAX_FORMULA_CHARS = 500
MAX_NESTING = 40


def too_complex(answer: str, gold: str, context: Context) -> bool | None:
    """An answer far longer or deeper than any gold answer, and not the same text, is no answer."""
    if len(answer) > max(MAX_FORMULA_CHARS, 2 * len(gold)) or nesting(answer) > MAX_NESTING + nesting(gold):
        return False
    return None
