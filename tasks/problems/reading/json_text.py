"""Takes JSON values one by one from a text, holding no more than the one in hand, with numbers as they were written."""

import json
import re
from typing import Any, TextIO

from tasks.problems.reading.opening import undecoded
from tasks.problems.reading.row import Numeral

CHUNK = 1 << 16
SLACK = 16
"""How far from the end of what is read a value may look broken only because the rest of it is still to come (`tru`, `\\u00`, `-`)."""
SPACE = re.compile(r"[ \t\r\n]*")


class BrokenJSON(ValueError):
    """A text is not JSON; the message says where and why."""


def whole_number(digits: str) -> int | str:
    """A whole number; one of more digits than Python reads at once stays as it was written."""
    try:
        return int(digits)
    except ValueError:
        return Numeral(digits)


class Values:
    """JSON values in a text, taken in order with the punctuation between them. Raises BrokenJSON where the text is none."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.buffer, self.at, self.lines_before, self.ended = "", 0, 0, False
        self.constants: list[str] = []
        self.decoder = json.JSONDecoder(parse_float=Numeral, parse_int=whole_number, parse_constant=self.constants.append)

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self.lines_before + self.buffer.count("\n", 0, self.at) + 1

    def next(self) -> str:
        """The next character that is no space, left where it is; empty at the end of the text."""
        while True:
            match = SPACE.match(self.buffer, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.buffer) or not self.more():
                return self.buffer[self.at : self.at + 1]

    def take(self, wanted: str) -> str:
        """The next character, which must be one of those wanted."""
        found = self.next()
        if not found or found not in wanted:
            expected = " or ".join(f"`{character}`" for character in wanted)
            raise BrokenJSON(f"line {self.line}: {expected} should stand here, and there is {f'`{found}`' if found else 'nothing more'}")
        self.at += 1
        return found

    def value(self) -> tuple[Any, str]:
        """The next value, and what is wrong with it that does not touch the values after it."""
        self.next()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                cut_off = error.msg.startswith("Unterminated string") or error.pos >= len(self.buffer) - SLACK
                if not (cut_off and self.more()):
                    self.at = max(self.at, error.pos)
                    raise BrokenJSON(f"line {self.line}: {error.msg.removesuffix(' at')}") from error
            except RecursionError as error:
                raise BrokenJSON(f"line {self.line}: it is nested too deeply") from error
            else:
                if end < len(self.buffer) or not self.more():
                    return value, self.fault(self.taken(end), value)
            self.constants.clear()

    def fault(self, written: str, value: Any) -> str:
        """What is wrong with a value that was read."""
        constants, self.constants[:] = list(self.constants), []
        return f"not valid JSON: {constants[0]} is not a JSON value" if constants else text_fault(written, value)

    def taken(self, end: int) -> str:
        """The text up to `end`, which is done with."""
        start, self.at = self.at, end
        return self.buffer[start:end]

    def more(self) -> bool:
        """Read on, more at a time the more is in hand; False at the end."""
        if self.ended:
            return False
        read = self.text.read(max(CHUNK, len(self.buffer) - self.at))
        self.lines_before += self.buffer.count("\n", 0, self.at)
        self.buffer, self.at, self.ended = self.buffer[self.at :] + read, 0, not read
        return bool(read)


def text_fault(written: str, value: Any) -> str:
    """What makes the text that a JSON value was written in none: bytes that are no UTF-8, or half a surrogate pair among its escapes."""
    if not_utf8 := undecoded(written):
        return f"not valid Unicode: {not_utf8}"
    if "\0" in written:
        return f"not valid JSON: byte {len(written[: written.index(chr(0))].encode()) + 1} is NUL (was it cut off while it was written?)"
    if "\\ud" in written or "\\uD" in written:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeError as error:
            return f"not valid Unicode: {error}"
    return ""
