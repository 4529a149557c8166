"""YAML as people write it: read, or refused in one line that names the line and the column.

A key that stands twice in one place is an error there, where YAML would keep the last in silence. A file is UTF-8, or UTF-16 with the mark
that YAML asks for; one in another encoding is refused, since nobody can tell which. JSON is read, too: but for tabs it is YAML.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from tasks.base.errors import InputError

MERGE = "tag:yaml.org,2002:merge"
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
USED_UP = "it is nested too deep, or holds itself (`*name` within `&name`)"
WAYS_OUT = {
    repr("\t"): "indent with spaces",
    "single document": "keep one, without lines of `---`",
    "expected": "close what is open, and indent alike what belongs together",
}
QUOTES = 'a text with `: ` in it, or that begins with one of [ { * & ! % @ ` |, needs quotes: key: "text"'
"""What to do about YAML that is wrong, by what is said of it, and else."""


class Once(yaml.SafeLoader):
    """Reads YAML in which no mapping has a key twice; keys that `<<` brings in give way to the mapping's own, as ever."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        known: dict[tuple[str, str], yaml.ScalarNode] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                first = known.setdefault((key.tag, key.value), key)
                if first is not key:
                    raise TwiceError(context=key.value, context_mark=first.start_mark, problem_mark=key.start_mark)
        return node


class TwiceError(yaml.MarkedYAMLError):
    """A key (`context`) that stands twice in one mapping: first at `context_mark`, and again at `problem_mark`."""


def read_yaml_file(path: Path, said: str) -> Any:
    """What a file of YAML or, by its name, JSON holds. Raises InputError, beginning with what is `said` of it, as `read_yaml` does."""
    try:
        text = decoded(path.read_bytes(), said)
    except OSError as error:
        raise InputError(f"{said} cannot be read: {error.strerror}") from error
    if path.suffix.lower() != ".json":
        return read_yaml(text, said)
    read_yaml(text.replace("\t", " "), said)  # finds what stands twice, and where; within JSON's texts there are no tabs
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{said} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; or call it .yaml") from error


def decoded(content: bytes, said: str) -> str:
    """The text of a file. Raises InputError that names the first byte that is no UTF-8, and what it would be in Latin-1."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding, "replace" if b"\0" in content and encoding == "utf-8" else "strict")  # what reads it tells of zeros
    except UnicodeDecodeError as error:
        before, byte = content[: error.start].decode(encoding, "replace"), content[error.start : error.start + 1]
        odd = f"holds the byte 0x{byte.hex()} ({byte.decode('latin-1')!r} in Latin-1)"
        raise InputError(
            f"{said} is not {encoding.upper()}: {place_in(before, len(before))} {odd}; save the file as UTF-8 "
            "(an editor's `Save with encoding`, or iconv -f LATIN1 -t UTF-8)"
        ) from error


def read_yaml(text: str, said: str) -> Any:
    """What a YAML text holds. Raises InputError, beginning with what is `said` of it and naming line and column, for what is not YAML, and
    for a key that stands twice, with both lines."""
    try:
        return yaml.load(text, Loader=Once)  # a SafeLoader
    except TwiceError as error:
        raise InputError(twice(error, said)) from error
    except yaml.reader.ReaderError as error:
        raise InputError(f"{said} is not YAML: {unreadable(error, text)}") from error
    except yaml.MarkedYAMLError as error:
        raise InputError(f"{said} is not YAML: {fault_of(error)}") from error
    except RecursionError as error:
        raise InputError(f"{said} cannot be read: {USED_UP}") from error
    except ValueError as error:  # of a date that there is none of, of a number of thousands of digits
        raise InputError(f"{said} is not YAML: {' '.join(str(error).split())}; if it is a text, put it into quotes") from error


def twice(error: TwiceError, said: str) -> str:
    """That a key stands twice, with both places."""
    first, again = error.context_mark, error.problem_mark
    assert first and again
    return (
        f"{said}: the key `{error.context}` stands twice in one place, first in line {first.line + 1}, again in line {again.line + 1}, "
        f"column {again.column + 1}: YAML would keep only the last; put what belongs together under one, or rename or remove the other"
    )


def unreadable(error: yaml.reader.ReaderError, text: str) -> str:
    """Where a text holds a character that YAML does not take."""
    odd = text[error.position]
    way = "it may be UTF-16 without its mark, or no text at all: save it as UTF-8" if odd == "\0" else "remove it, or write it as an escape"
    return f"{place_in(text, error.position)} holds the character U+{ord(odd):04X}, which no YAML has; {way}"


def fault_of(error: yaml.MarkedYAMLError) -> str:
    """What is wrong with YAML, and where."""
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = " ".join(filter(None, (error.context, error.problem)))
    return f"{place}{said}; {next((way for sign, way in WAYS_OUT.items() if sign in said), QUOTES)}"


def place_in(text: str, position: int) -> str:
    """The line and column of a character."""
    before = text[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - (before.rfind(chr(10)) + 1) + 1}"
