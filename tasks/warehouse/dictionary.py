"""The data dictionary: every relation of the warehouse with its columns, made of the headers in `sql/` and of DuckDB's own DESCRIBE.

No list is kept by hand: a relation without a header, or a column that no header explains, fails a test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks.base.errors import InputError, did_you_mean
from tasks.lake.database import quoted
from tasks.lake.lake import RELATIONS
from tasks.warehouse.building import open_over
from tasks.warehouse.headers import Header
from tasks.warehouse.meanings import WORDS, meanings
from tasks.warehouse.order import in_order
from tasks.warehouse.relations import headers, models, published_tables, summaries
from tasks.warehouse.worded import columns_of, worded

if TYPE_CHECKING:
    import duckdb

ORDER = ["mart", "view", "lake", "made"]


@dataclass(frozen=True)
class Column:
    """A column: its name, DuckDB's type, what it means, and the unit of its numbers."""

    name: str
    type: str
    meaning: str
    unit: str


@dataclass(frozen=True)
class Relation:
    """A relation of the warehouse. `kind` is lake, view, mart, or made (by Python for a mart); `key` tells its rows apart."""

    name: str
    kind: str
    purpose: str
    grain: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    invariants: str
    columns: tuple[Column, ...]


@cache
def dictionary() -> tuple[Relation, ...]:
    """Every relation that is published: marts first, then views, the lake's own, and what Python makes. Made once a process."""
    return described([*RELATIONS, *models()])


def outline() -> tuple[Relation, ...]:
    """The same without their columns, of the headers alone: no relation is made for it."""
    known = headers()
    return sorted_by_kind(relation_of(known[name], [], known) for name in published([*RELATIONS, *models()], known))


def described(wanted: Sequence[str]) -> tuple[Relation, ...]:
    """The wanted relations and all that they are made from, with their columns: made over an empty lake, and asked of DuckDB."""
    known = headers()
    sources = {source for source, *_ in WORDS.values()}
    with closing(open_over({}, wanted=[*wanted, *sorted(sources)])) as connection:
        columns = {name: connection.execute(f"describe {as_published(connection, name)}").fetchall() for name in published(wanted, known)}
    return sorted_by_kind(relation_of(known[name], rows, known) for name, rows in columns.items())


def published(wanted: Sequence[str], known: Mapping[str, Header]) -> list[str]:
    """Of the wanted relations and all that they are made from those that are published, each after its inputs."""
    return [name for name in in_order(wanted) if name in known and name not in summaries()]


def sorted_by_kind(relations: Iterable[Relation]) -> tuple[Relation, ...]:
    """Relations in the order in which they are shown."""
    return tuple(sorted(relations, key=lambda relation: (ORDER.index(relation.kind), relation.name)))


def as_published(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """A relation as a published file shows it: a mart with the words beside its digests."""
    place = quoted(name)
    return worded(name, columns_of(connection, place), place) if name in published_tables() else place


def relation_of(header: Header, described: list[tuple[Any, ...]], known: dict[str, Header]) -> Relation:
    """A relation, of its header and the rows of its DESCRIBE (name and type first)."""
    name = header.name
    meant = meanings(name, (row[0] for row in described), known)
    columns = [(column, type, meant[column]) for column, type, *_ in described]
    return Relation(
        name=name,
        kind=kind_of(header),
        purpose=header.purpose,
        grain=header.grain,
        key=header.key,
        inputs=header.inputs,
        invariants=header.invariants,
        columns=tuple(Column(column, type, said.text if said else "", said.unit if said else "") for column, type, said in columns),
    )


def kind_of(header: Header) -> str:
    """The kind of a relation: what is given is of the lake or made, what is derived a view or a mart."""
    if header.folder == "given":
        return "lake" if header.name in RELATIONS else "made"
    return "view" if header.is_view else "mart"


def relation_named(name: str) -> Relation:
    """One relation. Raises InputError that lists all of them when there is none of that name."""
    names = sorted(relation.name for relation in outline())
    if name not in names:
        raise InputError(f"the warehouse has no relation {name!r}{did_you_mean(name, names)}; it has {', '.join(names)}")
    return next(relation for relation in described([name]) if relation.name == name)


def written(relations: tuple[Relation, ...]) -> str:
    """The relations as JSON."""
    return json.dumps([asdict(relation) for relation in relations], indent=1, ensure_ascii=False)
