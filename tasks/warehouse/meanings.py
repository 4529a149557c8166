"""What the columns of the warehouse mean, of the headers of SQL files, and that written into a database as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tasks.lake.database import quoted, text_literal
from tasks.warehouse.headers import Header, Meaning
from tasks.warehouse.relations import headers

if TYPE_CHECKING:
    import duckdb

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
