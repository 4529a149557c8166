"""Equations that LaTeX lays out in rows, as one line: a system as `x = 3, y = 4`, a chain of steps as `x = 3 + 4 = 7`.

A matrix, a function by cases and whatever else is no equation in each row stay as they are. Linear in the text.
"""

import re

_MOST_CHARS = 600
_LAID_OUT = re.compile(
    r"(?:\\\{\s?)?\\begin\s?\{(aligned|align\*?|split|gathered|gather\*?|[dr]?cases|array)\}(?:\s?\{[clr|\s]{1,9}\})?"
    r"(.*)\\end\s?\{\1\}[\s.]{0,2}"
)
_AT_SIGN = re.compile(r"&\s*(?==)|(?<==)\s*&")
_ENDS_ROW = " ,;."


def in_one_line(text: str) -> str:
    """A text that is one layout of equations without the layout; any other text as it is."""
    if r"\begin" not in text or len(text) > _MOST_CHARS:
        return text
    laid_out = _LAID_OUT.fullmatch(text.strip())
    if not laid_out:
        return text
    rows = [_AT_SIGN.sub("", row).strip(_ENDS_ROW) for row in laid_out[2].split(r"\cr")]
    lines = _with_their_steps(list(filter(None, rows)))
    if any("&" in line for line in lines) or (len(lines) != 1 and not all("=" in line for line in lines)):
        return text
    return ", ".join(lines) or text


def _with_their_steps(rows: list[str]) -> list[str]:
    """The rows, each that begins with a sign of equality put behind the one before it."""
    lines: list[str] = []
    for row in rows:
        if row.startswith("=") and lines:
            lines[-1] += f" {row}"
        else:
            lines.append(row)
    return lines
