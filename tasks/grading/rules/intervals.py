"""Parts of the number line: `[1,2)`, `1 \\le x < 2`, `]1,2[`, `|x| < 2`, `\\{x | x < 3\\}`, `\\mathbb{R} - \\{1\\}`, `all real
numbers except 1`, unions of them with `\\cup` or `or`, and what two conditions leave (`x > 0 and x \\neq 1`)."""

import math
import re
from dataclasses import dataclass

from tasks.grading.forms.constants import Value, constant, equal
from tasks.grading.rules.rule import Context

_MOST_PIECES = 8
_BUILDER = re.compile(r"\\?\{\s*([A-Za-z])\s*(?:\\in\s*(?:\\mathbb\s*)?\{?[RZNQ]\}?\s*)?(?:\||\\mid|:)\s*(.+?)\s*\\?\}")
_MEMBER = re.compile(r"[A-Za-z]\s*\\in(?![A-Za-z])\s*")
_ALL = re.compile(
    r"(?:(?:all|any|every)\s+)?(?:the\s+)?(?:real numbers?|reals|real values of [a-z]|real [a-z]|\\mathbb\{R\})(?![A-Za-z])\s*",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"(?:except(?: for)?|other than|excluding|but not|but|without|\\setminus(?![A-Za-z])|\\backslash(?![A-Za-z])|-|\\)\s*(?:[a-z]\s*=)?",
    re.IGNORECASE,
)
_SUCH_THAT = re.compile(r"(?:such that|with|where|for which|satisfying)\s+", re.IGNORECASE)
_WORDED = (
    (re.compile(r"(?:that are\s+)?(?:greater|larger|more) than or equal to\s+|(?:that are\s+)?at least\s+", re.IGNORECASE), "x >= "),
    (re.compile(r"(?:that are\s+)?(?:less|smaller) than or equal to\s+|(?:that are\s+)?at most\s+", re.IGNORECASE), "x <= "),
    (re.compile(r"(?:that are\s+)?(?:greater|larger|more) than\s+", re.IGNORECASE), "x > "),
    (re.compile(r"(?:that are\s+)?(?:less|smaller) than\s+", re.IGNORECASE), "x < "),
)
_ALL_THAT = re.compile(r"all\s+(?=[A-Za-z]\s*(?:[<>]|\\(?:le|ge|neq)(?![A-Za-z])))", re.IGNORECASE)
_BOTH = re.compile(r"\s+and\s+|\s*,\s*(?:and\s+)?|\s*\\(?:land|wedge|cap)(?![A-Za-z])\s*")
_UNEQUAL = re.compile(r"([A-Za-z])\s*(?:\\neq|!=)\s*([^<>=]+)")
_MODULUS = re.compile(r"\|\s*([A-Za-z])\s*(?:([-+])\s*([^|]{1,30}))?\|")
_UNION = re.compile(r"\s*(?:\\cup(?![A-Za-z])|\\lor(?![A-Za-z])|\\vee(?![A-Za-z])|(?<=\s)or(?=\s))\s*")
_INTERVAL = re.compile(r"([(\[\]])\s*([^,]{1,60}?)\s*,\s*([^,]{1,60}?)\s*([)\]\[])")
_POINT = re.compile(r"\\?\{\s*([^{},]{1,40}?)\s*\\?\}")
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
    return same_pieces(one.pieces, other.pieces, context.precision)


def same_pieces(ones: tuple[Piece, ...], others: tuple[Piece, ...], precision: int | None) -> bool:
    """Whether two rows of pieces, from left to right, are the same part of the number line."""
    return len(ones) == len(others) and all(_same_piece(*pair, precision) for pair in zip(ones, others, strict=True))


def region(text: str) -> Region | None:
    """The part of the number line that a plain text describes, None where it describes none with constant ends."""
    if len(text) > 300:
        return None
    builder = _BUILDER.fullmatch(text)
    text = _MEMBER.sub("", builder[2] if builder else text, count=1)
    if builder and _ALL.fullmatch(text):
        text = builder[1] + " \\in " + text
    if (all_but := _all_but(_ALL_THAT.sub("", text))) is not None:
        return Region(all_but, "", False)
    unequal = _UNEQUAL.fullmatch(text)
    if unequal and (left := _without([Piece(-math.inf, False, math.inf, False)], _points(unequal[2]))):
        return Region(left, unequal[1], False)
    parts = _UNION.split(_ALL_THAT.sub("", text))
    found = [_left(part) for part in parts] if len(parts) <= _MOST_PIECES else [None]
    pieces = [piece for some in found if some for piece in some[0]]
    if not all(found) or not pieces:
        return None
    names = {some[1] for some in found if some and some[1]}
    if len(names) > 1:
        return None
    plain = len(parts) == 1 and not names and text[:1] in "([" and text[-1:] in ")]" and not math.isinf(pieces[0].low + pieces[0].high)
    return Region(_joined(pieces), "".join(sorted(names)), plain)


def _all_but(text: str) -> tuple[Piece, ...] | None:
    """`\\mathbb{R}`, `all real numbers except 1 and 2`, `all reals greater than 3`; None for anything else."""
    match = _ALL.match(_MEMBER.sub("", text))
    if not match:
        return None
    rest = _SUCH_THAT.sub("", _MEMBER.sub("", text)[match.end() :], count=1)
    if not rest:
        return (Piece(-math.inf, False, math.inf, False),)
    if excepted := _EXCEPT.match(rest):
        return _without([Piece(-math.inf, False, math.inf, False)], _points(rest[excepted.end() :]))
    for pattern, sign in _WORDED:
        rest = pattern.sub(sign, rest, count=1)
    found = _left(rest)
    return tuple(found[0]) if found else None


def _points(text: str) -> list[Value | None]:
    """The numbers of a list, `\\pm 1` as two; None for what is no number."""
    parts = _BOTH.split(text.replace(r"\{", "").replace(r"\}", "").strip(" {}"))[:_MOST_PIECES]
    return [_end(part.replace(r"\pm", sign)) for part in parts for sign in (("", "-") if r"\pm" in part else ("",))]


def _without(pieces: list[Piece], points: list[Value | None]) -> tuple[Piece, ...] | None:
    """The pieces with points taken out; None where a point is no number."""
    for point in points:
        if point is None:
            return None
        pieces = [part for piece in pieces for part in _cut(piece, point)]
    return tuple(pieces)


def _cut(piece: Piece, point: Value) -> list[Piece]:
    """A piece without one point."""
    if not piece.low <= point <= piece.high:
        return [piece]
    parts = [Piece(piece.low, piece.low_closed, point, False), Piece(point, False, piece.high, piece.high_closed)]
    return [part for part in parts if part.low < part.high]


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The pieces from left to right, those that touch in a point of one of them as one."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.low, piece.high)):
        last = found[-1] if found else None
        if last and (piece.low < last.high or (piece.low == last.high and (piece.low_closed or last.high_closed))):
            high, closed = max((last.high, last.high_closed), (piece.high, piece.high_closed))
            found[-1] = Piece(last.low, last.low_closed or (piece.low == last.low and piece.low_closed), high, closed)
        else:
            found.append(piece)
    return tuple(found)


def _left(text: str) -> tuple[list[Piece], str] | None:
    """What one condition leaves, or several at once: `x > 0`, `x > 0 and x \\neq 1`, `-1 < x < 3, x \\neq 0`."""
    if (found := _pieces(text)) is not None:
        return found
    conditions = [_pieces(part) for part in _BOTH.split(text)][:_MOST_PIECES]
    names = {condition[1] for condition in conditions if condition}
    if len(conditions) < 2 or None in conditions or len(names) != 1:
        return None
    left = [Piece(-math.inf, False, math.inf, False)]
    for condition in conditions:
        assert condition is not None
        left = [part for piece in left for other in condition[0] if (part := _overlap(piece, other)) is not None]
    return (left, names.pop()) if left else None


def _overlap(one: Piece, other: Piece) -> Piece | None:
    """What two pieces share; None where it is nothing or a point."""
    low, low_open = max((one.low, not one.low_closed), (other.low, not other.low_closed))
    high, high_closed = min((one.high, one.high_closed), (other.high, other.high_closed))
    return Piece(low, not low_open, high, high_closed) if low < high else None


def _pieces(text: str) -> tuple[list[Piece], str] | None:
    """The pieces of one part of a union, and its variable's name (empty for brackets)."""
    if match := _INTERVAL.fullmatch(text.replace(",", ".").replace(";", ",") if ";" in text else text):
        low, high = _end(match[2]), _end(match[3])
        return ([Piece(low, match[1] == "[", high, match[4] == "]")], "") if low is not None and high is not None and low < high else None
    if (point := _POINT.fullmatch(text)) and (value := constant(point[1])) is not None:
        return [Piece(value, True, value, True)], ""
    sides = _SIGN.split(text)
    signs = [_SIGNS[sign.lstrip("\\")] for sign in sides[1::2]]
    if len(signs) == 1 and (modulus := _MODULUS.fullmatch(sides[0])):
        return _modulus(modulus, signs[0], _end(sides[2]))
    if len(signs) == 1:
        return _half_line(sides[0], signs[0], sides[2])
    return _chain(sides[0::2], signs) if len(signs) == 2 else None


def _modulus(match: re.Match[str], sign: str, end: Value | None) -> tuple[list[Piece], str] | None:
    """`|x| < 2`, `|x - 1| \\ge 2`."""
    shift = constant(match[3]) if match[3] else 0
    if end is None or shift is None or math.isinf(end) or end <= 0 or sign == "!=":
        return None
    centre, closed = (shift if match[2] == "-" else -shift), sign[1:] == "="
    if sign[0] == "<":
        return [Piece(centre - end, closed, centre + end, closed)], match[1]
    return [Piece(-math.inf, False, centre - end, closed), Piece(centre + end, closed, math.inf, False)], match[1]


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
