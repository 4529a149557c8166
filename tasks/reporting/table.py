"""A table of a page: what the template needs to lay it out, without knowing what it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """`columns` are headings; one that starts with "#" is of numbers, which align right. `rows` are cells as they are shown."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def heads(self) -> list[tuple[str, bool]]:
        """Each heading, and whether its cells are numbers."""
        return [(column.removeprefix("#"), column.startswith("#")) for column in self.columns]


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of these rows."""
    return Table(caption, tuple(columns), tuple(tuple(row) for row in rows))
