"""The data dictionary: what each relation of the warehouse holds and what its columns mean, as `difficulty-prior schema` tells it."""

from typing import Any

from tasks.reporting.table import Table, table
from tasks.warehouse.dictionary import Relation, dictionary

KINDS = {"mart": "Marts", "view": "Views over the lake, as marts read it", "lake": "The lake itself", "made": "Made by Python for marts"}


def dictionary_section() -> list[tuple[str, list[dict[str, Any]]]]:
    """The relations of each kind, with their columns."""
    relations = dictionary()
    return [(title, [entry(relation) for relation in relations if relation.kind == kind]) for kind, title in KINDS.items()]


def entry(relation: Relation) -> dict[str, Any]:
    """One relation as the page shows it."""
    facts = [("One row per", relation.grain), ("Made from", ", ".join(relation.inputs)), ("Always", relation.invariants)]
    return {
        "name": relation.name,
        "purpose": relation.purpose,
        "facts": [(head, text) for head, text in facts if text and text != "none"],
        "columns": columns(relation),
    }


def columns(relation: Relation) -> Table:
    """The columns of a relation."""
    rows = [(column.name, column.type.lower(), column.unit, column.meaning) for column in relation.columns]
    return table(relation.name, ("column", "type", "unit", "meaning"), rows)
