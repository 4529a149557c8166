"""Reads JSON text in every shape that it is published in, whatever the file's suffix says:

- JSON Lines: an object a line; or one object that is the whole file;
- an array of objects, on one line or many, or objects one after another (as `jq` prints them);
- an envelope: an object of which one member is a list of objects, which are the rows (`{"data": […]}`, `{"info": …, "questions": […]}`);
- an object that keeps its rows by name (`{"1": {…}, "2": {…}}`): the name is the row's key, and its `id` where it has no other;
- an object of columns, each a list or an object by row numbers (as pandas writes them).

The first object tells which: what follows it, and what its members are. Nothing is held but the row in hand, or a file of columns.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from tasks.base.errors import InputError
from tasks.problems.reading.json_text import BrokenJSON, Values, text_fault
from tasks.problems.reading.opening import opened_text, without_compression
from tasks.problems.reading.row import Numeral, Row

Reading = Callable[[str, TextIO], Iterator[Row]]
BLANK = " \t\r\n\x0b\x0c"
ROWS = object()
ENOUGH = 8
"""After so many members that are objects of one kind, all members of an object are taken for rows."""
FIRST_LINES = 20
LINES = (".jsonl", ".ndjson")
ASKED = {"question", "problem", "prompt", "query", "instruction", "input", "response", "prediction", "output"}
"""What only a row has, whatever lists it has beside."""
PARTS_OF_A_ROW = ({"role", "content"}, {"from", "value"}, {"type", "text"}, {"type", "image"}, {"type", "image_url"}, {"label", "text"})
"""The members that lists of objects *inside* a row have: turns of a chat, parts of a message, choices."""


def refuse_constant(name: str) -> Any:
    """NaN and the infinities are no JSON, and no answer."""
    raise ValueError(f"{name} is not a JSON value")


LINE = json.JSONDecoder(parse_float=Numeral, parse_constant=refuse_constant)


@dataclass
class Members:
    """What the members of an object are: the names of its lists of objects (`lists`), how many are `objects` and the members that all
    these share, the lengths of its `other_lists`, and the names of the others, which are something else."""

    lists: list[str] = field(default_factory=list)
    objects: int = 0
    shared: set[str] = field(default_factory=set)
    other_lists: list[int] = field(default_factory=list)
    others: set[str] = field(default_factory=set)

    @property
    def are_rows(self) -> bool:
        """Whether the object keeps rows by name: nothing but objects, which have some member in common."""
        return bool(self.objects and self.shared) and not (self.others or self.lists or self.other_lists)

    @property
    def are_columns(self) -> bool:
        """Whether the object keeps columns by name: lists of one length, or objects whose members are called 0, 1, 2 …"""
        by_number = self.are_rows and self.shared == {str(number) for number in range(len(self.shared))}
        alike = len(self.other_lists) > 1 and len(set(self.other_lists)) == 1
        return by_number or (alike and not (self.objects or self.others or self.lists))

    def add(self, name: str, value: Any, length: int) -> None:
        """Count one more member, a list of so many items where it is one."""
        if value is ROWS:
            self.lists.append(name)
        elif isinstance(value, dict):
            self.shared = self.shared & value.keys() if self.objects else set(value)
            self.objects += 1
        elif isinstance(value, list):
            self.other_lists.append(length)
        else:
            self.others.add(name)


def json_rows(path: Path, part: str | None) -> Iterator[Row]:
    """The rows of a file of JSON text; `part` chooses among several lists of objects in one envelope.

    Raises InputError where the text is not JSON from some line on.
    """
    try:
        with opened_text(path, newline="\n") as text:
            rows = reading_of(path, Values(text), part)
        with opened_text(path, newline="\n") as text:
            yield from rows(path.name, text)
    except BrokenJSON as error:
        raise InputError(f"{path}, {error}: it is not valid JSON, and nothing after it can be read; is the copy complete?") from error


def reading_of(path: Path, values: Values, part: str | None) -> Reading:
    """How the rows of a file are read, by what it begins with."""
    first, began = values.next(), values.line
    if first == "[":
        return list_rows
    if first != "{":
        return line_rows
    try:
        members = members_of(values)
    except BrokenJSON:
        if has_lines(path):
            return line_rows
        raise
    ended = values.line
    if members.are_columns:
        return column_rows
    if members.are_rows:
        return keyed_rows
    if not values.next() and members.lists and not is_row(path.name, members, began == ended):
        return partial(envelope_rows, chosen_list(path, members.lists, part))
    if began == ended:
        return line_rows
    return value_rows if values.next() else partial(lone_row, Path(without_compression(path.name)).stem)


def is_row(name: str, members: Members, on_one_line: bool) -> bool:
    """Whether an object with lists of objects, alone in its file, is a row and no envelope: it has a question, or it is a line with more
    than its lists in a file that is called JSON Lines."""
    is_line = on_one_line and without_compression(name).lower().endswith(LINES)
    return bool(members.others & ASKED or (is_line and members.others))


def members_of(values: Values) -> Members:
    """What the members of the next value, an object, are; of many of one kind the first ones tell."""
    found = Members()
    for name in names_of(values):
        found.add(name, *seen_of_next(values))
        if found.are_rows and found.objects == ENOUGH:
            break
    return found


def seen_of_next(values: Values) -> tuple[Any, int]:
    """Take the next value and, of a list, how many items it has: it comes as an empty one, as ROWS where all items are objects, and as None
    where some are, or all are parts of a row."""
    if values.next() != "[":
        return values.value()[0], 0
    items, objects, parts_of_a_row = 0, 0, False
    for item, _ in items_of(values):
        items += 1
        objects += isinstance(item, dict)
        parts_of_a_row = parts_of_a_row or (isinstance(item, dict) and any(parts <= item.keys() for parts in PARTS_OF_A_ROW))
    return ([] if not objects else None if parts_of_a_row or objects < items else ROWS), items


def has_lines(path: Path) -> bool:
    """Whether one of a file's first lines is an object by itself: then it is JSON Lines with a broken line before that."""
    with opened_text(path, newline="\n") as text:
        return any(line.strip(BLANK) and not line_row("", 1, line.strip(BLANK)).fault for line in islice(text, FIRST_LINES))


def chosen_list(path: Path, lists: list[str], part: str | None) -> str:
    """The name of the list that holds the rows. Raises InputError where there are several, and none is chosen."""
    if len(lists) == 1 or part in lists:
        return part if part in lists else lists[0]
    raise InputError(f"{path} holds the lists of objects {', '.join(lists)}; set source_split to the one that holds the rows")


def line_rows(source: str, text: TextIO) -> Iterator[Row]:
    """JSON Lines: one row per line that is not blank."""
    for number, line in enumerate(text, start=1):
        if written := line.strip(BLANK):
            yield line_row(source, number, written)


def line_row(source: str, number: int, line: str) -> Row:
    """The row in one line of JSON, or the fault that the line has."""
    try:
        values = LINE.decode(line)
    except (ValueError, RecursionError) as error:
        reason = text_fault(line, None) or f"not valid JSON: {error}"
        return Row(source, number, {}, f"the line is {reason}")
    if fault := text_fault(line, values):
        return Row(source, number, {}, f"the line is {fault}")
    if not isinstance(values, dict):
        return Row(source, number, {}, f"the line is not a JSON object but a {type(values).__name__}")
    return Row(source, number, values)


def value_rows(source: str, text: TextIO) -> Iterator[Row]:
    """Objects one after another."""
    values = Values(text)
    number = 0
    while values.next():
        number += 1
        yield item_row(source, number, *values.value())


def lone_row(key: str, source: str, text: TextIO) -> Iterator[Row]:
    """An object that is a file's only one and goes over several lines, as datasets have it that keep a file per problem (MATH): its key is
    the file's name."""
    for row in value_rows(source, text):
        yield replace(row, key=key)


def list_rows(source: str, text: TextIO) -> Iterator[Row]:
    """An array of objects."""
    values = Values(text)
    for number, (value, fault) in enumerate(items_of(values), start=1):
        yield item_row(source, number, value, fault)
    refuse_more(values)


def envelope_rows(wanted: str, source: str, text: TextIO) -> Iterator[Row]:
    """The list of objects that is the member `wanted` of an object."""
    values = Values(text)
    for name in names_of(values):
        if name == wanted and values.next() == "[":
            for number, (value, fault) in enumerate(items_of(values), start=1):
                yield item_row(source, number, value, fault)
        else:
            values.value()


def keyed_rows(source: str, text: TextIO) -> Iterator[Row]:
    """An object of objects, each with the name that it is kept by."""
    values = Values(text)
    for number, key in enumerate(names_of(values), start=1):
        value, fault = values.value()
        row = item_row(source, number, {"id": key, **value} if isinstance(value, dict) else value, fault)
        yield Row(source, number, row.values, row.fault, key)
    refuse_more(values)


def column_rows(source: str, text: TextIO) -> Iterator[Row]:
    """An object of columns, which is held whole."""
    columns, fault = Values(text).value()
    if fault:
        raise BrokenJSON(fault)
    by_number = [column if isinstance(column, dict) else dict(enumerate(column)) for column in columns.values()]
    for number, label in enumerate(by_number[0], start=1):
        yield Row(source, number, {name: column.get(label) for name, column in zip(columns, by_number, strict=True)})


def refuse_more(values: Values) -> None:
    """Raise BrokenJSON where something follows the one value that a file holds."""
    if values.next():
        raise BrokenJSON(f"line {values.line}: something follows the end of the rows")


def item_row(source: str, number: int, value: Any, fault: str) -> Row:
    """The row in a value that is to be an object."""
    if fault:
        return Row(source, number, {}, f"the object is {fault}")
    if not isinstance(value, dict):
        return Row(source, number, {}, f"this is not a JSON object but a {type(value).__name__}")
    return Row(source, number, value)


def items_of(values: Values) -> Iterator[tuple[Any, str]]:
    """The items of the next value, an array, each with what is wrong with it. Ends with the array's end."""
    values.take("[")
    if values.next() == "]":
        values.take("]")
        return
    while True:
        yield values.value()
        if values.take(",]") == "]":
            return


def names_of(values: Values) -> Iterator[str]:
    """The names of the members of the next value, an object: whoever asks for the next name has taken the value of the one before."""
    values.take("{")
    if values.next() == "}":
        values.take("}")
        return
    while True:
        if (found := values.next()) != '"':
            raise BrokenJSON(
                f"line {values.line}: a name in double quotes should stand here, and there is {f'`{found}`' if found else 'no more'}"
            )
        name, fault = values.value()
        if fault:
            raise BrokenJSON(f"line {values.line}: this name is {fault}")
        values.take(":")
        yield name
        if values.take(",}") == "}":
            return
