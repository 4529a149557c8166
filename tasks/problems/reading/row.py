"""A row as every reader gives it: its values by column, where it stands, and what is wrong with it where it cannot be read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

BATCH_ROWS = 64


class Numeral(str):
    """A number with a fraction or exponent as JSON text had it ("0.10" is not "0.1" and 1e400 is not infinity)."""


@dataclass(frozen=True, slots=True)
class Row:
    """Row `number` of `source` (a file's name), with its values by column, or why it has none.

    Rows are counted from 1 (of a table those below its header); in JSON Lines the number is the line's. `key` is the name that the file
    itself gives the row, where it keeps rows by name.
    """

    source: str
    number: int
    values: dict[str, Any]
    fault: str = ""
    key: str = ""


def numbered(batches: Iterable[list[dict[str, Any]]], where: str) -> Iterator[Row]:
    """The rows of all batches, numbered from 1."""
    number = 0
    for batch in batches:
        for values in batch:
            number += 1
            yield Row(where, number, values)
