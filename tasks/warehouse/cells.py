"""Writes values of every DuckDB type as text or JSON, by DuckDB itself, so that no library in between has to know the type.

Text is DuckDB's own, and nested values (lists, structs, maps, unions) are JSON in it. JSON has numbers as numbers, however long, nested
values nested, and all else as text; it has no word for what is not a number (NaN, infinity), which is null there, as in every command's
`--json`. A type that DuckDB gets later is text, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.lake.database import quoted

if TYPE_CHECKING:
    import duckdb

NESTED = frozenset({"list", "array", "struct", "tuple", "map", "union", "variant"})
WHOLE = frozenset(
    {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "bignum"}
)
FRACTIONS = frozenset({"float", "double"})
NUMBERS = WHOLE | FRACTIONS | {"decimal"}
HELD = NUMBERS - {"uhugeint", "bignum"} | {
    *("boolean", "varchar", "blob", "date", "time", "uuid", "enum", "null"),
    *("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone"),
}  # what polars holds as it is; it makes -1 of the largest UHUGEINT, drops the zone of a TIMETZ, and knows no INTERVAL
HELD_NESTED = frozenset({"list", "array", "struct", "tuple", "map"})
NO_NUMBER = "NaN|Infinity"
TEXT_OR_NO_NUMBER = re.compile(rf'"(?:[^"\\]|\\.)*"|-?(?:{NO_NUMBER})')


@dataclass(frozen=True)
class Cells:
    """The rows of an answer with every value as text (JSON where it is asked for), null where it is null; and DuckDB's types."""

    rows: pl.DataFrame
    types: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types without what they are of: DECIMAL(4,2) is "decimal"."""
        return tuple(kind.partition("(")[0].lower() for kind in self.types)


def as_text(rows: duckdb.DuckDBPyRelation) -> Cells:
    """Every value as text, nested ones as JSON."""
    return written(rows, lambda column, kind: json_of(column) if kind in NESTED else f"{column}::varchar")


def as_json(rows: duckdb.DuckDBPyRelation) -> Cells:
    """Every value as JSON."""
    return written(rows, lambda column, _: json_of(column))


def json_of(column: str) -> str:
    """The JSON of a column, null where it is null."""
    return f"to_json({column})::varchar"


def written(rows: duckdb.DuckDBPyRelation, form: Callable[[str, str], str]) -> Cells:
    """The rows, each column in the form that its name and kind of type ask for; as text where DuckDB knows no such form of the type."""
    forms = [(column, quoted(column), kind_of(type)) for column, type in zip(rows.columns, rows.types, strict=True)]
    texts = rows.project(", ".join(f"{known_form(rows, form(name, kind), name)} as {name}" for _, name, kind in forms)).pl()
    mended = [numbers_mended(texts[column]) if kind in NESTED | FRACTIONS else texts[column] for column, _, kind in forms]
    return Cells(pl.DataFrame(mended), tuple(map(str, rows.types)))


def known_form(rows: duckdb.DuckDBPyRelation, form: str, name: str) -> str:
    """The form if DuckDB can bind it for this column, else the JSON of its text, or the text."""
    import duckdb

    try:
        rows.project(form)
    except duckdb.Error:
        return json_of(f"{name}::varchar") if form == json_of(name) else f"{name}::varchar"
    return form


def numbers_mended(texts: pl.Series) -> pl.Series:
    """JSON with null for what is not a number. (DuckDB writes NaN and Infinity, which JSON does not have.)"""
    if not texts.str.contains(NO_NUMBER).any():
        return texts
    return texts.map_elements(lambda text: TEXT_OR_NO_NUMBER.sub(null_for_no_number, text), return_dtype=pl.String)


def null_for_no_number(found: re.Match[str]) -> str:
    """A text of JSON as it is, null for anything else."""
    return found[0] if found[0].startswith('"') else "null"


def held_by_polars(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows with the columns that polars cannot hold, or would hold wrongly, as text."""
    columns = zip(map(quoted, rows.columns), rows.types, strict=True)
    cast = [name if holds(type) else f"{name}::varchar as {name}" for name, type in columns]
    return rows if all(" as " not in form for form in cast) else rows.project(", ".join(cast))


def holds(type: Any) -> bool:
    """Whether polars holds values of a DuckDB type, whatever is nested in it."""
    kind = kind_of(type)
    return kind in HELD or (kind in HELD_NESTED and all(holds(part) for _, part in type.children if not isinstance(part, int)))


def kind_of(type: Any) -> str:
    """DuckDB's short name of a type; of one that its Python library does not know, the type in words."""
    try:
        return str(type.id)
    except Exception:  # noqa: BLE001 - a type of a newer DuckDB may raise anything here
        return str(type).lower()


def json_lines(cells: Cells) -> Iterator[str]:
    """An answer in JSON as the lines of one list of objects."""
    names = [json.dumps(name, ensure_ascii=False) for name in cells.rows.columns]
    yield "["
    last = len(cells.rows) - 1
    for place, row in enumerate(cells.rows.iter_rows()):
        fields = ",".join(f"{name}:{'null' if value is None else value}" for name, value in zip(names, row, strict=True))
        yield f"{{{fields}}}{',' if place < last else ''}"
    yield "]"
