"""A gold answer on its way from what a file holds to what is compared: texts, whatever type the column had."""

import decimal
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.problems.reading.row import Numeral

TRUE, FALSE = ("True", "Yes"), ("False", "No")
MEANT = {
    True: {"true", "yes", "correct", "right", "是", "对", "正确", "√", "✓"},
    False: {"false", "no", "incorrect", "wrong", "否", "错", "错误", "×", "✗"},
}
_WHOLE = re.compile(r"([-+]?\d+)\.0")
_FLOAT32_DIGITS = 9


@dataclass(slots=True)
class Written:
    """texts: the answers that are right, one but for a list; choices: the problem's; kind: of value, as the file had it; rules: that read
    it, in order. A rule that finds no answer leaves no text, or an empty one."""

    texts: tuple[str, ...]
    choices: Sequence[str]
    kind: str = "text"
    rules: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        """The one text; None where there are several or none."""
        return self.texts[0] if len(self.texts) == 1 else None


def written(value: Any, choices: Sequence[str]) -> Written:
    """The value of a gold answer's column. Raises TypeError for what is neither text, number, true or false, nor a list of these, and
    ValueError for what is nothing at all."""
    if isinstance(value, bool):
        chosen = tuple(choice for choice in choices if choice.casefold().strip(" .") in MEANT[value])
        return Written(chosen if len(chosen) == 1 else TRUE if value else FALSE, choices, "boolean", ("boolean",))
    if isinstance(value, list | tuple):
        if any(isinstance(element, list | tuple) for element in value):
            raise TypeError("the answer is neither a text nor a number, nor a list of them")
        parts = [part for element in value if text_of(element) for part in written(element, choices).texts]
        if not parts:
            raise ValueError("the answer is missing")
        return Written(tuple(dict.fromkeys(parts)), choices, "list", ("list",))
    text = text_of(value)
    if not text:
        raise ValueError("the answer is missing")
    return Written((text,), choices, "text" if isinstance(value, str) and not isinstance(value, Numeral) else "number")


def text_of(value: Any) -> str:
    """A text with plain line ends, or a number as a person writes it, with all its digits: 51.0 is 51. Empty for None."""
    if value is None:
        return ""
    if isinstance(value, Numeral):
        return whole(value)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(value, float) and math.isfinite(value):
        return whole(f"{decimal.Decimal(shortest(value)):f}")
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return whole(str(value))
    if isinstance(value, int):
        return str(value)
    raise TypeError("the answer is neither a text nor a number")


def whole(digits: str) -> str:
    """A number without a fraction that says nothing: 51.0 is 51, while 0.10 and 5.00 keep their digits."""
    match = _WHOLE.fullmatch(digits)
    return "0" if digits == "-0.0" else match[1] if match else digits


def shortest(value: float) -> str:
    """The fewest digits that mean the number: 0.1 also where a column of 32 bits made 0.10000000149011612 of it."""
    digits = repr(value)
    if len(digits) <= _FLOAT32_DIGITS or abs(value) > 1e38 or value != narrow(value):
        return digits
    return next((short for count in range(1, _FLOAT32_DIGITS + 1) if narrow(float(short := f"{value:.{count}g}")) == value), digits)


def narrow(value: float) -> float:
    """The number that a column of 32 bits keeps of it."""
    return float(struct.unpack("f", struct.pack("f", value))[0])
