"""What each relation is made from, in which order relations are made, and the digests of the SQL that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter

from tasks.base.files import file_digest
from tasks.lake.lake import RELATIONS
from tasks.warehouse.relations import ARTIFACTS, MADE_FROM, PARAMETERS, SQL, STOPPING_EDGES, derived, header_inputs, sql_files

LOCAL_LINE = "\n-- local by: problem_id\n"


def inputs_of(name: str, given: Iterable[str] = ()) -> tuple[str, ...]:
    """The relations that `name` is made from, as the header of its file says; none for what is `given` or lies in the lake."""
    if name in given or name in RELATIONS or name in (PARAMETERS, STOPPING_EDGES, ARTIFACTS):
        return ()
    if name in MADE_FROM:
        return (MADE_FROM[name],)
    return header_inputs(sql_files("checks").get(name) or derived()[name])


@cache
def is_local(name: str) -> bool:
    """Whether a derived relation's rows of a problem are made of its inputs' rows of that problem alone, as the header of its file says."""
    path = sql_files("checks").get(name) or derived().get(name)
    return path is not None and LOCAL_LINE in path.read_text(encoding="utf-8")


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
    """Digest of every SQL file that `wanted` relations are made with where `given` ones are read, for cache keys: path -> digest."""
    known = {name: path for name, path in derived().items() if name not in given}
    files = [*sql_files("macros").values(), *(known[name] for name in in_order(wanted, given) if name in known)]
    return {path.relative_to(SQL).as_posix(): file_digest(path) for path in files}
