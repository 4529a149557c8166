"""Lineage from the published warehouse: from a set, a stage or a checkpoint back to all that made it, and from a problem forward to the
sets, stages and groups that it was in.

What is asked for is an id, the start of one that only it has, the id that a problem has in its own dataset (alone, or as
dataset/id or dataset/split/id), a policy's name, or a path inside an artifact (a checkpoint).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError, did_you_mean
from tasks.base.printable import printable
from tasks.lake.lake import Lake
from tasks.warehouse.querying import named_query, query

SHORT, MOST_LISTED, MOST_COMPARED = 12, 20, 5000
OF_A_PROBLEM = {
    "where it is": "problem_places",
    "how hard it is": "problem_difficulty",
    "the sets it is in": "problem_sets",
    "the stages it was trained in": "problem_stages",
    "when and why it was drawn": "problem_draws",
}
"""What is told of a problem: the heading, and the query of `sql/queries/`."""
NODES = {"policies": ("policy_id", "from policies"), "samplings": ("sampling_id", "from samplings")}  # of lineage that are no artifacts
HIDDEN = {"files", "content", "kind", "key", "counts", "libraries"}  # of a manifest: shown elsewhere, or too long to read
Node = tuple[str, str]
Facts = Mapping[Node, Mapping[str, Any]]


@dataclass(frozen=True)
class Traced:
    """What was asked for: its kind, its id, and what people call it."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class Lineage:
    """The edges from a thing back to all that it was made from and forward to all that was made of it (kind, id, from_kind, from_id), and
    what is told of every artifact, policy and way of sampling, by its kind and id."""

    back: pl.DataFrame
    forward: pl.DataFrame
    facts: Facts


def find(lake: Lake, asked: str) -> Traced:
    """What an id, a unique start of one, a dataset's own id, a policy's name or a path stands for. Raises InputError for none, and for
    several, listing them."""
    wanted = folder_key(lake, asked) or asked
    known = named_query(lake, "names_traced")
    exact = known.filter(pl.any_horizontal(pl.col("id", "name", "place", "near") == wanted)) if wanted else known.clear()
    found = exact if not exact.is_empty() else known.filter(pl.col("id").str.starts_with(wanted))
    things = found.sort("kind", "place", "id").unique(["kind", "id"], keep="first", maintain_order=True)
    if things.is_empty():
        raise InputError(f"no problem, set, stage or policy is called {asked!r} in {lake.warehouse}{like(asked, known)}")
    if len(things) > 1:
        listed = "; ".join(
            f"{kind} {id[:SHORT]}… {printable(place or name)}".strip() for kind, id, name, place, _ in things.head(MOST_LISTED).rows()
        )
        more = f"; and {len(things) - MOST_LISTED} more" if len(things) > MOST_LISTED else ""
        raise InputError(f"{asked!r} may be {len(things)} things: {listed}{more}; give more of the id, or dataset/split/id")
    kind, id, name, place, _ = things.row(0)
    return Traced(kind, id, f"problem {place}" if place else name)


def like(asked: str, known: pl.DataFrame) -> str:
    """What may have been meant, where there are few enough names to compare with; else what may be given."""
    names = known["name"].unique().drop_nulls()
    meant = did_you_mean(asked, filter(None, names)) if len(names) <= MOST_COMPARED else ""
    return f"{meant}; give an id, the start of one, or the id that a dataset gives it"


def folder_key(lake: Lake, asked: str) -> str | None:
    """The artifact's id in a path like runs/stages/<id>/policy."""
    path = Path(asked).absolute()
    return path.relative_to(lake.home).parts[1] if path.is_relative_to(lake.home) and len(path.relative_to(lake.home).parts) > 1 else None


def lineage_of(lake: Lake, found: Traced) -> Lineage:
    """Where a thing came from and what it went into."""
    return Lineage(named_query(lake, "made_from", id=found.id), named_query(lake, "went_into", id=found.id), facts_of(lake))


def told_of_problem(lake: Lake, problem_id: str) -> dict[str, pl.DataFrame]:
    """What is known of a problem: its tables by their headings."""
    return {head: named_query(lake, name, id=problem_id) for head, name in OF_A_PROBLEM.items()}


def facts_of(lake: Lake) -> dict[Node, dict[str, Any]]:
    """What is told of each artifact, policy and way of sampling."""
    found = {
        (kind, id): {name: value for name, value in json.loads(text).items() if name not in HIDDEN}
        for kind, id, text in query(lake, "select kind, artifact_id, manifest from artifacts").iter_rows()
    }
    for kind, (key, rows) in NODES.items():
        found |= {(kind, row[key]): row for row in query(lake, rows).to_dicts()}
    return found


def traced_facts(lake: Lake, asked: str) -> dict[str, Any]:
    """All of it for programs: of a problem its tables; of all else the edges back and forward, and what is told of each node."""
    found = find(lake, asked)
    named = {"kind": found.kind, "id": found.id, "name": found.name}
    if found.kind == "problems":
        return {**named, **told_of_problem(lake, found.id)}
    lines = lineage_of(lake, found)
    nodes = {(found.kind, found.id), *lines.back.select("from_kind", "from_id").rows(), *lines.forward.select("kind", "id").rows()}
    told = [{"kind": kind, "id": id, **lines.facts.get((kind, id), {})} for kind, id in sorted(nodes)]
    return {**named, "made_from": lines.back, "went_into": lines.forward, "facts": told}
