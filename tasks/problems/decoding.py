"""Values that a table keeps as text: JSON, or the Python literal that `str` makes of a list, a dictionary or a NumPy array of texts.

What was written with single backslashes (`["\\frac{1}{2}"]`) would be read as other characters; it is refused, not guessed at.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tasks.problems.reading.row import Numeral

MOST_CHARACTERS = 10_000_000
NOT_OF_REPR = re.compile(r"(?<!\\)(?:\\\\)*\\[^\\'\"nrtxuU]")
EATEN = re.compile(r"[\a\b\f\v]|\t(?:imes|heta|ext|an|au|riangle)|\n(?:eq\b|abla)|\r(?:ight|ho|angle|m\b)")
SPACE = (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.ENCODING, tokenize.INDENT, tokenize.DEDENT)


class NoValue(ValueError):
    """A text that stands for no list or dictionary; the message says why."""


def is_written(text: str) -> bool:
    """Whether a text looks like a list, a tuple or a dictionary that was written down."""
    text = text.strip()
    return text[:1] + text[-1:] in ("[]", "{}", "()") or (text.startswith("array(") and text.endswith(")"))


def decoded(text: str) -> Any:
    """The list or dictionary that a text stands for. Raises NoValue when it stands for none."""
    try:
        value = json.loads(text, parse_float=Numeral)
    except (ValueError, RecursionError):
        value = literal(text.strip())
    if not isinstance(value, list | dict):
        raise NoValue("it is neither JSON nor a Python literal of a list or dictionary")
    try:
        json.dumps(value, ensure_ascii=False).encode()  # escapes may stand for what is no text
    except (ValueError, TypeError, RecursionError) as error:
        raise NoValue(f"it holds what is no text: {error}") from error
    if any(EATEN.search(piece) for piece in texts_in(value)):
        raise NoValue("its backslashes are not doubled, so that JSON and Python read \\frac or \\times as other characters")
    return value


def texts_in(value: Any) -> Iterator[str]:
    """All texts inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def literal(text: str) -> Any:
    """The value of a Python literal; `['a' 'b']` is a NumPy array's text, which Python would read as the one string 'ab'."""
    if len(text) > MOST_CHARACTERS:
        raise NoValue(f"it has {len(text):,} characters")
    if text.startswith("array(") and text.endswith(")"):
        text = text.removeprefix("array(").removesuffix(")").rsplit(", dtype=", 1)[0]
    try:
        pieces = [piece for piece in tokenize.generate_tokens(io.StringIO(text).readline) if piece.type not in SPACE]
        if any(piece.type == tokenize.STRING and NOT_OF_REPR.search(piece.string) for piece in pieces):
            raise NoValue("its backslashes are not doubled, as Python has them in a literal")
        value = numpy_texts(pieces) if touching(pieces) else ast.literal_eval(text)
    except NoValue:
        raise
    except (ValueError, SyntaxError, TypeError, tokenize.TokenError, MemoryError, RecursionError) as error:
        raise NoValue("it is neither JSON nor a Python literal of a list or dictionary") from error
    return list(value) if isinstance(value, tuple) else value


def touching(pieces: list[tokenize.TokenInfo]) -> bool:
    """Whether two strings stand side by side without a comma."""
    return any(one.type == two.type == tokenize.STRING for one, two in pairwise(pieces))


def numpy_texts(pieces: list[tokenize.TokenInfo]) -> list[Any]:
    """The texts of a NumPy array. Raises NoValue where commas stand between some of them, as then nobody can say what was meant."""
    if [pieces[0].string, pieces[-1].string] != ["[", "]"] or any(piece.type != tokenize.STRING for piece in pieces[1:-1]):
        raise NoValue("commas are missing between some of its texts")
    return [ast.literal_eval(piece.string) for piece in pieces[1:-1]]
