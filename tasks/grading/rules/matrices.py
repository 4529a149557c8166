"""Matrices and vectors: `\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}`, `[[1, 2], [3, 4]]`, and a column or a row as `(1, 2)`."""

import re

from tasks.grading.forms.plain import split_top_level
from tasks.grading.rules.rule import Context, Said, claimed

_TABLE = re.compile(r"\[?\s*\\begin\{([pb]?matrix|array)\}\s*(?:\{[clr|\s]*\})?(.*)\\end\{\1\}\s*\]?")
_MOST_CHARS, _MOST_CELLS = 600, 64


def same_matrix(answer: str, gold: str, context: Context) -> Said:
    """Two matrices cell by cell, or a matrix of one column or row against a tuple. A row is no column."""
    if r"\begin" not in answer + gold or max(len(answer), len(gold)) > _MOST_CHARS:
        return None
    one, other = _rows(answer), _rows(gold)
    if not one or not other or sum(map(len, one)) > _MOST_CELLS:
        return None
    if r"\begin" not in answer or r"\begin" not in gold:
        one, other = _as_tuple(one, r"\begin" in answer and len(other) == 1), _as_tuple(other, r"\begin" in gold and len(one) == 1)
    if [len(row) for row in one] != [len(row) for row in other]:
        return False
    said = [context.equal(*cells) for rows in zip(one, other, strict=True) for cells in zip(*rows, strict=True)]
    return False if False in said else claimed(None if None in said else True)


def _rows(text: str) -> list[list[str]]:
    """The rows of a matrix, of a list of lists, or the one row of a tuple; empty for anything else."""
    if table := _TABLE.fullmatch(text):
        return [[cell.strip() for cell in row.split("&")] for row in table[2].split(r"\cr") if row.strip()]
    if text[:1] + text[-1:] not in ("()", "[]"):
        return []
    parts = split_top_level(text[1:-1])
    if all(part[:1] + part[-1:] in ("()", "[]") for part in parts):
        return [split_top_level(part[1:-1]) for part in parts]
    return [parts] if len(parts) > 1 else []


def _as_tuple(rows: list[list[str]], column: bool) -> list[list[str]]:
    """A column laid down, where the other side is a tuple."""
    return [[row[0] for row in rows]] if column and all(len(row) == 1 for row in rows) else rows
