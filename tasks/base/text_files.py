"""Text files that people write (recipes, rules, templates), read as UTF-8 or refused with the place of what is none."""

from pathlib import Path

from tasks.base.errors import InputError

MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_text(path: Path, said: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark. Raises InputError, beginning with what is `said` of it, for one that cannot
    be read, and for bytes that are neither, with line, column, and what the first of them would be in Latin-1."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{said} cannot be read: {error.strerror}") from error
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        position = content.index(b"\0")
        place = place_in(content.decode("latin-1"), position)
        raise InputError(f"{said} is no text: {place} holds a zero byte; if it is UTF-16 without its mark, save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before, byte = content[: error.start].decode(encoding, "replace"), content[error.start : error.start + 1]
        odd = f"holds the byte 0x{byte.hex()} ({byte.decode('latin-1')!r} in Latin-1)"
        raise InputError(
            f"{said} is not {encoding.upper()}: {place_in(before, len(before))} {odd}; save the file as UTF-8 "
            "(an editor's `Save with encoding`, or iconv -f LATIN1 -t UTF-8)"
        ) from error


def place_in(text: str, position: int) -> str:
    """The line and column of a character."""
    before = text[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - (before.rfind(chr(10)) + 1) + 1}"
