"""The files of `sql/`: which relations there are, what each is made of, and what its columns mean.

A file's header says it all, once: `-- grain:` (the key), `-- inputs:`, `-- invariants:` and, under `-- columns:`, a line
`--   name: meaning [unit]` per column. A column without a line means what it means in the inputs that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

SQL = Path(__file__).resolve().parents[2] / "sql"
RELATION_FOLDERS = ("given", "staging", "summaries", "marts", "views")
VIEW_FOLDERS = ("staging", "views")
WORDS = {
    "policy_id": ("stg_policies", "policy_id", ("policy",)),
    "sampling_id": ("stg_samplings", "sampling_id", ("hints", "sampling")),
    "grader_id": ("grader_order", "grader_id", ("grader",)),
    "set_id": ("recipe_artifacts", "artifact_id", ("recipe", "is_newest")),
    "stage_id": ("recipe_artifacts", "artifact_id", ("recipe", "is_newest")),
    "evaluation_id": ("recipe_artifacts", "artifact_id", ("recipe", "is_newest")),
}
"""What says in words what a digest stands for: the relation, its column with the digest, and its columns of words. Every published mart
that has the digest has the words beside it (tasks/warehouse/worded.py)."""
OTHER_SIDES = ("", "later_", "weaker_")  # what a mart that compares two of a kind writes before the digest of the second
FIELD = re.compile(r"^-- (\w+): (.*)$", re.MULTILINE)
COLUMN = re.compile(r"^--   (\w+): (.+?)(?: \[([^\]]+)\])?$", re.MULTILINE)


@dataclass(frozen=True)
class Meaning:
    """What a column is, in words, and the unit of its numbers (empty where it has none)."""

    text: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.unit}]" if self.unit else self.text


@dataclass(frozen=True)
class Header:
    """What the comment at the top of a SQL file says."""

    path: Path

    @cached_property
    def text(self) -> str:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[: next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))])

    @cached_property
    def fields(self) -> dict[str, str]:
        return dict(FIELD.findall(self.text))

    @property
    def purpose(self) -> str:
        """The first line: what the relation is."""
        return self.text.partition("\n")[0].partition(": ")[2]

    @property
    def grain(self) -> str:
        """What a row is, in words; its key first."""
        return self.fields.get("grain", "")

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell rows apart; none where there is one row only, or where the grain says that rows may repeat."""
        return tuple(part.split()[0] for part in self.grain.split(";")[0].split(" x ")) if self.grain != "none" else ()

    @property
    def invariants(self) -> str:
        """What always holds."""
        return self.fields.get("invariants", "")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The relations it reads. Raises ValueError naming the file when its header has no such line."""
        if "inputs" not in self.fields:
            raise ValueError(f"{self.path} has no `-- inputs: ...` line in its header; name the relations it reads, or none")
        said = self.fields["inputs"]
        return () if said == "none" else tuple(name.strip() for name in said.split(","))

    @cached_property
    def columns(self) -> dict[str, Meaning]:
        """The columns that the header explains itself."""
        return {name: Meaning(text, unit or "") for name, text, unit in COLUMN.findall(self.text)}


@cache
def sql_files(folder: str) -> Mapping[str, Path]:
    """The files of a folder of `sql/` by the relation (macro, rule, check) that each is named after, sorted. They stay as they are."""
    return {path.stem: path for path in sorted((SQL / folder).glob("*.sql"))}


@cache
def models() -> Mapping[str, Path]:
    """The files of all relations that SQL derives: staging views, marts, and views over both."""
    return {**sql_files("staging"), **sql_files("marts"), **sql_files("views")}


@cache
def header_inputs(path: Path) -> tuple[str, ...]:
    """The names on the `-- inputs:` line of a SQL file. Raises ValueError naming the file when it has none."""
    return Header(path).inputs


def headers() -> dict[str, Header]:
    """The header of every relation: those that are given (the lake's, and what Python makes), staging views, marts."""
    return {name: Header(path) for folder in RELATION_FOLDERS for name, path in sql_files(folder).items()}


def meanings(relation: str, columns: Iterable[str], known: Mapping[str, Header]) -> dict[str, Meaning | None]:
    """What each of a relation's columns means; None where neither its own header nor any it is made from tells."""
    return {column: meaning(relation, column, known) for column in columns}


def meaning(relation: str, column: str, known: Mapping[str, Header]) -> Meaning | None:
    """What a column means: what the headers say; of a word that a mart is given beside a digest, what they say where it comes from."""
    found = told(relation, column, known)
    if found or relation not in known:
        return found
    for source, _, words in WORDS.values():
        for side in OTHER_SIDES:
            word = column.removeprefix(side)
            if column == side + word and word in words and (said := told(source, word, known)):
                return Meaning(f"{said.text} (of the {side.rstrip('_')} one)") if side else said
    return None


def told(relation: str, column: str, known: Mapping[str, Header]) -> Meaning | None:
    """What headers say of a column: the relation's own, or that of the first input that has a word for it."""
    if relation not in known:
        return None
    header = known[relation]
    if column in header.columns:
        return header.columns[column]
    return next((found for name in header.inputs if (found := told(name, column, known))), None)


def comment_on(connection: duckdb.DuckDBPyConnection, database: str, only: Iterable[str] | None = None) -> None:
    """Write what is known of the relations of a database (or of `only` these) into it as comments, for any tool to show."""
    known, chosen = headers(), None if only is None else set(only)
    columns = connection.execute(
        """select schema_name, table_name, list(column_name order by column_index), (schema_name, table_name) in (select (schema_name,
        view_name) from duckdb_views() where database_name = $database) from duckdb_columns() where database_name = $database
        and not internal group by all order by all""",
        {"database": database},
    ).fetchall()
    connection.begin()  # each statement would be a transaction of its own, and written to the disk
    for schema, relation, names, is_view in columns:
        if relation not in known or (chosen is not None and relation not in chosen):
            continue
        header = known[relation]
        kind, place = "view" if is_view else "table", f"{quoted(database)}.{quoted(schema)}.{quoted(relation)}"
        connection.execute(f"comment on {kind} {place} is {text_literal(f'{header.purpose}. One row per {header.grain}')}")
        for column, meant in meanings(relation, names, known).items():
            if meant:
                connection.execute(f"comment on column {place}.{quoted(column)} is {text_literal(str(meant))}")
    connection.commit()


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text of ours as an SQL literal, where the grammar takes no parameter."""
    return "'" + text.replace("'", "''") + "'"
