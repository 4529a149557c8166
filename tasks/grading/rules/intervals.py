"""Parts of the number line: `[1,2)`, `1 \\le x < 2`, `x > 5`, `]1,2[`, `\\{x | x < 3\\}`, and unions of them with `\\cup` or `or`."""

import math
import re
from dataclasses import dataclass

from tasks.grading.rules.constants import Value, constant, equal
from tasks.grading.rules.rule import Context

_MOST_PIECES = 8
_BUILDER = re.compile(r"\\?\{\s*([A-Za-z])\s*(?:\\in\s*(?:\\mathbb\s*)?\{?[RZNQ]\}?\s*)?(?:\||\\mid|:)\s*(.+?)\s*\\?\}")
_MEMBER = re.compile(r"[A-Za-z]\s*\\in(?![A-Za-z])\s*")
_UNION = re.compile(r"\s*(?:\\cup(?![A-Za-z])|\\lor(?![A-Za-z])|\\vee(?![A-Za-z])|(?<=\s)or(?=\s))\s*")
_INTERVAL = re.compile(r"([(\[\]])\s*([^,]{1,60}?)\s*,\s*([^,]{1,60}?)\s*([)\]\[])")
_SIGN = re.compile(r"\s*(<=|>=|=<|<|>|\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt|neq|ne)(?![A-Za-z]))\s*")
_SIGNS = {"<=": "<=", "=<": "<=", "le": "<=", "leq": "<=", "leqslant": "<=", ">=": ">=", "ge": ">=", "geq": ">=", "geqslant": ">=",
          "<": "<", "lt": "<", ">": ">", "gt": ">", "ne": "!=", "neq": "!="}  # fmt: skip
_INFINITY = {r"\infty": math.inf, r"+\infty": math.inf, r"-\infty": -math.inf}
_VARIABLE = re.compile(r"[A-Za-z](?:_\{?\w\}?)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """One interval: its ends, and whether each belongs to it."""

    low: Value
    low_closed: bool
    high: Value
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """Pieces from left to right. variable: its name where one is written; plain: one pair of brackets, which may also be a point."""

    pieces: tuple[Piece, ...]
    variable: str
    plain: bool


def same_region(answer: str, gold: str, context: Context) -> bool | None:
    """Two parts of the number line, at least one of them surely no point."""
    one, other = region(answer), region(gold)
    if one is None or other is None or (one.plain and other.plain) or (one.variable and other.variable and one.variable != other.variable):
        return None
    if len(one.pieces) != len(other.pieces):
        return False
    return all(_same_piece(*pair, context.precision) for pair in zip(one.pieces, other.pieces, strict=True))


def region(text: str) -> Region | None:
    """The part of the number line that a plain text describes, None where it describes none with constant ends."""
    if len(text) > 300:
        return None
    builder = _BUILDER.fullmatch(text)
    text = _MEMBER.sub("", builder[2] if builder else text, count=1)
    parts = _UNION.split(text)
    found = [_pieces(part) for part in parts] if len(parts) <= _MOST_PIECES else [None]
    pieces = [piece for some in found if some for piece in some[0]]
    if not all(found) or not pieces:
        return None
    names = {some[1] for some in found if some and some[1]}
    plain = len(parts) == 1 and not names and text[:1] in "([" and text[-1:] in ")]" and not math.isinf(pieces[0].low + pieces[0].high)
    return Region(tuple(sorted(pieces, key=lambda piece: (piece.low, piece.high))), "".join(sorted(names)), plain)


def _pieces(text: str) -> tuple[list[Piece], str] | None:
    """The pieces of one part of a union, and its variable's name (empty for brackets)."""
    if match := _INTERVAL.fullmatch(text):
        low, high = _end(match[2]), _end(match[3])
        return ([Piece(low, match[1] == "[", high, match[4] == "]")], "") if low is not None and high is not None and low < high else None
    sides = _SIGN.split(text)
    signs = [_SIGNS[sign.lstrip("\\")] for sign in sides[1::2]]
    if len(signs) == 1:
        return _half_line(sides[0], signs[0], sides[2])
    return _chain(sides[0::2], signs) if len(signs) == 2 else None


def _half_line(left: str, sign: str, right: str) -> tuple[list[Piece], str] | None:
    """`x > 5`, `5 < x`, `x \\neq 5`."""
    if not _VARIABLE.fullmatch(left):
        left, sign, right = right, sign.translate(str.maketrans("<>", "><")), left
    end = _end(right)
    if not _VARIABLE.fullmatch(left) or end is None:
        return None
    below, above = Piece(-math.inf, False, end, sign == "<="), Piece(end, sign == ">=", math.inf, False)
    return {"<": [below], ">": [above], "!": [below, above]}[sign[0]], left


def _chain(sides: list[str], signs: list[str]) -> tuple[list[Piece], str] | None:
    """`1 \\le x < 2` or `2 > x \\ge 1`."""
    if signs[0][0] == ">":
        sides, signs = sides[::-1], [sign.translate(str.maketrans("<>", "><")) for sign in signs[::-1]]
    low, high = _end(sides[0]), _end(sides[2])
    if low is None or high is None or not low < high or not _VARIABLE.fullmatch(sides[1]) or any(sign[0] != "<" for sign in signs):
        return None
    return [Piece(low, signs[0] == "<=", high, signs[1] == "<=")], sides[1]


def _end(text: str) -> Value | None:
    """A constant or an infinity."""
    text = text.strip()
    return _INFINITY[text.replace(" ", "")] if text.replace(" ", "") in _INFINITY else constant(text)


def _same_piece(one: Piece, other: Piece, precision: int | None) -> bool:
    ends = ((one.low, other.low), (one.high, other.high))
    closed = (one.low_closed, one.high_closed) == (other.low_closed, other.high_closed)
    return closed and all(a == b or (not (math.isinf(a) or math.isinf(b)) and equal(a, b, precision)) for a, b in ends)
