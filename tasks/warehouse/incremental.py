"""Publishing on top of the last publish, because a lake of 10 million verdicts is published after every profile, curation and stage: where
1% of them are new, that must not take as long as reading all of them.

The published file is copied, and only what the lake's new files can have changed is computed. Where nothing but shards and problems was
added, a mart that is local (its rows of a problem are made of its inputs' rows of that problem alone, as its header says) is computed for
the problems in the new files, from the rows of these in all its inputs, changed or not, and its other rows are kept; any other mart is
computed anew where one of its inputs has changed. Whatever else is different (settings, SQL, a shard that is gone) makes everything anew,
and so does `publish(whole=True)`. The result holds the same rows as a whole build; their order in the file may differ.

What the last publish was made of is kept beside it (tasks/lake/published.py); summaries.py keeps what marts need of all shards.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.lake.database import connect, literal, writable
from tasks.lake.lake import RELATIONS, SHARDED, Lake
from tasks.lake.published import copy_as_it_is, recalled
from tasks.warehouse.building import create, create_macros
from tasks.warehouse.checking import check_rows
from tasks.warehouse.made import create_parameters
from tasks.warehouse.meanings import comment_on
from tasks.warehouse.order import in_order, inputs_of
from tasks.warehouse.pointing import create_live_view
from tasks.warehouse.relations import ARTIFACTS, PARAMETERS, STOPPING_EDGES, catalogue, models, published_tables, sql_files, summaries
from tasks.warehouse.seen import Seen
from tasks.warehouse.settings import MartSettings
from tasks.warehouse.writing import stored, write_meta

if TYPE_CHECKING:
    import duckdb

GROWING = (*SHARDED, "problems")  # relations whose new files name the problems that they can change
MOST_AFFECTED = 0.2  # of the problems; above that a whole build is as fast
FINGERPRINT = "sum(hash(mart)), bit_xor(hash(mart))"  # equal for equal rows in any order; much faster than a set difference


@dataclass(frozen=True)
class Changes:
    """The relations with other files than at the last publish, and the new ones of those that only grew."""

    relations: frozenset[str]
    new: dict[str, list[Path]]


def changes(lake: Lake, before: dict[str, Any] | None, now: dict[str, Any]) -> Changes | None:
    """What is new since the last publish; None where only a whole build will do."""
    if before is None or before["how"] != now["how"]:
        return None
    changed = {relation for relation in RELATIONS if before["files"][relation] != now["files"][relation]}
    for relation in changed & set(GROWING):
        if not before["files"][relation].items() <= now["files"][relation].items():
            return None
    new = {
        relation: [lake.home / name for name in now["files"][relation] if name not in before["files"][relation]]
        for relation in changed & set(GROWING)
    }
    return Changes(frozenset(changed | ({ARTIFACTS} if before["artifacts"] != now["artifacts"] else set())), new)


class Update:
    """The update of a copied warehouse: every relation is unchanged, changed for the affected problems only (`partial`), or changed.

    Relations are made in memory where they are needed: in `main` whole (a mart that is up to date: a view of the copy), in `fresh` with
    the rows of the affected problems alone.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Mapping[str, list[Path]],
        found: Changes,
        settings: MartSettings,
    ) -> None:
        self.connection, self.files, self.settings = connection, files, settings
        self.made: set[str] = {PARAMETERS, STOPPING_EDGES}
        self.fresh: set[str] = set()
        self.partial = set(found.new)
        self.changed = set(found.relations)
        self.current: set[str] = set()  # marts that are up to date in the copy
        self.replaced: set[str] = set()  # marts whose tables are new ones, and have no comments

    def run(self) -> None:
        """Bring every mart up to date, and check what has changed."""
        for name in in_order([*RELATIONS, *models()], (*RELATIONS, ARTIFACTS)):
            self.update(name)
        for name, path in sql_files("checks").items():
            self.check(name, path)

    def update(self, name: str) -> None:
        """Bring one relation up to date, all of whose inputs are."""
        other = self.changed.intersection(inputs_of(name, (*RELATIONS, ARTIFACTS)))
        if name == ARTIFACTS and name in self.changed:
            self.replace(name)
        elif not other:
            self.current.update({name}.intersection(published_tables()))
        elif name in summaries() and other <= self.partial:
            self.changed.add(name)
            self.partial.add(name)
        elif catalogue()[name].is_local and other <= self.partial:
            self.update_affected(name)
        else:
            self.update_whole(name)

    def update_affected(self, name: str) -> None:
        """Compute a local relation for the affected problems, and put their rows in the place of those that the copy has."""
        if name in published_tables():
            self.compute_fresh(name)
            self.connection.execute(f"delete from {stored(name)} where problem_id in (from main.affected)")
            self.connection.execute(f"insert into {stored(name)} by name from fresh.{name}")
            self.current.add(name)
        self.changed.add(name)
        self.partial.add(name)

    def update_whole(self, name: str) -> None:
        """Compute a relation as a whole. One that comes out as it was has not changed."""
        if name not in published_tables():
            self.changed.add(name)
            return
        self.need(name)
        if self.differs(name):
            self.replace(name)
            self.changed.add(name)

    def replace(self, name: str) -> None:
        """Put a relation's rows in the place of its table in the copy."""
        self.need(name)
        self.replaced.add(name)
        self.connection.execute(f"create or replace table {stored(name)} as from main.{name}")

    def differs(self, name: str) -> bool:
        """Whether a mart has other rows than its table in the copy: another number, or other hashes whatever their order."""
        places = (f"main.{name}", stored(name))
        return any(len({self.told(fact, place) for place in places}) > 1 for fact in ("count(*)", FINGERPRINT))

    def told(self, fact: str, place: str) -> tuple[Any, ...]:
        """What an aggregate says of all rows of a table."""
        [row] = self.connection.execute(f"select {fact} from {place} as mart").fetchall()
        return row

    def need(self, name: str) -> None:
        """Make a relation whole, and all that it is made of."""
        if name in self.made:
            return
        self.made.add(name)
        if name in self.current:
            self.connection.execute(f"create view main.{name} as from {stored(name)}")
            return
        for source in inputs_of(name, self.files):
            self.need(source)
        self.connection.execute("set search_path = 'main'")
        create(self.connection, name, self.files, self.settings)

    def compute_fresh(self, name: str) -> None:
        """Make a relation for the affected problems: of their rows in its inputs, or of its own where they are all there."""
        if name in self.fresh:
            return
        self.fresh.add(name)
        if catalogue()[name].is_local and not self.is_up_to_date(name):
            self.enter_fresh(inputs_of(name, (*RELATIONS, ARTIFACTS)))
            self.connection.execute(f"create table fresh.{name} as {models()[name].read_text(encoding='utf-8')}")
            self.connection.execute("set search_path = 'main'")
        else:
            self.need(name)
            affected = f"select * from main.{name} where problem_id in (from main.affected)"
            self.connection.execute(f"create table fresh.{name} as {affected}")

    def is_up_to_date(self, name: str) -> bool:
        """Whether a mart is there with all its rows."""
        return name in self.current or (name in published_tables() and name in self.made)

    def enter_fresh(self, inputs: tuple[str, ...]) -> None:
        """Have these relations found: those with rows of problems for the affected ones alone, changed or not, the others whole. What is
        local compares its inputs' rows of a problem, so one that still had those of all problems would look wrong beside the rest."""
        for source in inputs:
            if self.tells_of_problems(source):
                self.compute_fresh(source)
            else:
                self.need(source)
        self.connection.execute("set search_path = 'fresh,main'")

    def tells_of_problems(self, name: str) -> bool:
        """Whether a relation has a column `problem_id`."""
        if name in self.fresh or name in self.partial:
            return True
        self.need(name)
        return "problem_id" in self.connection.table(f"main.{name}").columns

    def check(self, name: str, path: Path) -> None:
        """Run a check where something that it reads has changed; where it is local, over the affected problems."""
        inputs = inputs_of(name, (*RELATIONS, ARTIFACTS))
        other = self.changed.intersection(inputs)
        if other and catalogue()[name].is_local and other <= self.partial:
            self.enter_fresh(inputs)
        elif other:
            for source in inputs:
                self.need(source)
        if other:
            check_rows(self.connection, name, path)
        self.connection.execute("set search_path = 'main'")


def build_on(path: Path, seen: Seen, found: Changes) -> bool:
    """Write the warehouse to `path` as an update of the published one; False, and nothing done, where too much has changed for that.

    The published file is copied, never opened: another program may hold it.
    """
    with writable(path) as place, closing(connect()) as connection:
        affected = affected_problems(connection, found)
        copy_as_it_is(seen.lake.warehouse, place)
        connection.execute("attach $path as warehouse", {"path": str(place)})
        [(known,)] = connection.execute(f"select count(distinct problem_id) from {stored('problem_counts')}").fetchall()
        if affected > MOST_AFFECTED * known or recalled(seen.lake) is None:  # the copy must be of what was published
            connection.execute("detach warehouse")
            place.unlink()
            return False
        update(connection, seen, found)
    return True


def update(connection: duckdb.DuckDBPyConnection, seen: Seen, found: Changes) -> None:
    """Bring the attached copy up to date."""
    create_parameters(connection, seen.settings)
    create_macros(connection)
    connection.execute("create schema fresh")
    work = Update(connection, seen.files, found, seen.settings)
    work.run()
    connection.execute("use warehouse")
    for relation in RELATIONS:
        create_live_view(connection, relation, literal(seen.lake.home), seen.lake.home)
    write_meta(connection, seen.facts)
    comment_on(connection, "warehouse", work.replaced | RELATIONS.keys() | {"meta"})
    connection.execute("use memory")
    connection.execute("detach warehouse")


def affected_problems(connection: duckdb.DuckDBPyConnection, found: Changes) -> int:
    """Make the table `affected` of the problems in the new files; gives how many they are."""
    connection.execute("create table affected (problem_id varchar)")
    for paths in found.new.values():
        connection.from_parquet([literal(path) for path in paths]).project("problem_id").distinct().insert_into("affected")
    return int(connection.execute("select count(distinct problem_id) from affected").fetchall()[0][0])
