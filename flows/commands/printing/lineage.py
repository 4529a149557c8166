"""Prints a lineage: what a set, a stage or a policy was made from and went into, as trees, and what is known of a problem, as tables."""

import json

import polars as pl
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text
from rich.tree import Tree

from flows.commands.printing.rows import rows_table
from tasks.base.printable import printable
from tasks.lake.lake import Lake
from tasks.warehouse.lineage import Facts, Lineage, Node, Traced, find, lineage_of, told_of_problem

Steps = dict[Node, list[Node]]


def lineage(lake: Lake, asked: str) -> RenderableType:
    """Where what is asked for came from and what it went into; of a problem what is known of it."""
    found = find(lake, asked)
    title = Text(f"{found.kind} {found.id} {printable(found.name)}", style="bold")
    if found.kind == "problems":
        return Group(title, *problem_tables(told_of_problem(lake, found.id)))
    lines = lineage_of(lake, found)
    one, other = ("kind", "id"), ("from_kind", "from_id")
    back, forward = steps(lines.back, one, other), steps(lines.forward, other, one)
    parts: list[RenderableType] = [title, tree("made from", found, back, lines.facts)]
    if forward:
        parts.append(tree("went into", found, forward, lines.facts))
    return Group(*parts, *queries(lines, found))


def problem_tables(told: dict[str, pl.DataFrame]) -> list[RenderableType]:
    """What is known of a problem, table by table."""
    tables: list[RenderableType] = []
    for head, rows in told.items():
        tables += [Text(f"\n{head}", style="bold"), Text("nothing", style="dim") if rows.is_empty() else rows_table(rows)]
    return tables


def steps(edges: pl.DataFrame, here: tuple[str, str], there: tuple[str, str]) -> Steps:
    """The edges by the node that they lead from: its kind and id stand in the columns `here`, those of the next one in `there`."""
    found: Steps = {}
    for row in edges.iter_rows(named=True):
        found.setdefault((row[here[0]], row[here[1]]), []).append((row[there[0]], row[there[1]]))
    return found


def tree(head: str, found: Traced, after: Steps, facts: Facts) -> Tree:
    """The steps as a tree from what was asked for; what was shown once is only named again."""
    shown: set[Node] = set()

    def grow(branch: Tree, node: Node) -> None:
        """Hang what is told of a node, and the nodes after it, on a branch."""
        if node in shown:
            branch.add(Text("(see above)", style="dim"))
            return
        shown.add(node)
        for name, value in facts.get(node, {}).items():
            if name != "stages" and value not in (None, "", [], {}):
                branch.add(Text.assemble((f"{name}: ", "dim"), printable(value if isinstance(value, str) else json.dumps(value))))
        for following in after.get(node, []):
            grow(branch.add(Text(f"{following[0]} {following[1]}")), following)

    root = Tree(Text(head, style="bold"))
    grow(root, (found.kind, found.id))
    return root


def queries(lines: Lineage, found: Traced) -> list[RenderableType]:
    """The text of every curation query on the way, with what it was given and what came out."""
    sets = {(found.kind, found.id), *lines.back.select("kind", "id").iter_rows(), *lines.back.select("from_kind", "from_id").iter_rows()}
    parts: list[RenderableType] = []
    for kind, id in sorted(node for node in sets if node[0] == "curated" and node in lines.facts):
        for stage, told in lines.facts[kind, id].get("stages", {}).items():
            given = {name: value for name, value in told.items() if name != "query"}
            parts.append(Text(f"\nset {id}, {stage}: {printable(json.dumps(given))}", style="bold"))
            parts.append(Syntax(told["query"], "sql", background_color="default"))
    return parts
