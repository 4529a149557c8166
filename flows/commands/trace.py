"""Lineage from the published warehouse: from a set, a stage or a checkpoint back to all that made it, and from a problem forward to the
sets, stages and groups that it was in.

What is asked for is an id, the start of one that only it has, the id that a problem has in its own dataset (alone, or as
dataset/id or dataset/split/id), a policy's name, or a path inside an artifact (a checkpoint).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text
from rich.tree import Tree

from flows.commands.terminal import rows_table
from tasks.base.errors import InputError, did_you_mean
from tasks.lake.lake import Lake
from tasks.reporting.wording import printable
from tasks.warehouse.querying import query

SHORT, MOST_LISTED, MOST_COMPARED = 12, 20, 5000
KNOWN = """
    select distinct 'problems' as kind, problem_id as id, source_id as name, dataset || '/' || split || '/' || source_id as place,
        dataset || '/' || source_id as near
    from problems
    union select kind, artifact_id, '', '', '' from artifacts where kind not in ('problems', 'images', 'compacted', 'starter-datasets')
    union select 'policies', policy_id, unnest([name, policy]), '', '' from stg_policies"""
BACK = """
    with recursive back as (
        select kind, id, from_kind, from_id, 1 as depth from lineage where id = $id
        union
        select l.kind, l.id, l.from_kind, l.from_id, depth + 1 from lineage l join back on l.kind = back.from_kind and l.id = back.from_id
        where depth < 40
    ) select distinct kind, id, from_kind, from_id from back order by all"""
FORWARD = """
    with recursive forward as (
        select kind, id, from_kind, from_id, 1 as depth from lineage where from_id = $id
        union
        select l.kind, l.id, l.from_kind, l.from_id, depth + 1 from lineage l
        join forward on l.from_kind = forward.kind and l.from_id = forward.id
        where depth < 40
    ) select distinct kind, id, from_kind, from_id from forward order by all"""
OF_A_PROBLEM = {
    "where it is": "select dataset, split, row, source_id, gold_id, answer, question from stg_problems where problem_id = $id order by all",
    "how hard it is": """
        select dataset, split, policy, hints, sampling, grader, k || ' of ' || n as solved, accuracy, accuracy_low, accuracy_high, band,
            sampling_id, grader_id
        from difficulty where problem_id = $id order by all""",
    "the sets it is in": """
        select set_id, stage, rank, weight, band, accuracy, rule from stg_curated where problem_id = $id order by all""",
    "the stages it was trained in": """
        select policy, stage_id, count(*) as groups, min(step) as first_step, max(step) as last_step, any_value(g.prior) as prior,
            avg(g.accuracy) as accuracy, avg(weight) as weight, count(*) filter (where is_zero_signal) as without_signal
        from stg_groups g left join stg_policies using (stage_id) where problem_id = $id group by all order by all""",
}
HIDDEN = {"files", "content", "kind", "key", "counts", "libraries"}  # of a manifest: shown elsewhere, or too long to read


@dataclass(frozen=True)
class Traced:
    """What was asked for: its kind, its id, and what people call it."""

    kind: str
    id: str
    name: str


def ask(lake: Lake, sql: str, id: str) -> pl.DataFrame:
    """A query about one id, which must be hex or a grader's name: ids come from the warehouse itself."""
    return query(lake, sql.replace("$id", "'" + id.replace("'", "''") + "'"))


def find(lake: Lake, asked: str) -> Traced:
    """What an id, a unique start of one, a dataset's own id, a policy's name or a path stands for. Raises InputError for none, and for
    several, listing them."""
    wanted = folder_key(lake, asked) or asked
    known = query(lake, KNOWN)
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


def trace(lake: Lake, asked: str) -> RenderableType:
    """The lineage of what is asked for, to be printed."""
    found = find(lake, asked)
    title = Text(f"{found.kind} {found.id} {printable(found.name)}", style="bold")
    if found.kind == "problems":
        return Group(title, *problem_tables(lake, found.id))
    facts = manifests(lake)
    back, forward = ask(lake, BACK, found.id), ask(lake, FORWARD, found.id)
    parts: list[RenderableType] = [title, tree("made from", found, back, facts, ("kind", "id"), ("from_kind", "from_id"))]
    if not forward.is_empty():
        parts.append(tree("went into", found, forward, facts, ("from_kind", "from_id"), ("kind", "id")))
    return Group(*parts, *queries(facts, found, back))


def traced_facts(lake: Lake, asked: str) -> dict[str, Any]:
    """The same for programs: of a problem its tables; of all else the edges back and forward, and what is told of each node."""
    found = find(lake, asked)
    named = {"kind": found.kind, "id": found.id, "name": found.name}
    if found.kind == "problems":
        return {**named, **{head: ask(lake, sql, found.id) for head, sql in OF_A_PROBLEM.items()}}
    back, forward, facts = ask(lake, BACK, found.id), ask(lake, FORWARD, found.id), manifests(lake)
    nodes = {(found.kind, found.id), *back.select("from_kind", "from_id").rows(), *forward.select("kind", "id").rows()}
    told = [{"kind": kind, "id": id, **facts.get((kind, id), {})} for kind, id in sorted(nodes)]
    return {**named, "made_from": back, "went_into": forward, "facts": told}


def problem_tables(lake: Lake, id: str) -> list[RenderableType]:
    """What is known of a problem, table by table."""
    tables: list[RenderableType] = []
    for head, sql in OF_A_PROBLEM.items():
        rows = ask(lake, sql, id)
        tables += [Text(f"\n{head}", style="bold"), Text("nothing", style="dim") if rows.is_empty() else rows_table(rows)]
    return tables


def manifests(lake: Lake) -> dict[tuple[str, str], dict[str, Any]]:
    """What is told of each artifact, policy and way of sampling."""
    found = {
        (kind, id): {name: value for name, value in json.loads(text).items() if name not in HIDDEN}
        for kind, id, text in query(lake, "select kind, artifact_id, manifest from artifacts").iter_rows()
    }
    for relation, key in (("policies", "policy_id"), ("samplings", "sampling_id")):
        found |= {(relation, row[key]): row for row in query(lake, f"from {relation}").to_dicts()}
    return found


def tree(
    head: str,
    found: Traced,
    edges: pl.DataFrame,
    facts: dict[tuple[str, str], dict[str, Any]],
    here: tuple[str, str],
    there: tuple[str, str],
) -> Tree:
    """The edges as a tree from what was asked for; what was shown once is only named again."""
    steps: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in edges.iter_rows(named=True):
        steps.setdefault((row[here[0]], row[here[1]]), []).append((row[there[0]], row[there[1]]))
    shown: set[tuple[str, str]] = set()

    def grow(branch: Tree, node: tuple[str, str]) -> None:
        if node in shown:
            branch.add(Text("(see above)", style="dim"))
            return
        shown.add(node)
        for name, value in facts.get(node, {}).items():
            if name != "stages" and value not in (None, "", [], {}):
                branch.add(Text.assemble((f"{name}: ", "dim"), printable(value if isinstance(value, str) else json.dumps(value))))
        for after in steps.get(node, []):
            grow(branch.add(Text(f"{after[0]} {after[1]}")), after)

    root = Tree(Text(head, style="bold"))
    grow(root, (found.kind, found.id))
    return root


def queries(facts: dict[tuple[str, str], dict[str, Any]], found: Traced, back: pl.DataFrame) -> list[RenderableType]:
    """The text of every curation query on the way, with what it was given and what came out."""
    sets = {(found.kind, found.id), *back.select("kind", "id").iter_rows(), *back.select("from_kind", "from_id").iter_rows()}
    parts: list[RenderableType] = []
    for kind, id in sorted(node for node in sets if node[0] == "curated" and node in facts):
        for stage, told in facts[kind, id].get("stages", {}).items():
            given = {name: value for name, value in told.items() if name != "query"}
            parts.append(Text(f"\nset {id}, {stage}: {printable(json.dumps(given))}", style="bold"))
            parts.append(Syntax(told["query"], "sql", background_color="default"))
    return parts
