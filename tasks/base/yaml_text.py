"""YAML as people write it: read, or refused in one line that names the line and the column.

A key that stands twice in one place is an error there, where YAML would keep the last in silence. JSON is read, too: but for tabs it is
YAML.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from tasks.base.errors import InputError
from tasks.base.text_files import place_in, read_text

MERGE = "tag:yaml.org,2002:merge"
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
    text = read_text(path, said)
    if path.suffix.lower() != ".json":
        return read_yaml(text, said)
    read_yaml(text.replace("\t", " "), said)  # finds what stands twice, and where; within JSON's texts there are no tabs
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{said} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; or call it .yaml") from error


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
    odd = ord(text[error.position])
    return f"{place_in(text, error.position)} holds the character U+{odd:04X}, which no YAML has; remove it, or write it as an escape"


def fault_of(error: yaml.MarkedYAMLError) -> str:
    """What is wrong with YAML, and where."""
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = " ".join(filter(None, (error.context, error.problem)))
    return f"{place}{said}; {next((way for sign, way in WAYS_OUT.items() if sign in said), QUOTES)}"
