"""What each relation is made from, in which order relations are made, and the digests of the SQL that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

from tasks.base.files import bytes_digest
from tasks.lake.lake import RELATIONS
from tasks.warehouse.relations import ARTIFACTS, MADE_FROM, PARAMETERS, SQL, STOPPING_EDGES, catalogue, derived, sql_files

HELD_BY = b"-- materialized: "  # a line that says how rows are held, not which
MOVED = {
    b"tasks/estimates/fit.py": b"tasks/difficulty/fit.py",
    b"tasks/estimates/stopping.py": b"tasks/difficulty/stopping.py",
    b"tasks/estimates/intervals.py": b"tasks/study/intervals.py",
}  # modules that notes name, and where they lay when the artifacts of older lakes were made: these are found again


def inputs_of(name: str, given: Iterable[str] = ()) -> tuple[str, ...]:
    """The relations that `name` is made from, as the header of its file says; none for what is `given` or lies in the lake."""
    if name in given or name in RELATIONS or name in (PARAMETERS, STOPPING_EDGES, ARTIFACTS):
        return ()
    if name in MADE_FROM:
        return MADE_FROM[name]
    return catalogue()[name].inputs


def in_order(wanted: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """`wanted` and all that they are made from, each after its inputs."""
    graph: dict[str, tuple[str, ...]] = {}
    open_names = list(wanted)
    while open_names:
        if (name := open_names.pop()) not in graph:
            graph[name] = inputs_of(name, given)
            open_names += graph[name]
    return list(TopologicalSorter(dict(sorted(graph.items()))).static_order())


def sql_digests(*wanted: str, given: Iterable[str] = ()) -> dict[str, str]:
    """Digest of every SQL file that `wanted` relations are made with where `given` ones are read, for cache keys, by the file's folder of
    `sql/` and name. In which folder of that a file lies, and whether its rows are held as a table or a view, changes no row and no key."""
    known = {name: path for name, path in derived().items() if name not in given}
    files = [*sql_files("macros").values(), *(known[name] for name in in_order(wanted, given) if name in known)]
    return {f"{path.relative_to(SQL).parts[0]}/{path.name}": rows_digest(path) for path in files}


def rows_digest(path: Path) -> str:
    """Digest of what in a SQL file can change rows: all but how they are held, and which module makes what it reads."""
    text = b"".join(line for line in path.read_bytes().splitlines(keepends=True) if not line.startswith(HELD_BY))
    for now, before in MOVED.items():
        text = text.replace(now, before)
    return bytes_digest(text)
