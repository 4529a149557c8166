"""Where the parts of a problem lie in a source's rows: columns, places inside columns, and several columns together."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tasks.problems.columns import ColumnMapping
from tasks.problems.decoding import NoValue, decoded, is_written


@dataclass(frozen=True)
class Column:
    """A column, or a place inside one: `steps` lead from the row to the value, and are empty for a column."""

    name: str
    steps: tuple[str, ...] = ()

    def value(self, values: dict[str, Any]) -> Any:
        """What the row has there; None where it has nothing."""
        return reached(values, self.steps) if self.steps else values.get(self.name)


@dataclass(frozen=True)
class Place:
    """The column, or the columns together, that hold a part of a problem."""

    columns: tuple[Column, ...]
    separator: str | None = None

    @property
    def name(self) -> str:
        """What a message calls it."""
        return ", ".join(column.name for column in self.columns)

    @property
    def is_joined(self) -> bool:
        return self.separator is not None

    def value(self, values: dict[str, Any]) -> Any:
        """What the row has in it; of several columns a list, with None where the row has nothing."""
        if self.separator is None:
            return self.columns[0].value(values)
        return [column.value(values) for column in self.columns]


@dataclass(frozen=True)
class Columns:
    """The places of a source that a mapping means; None where the source has no such part. `used` are the columns that they take;
    `mapping` says how they are read."""

    problem: Place
    answer: Place
    images: Place | None
    choices: Place | None
    id: Place | None
    cluster: Place | None
    system: Column | None
    used: frozenset[str]
    mapping: ColumnMapping

    def said(self) -> dict[str, str | None]:
        """The names of the columns, for people to see which were taken."""
        places = {part: getattr(self, part) for part in ("problem", "answer", "images", "choices", "id", "cluster")}
        return {part: place.name if place else None for part, place in places.items()}


def column_named(name: str, names: Collection[str]) -> Column:
    """The column of that very name, or else the place that a dotted name leads to."""
    return Column(name) if name in names or "." not in name else Column(name, tuple(name.split(".")))


def reached(value: Any, steps: tuple[str, ...]) -> Any:
    """What lies behind keys and list positions, also in JSON text; None where they lead nowhere. A key that has dots itself comes first."""
    for depth, step in enumerate(steps):
        value = opened(value)
        if isinstance(value, dict):
            if len(steps) > depth + 1 and (whole := ".".join(steps[depth:])) in value:
                return value[whole]
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def opened(value: Any) -> Any:
    """The list or dictionary that a value is, or stands for as text."""
    if isinstance(value, str) and is_written(value):
        try:
            return decoded(value)
        except NoValue:
            return value
    return value.tolist() if hasattr(value, "tolist") else value
