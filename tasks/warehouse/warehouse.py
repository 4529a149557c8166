"""The warehouse: the SQL of `sql/` over the lake's Parquet files, in memory for a task, or published as one file that people query.

It promises that a published file is only ever replaced, never opened for writing: an analyst's open session keeps what it reads, and
blocks nobody. Its marts are tables, its relations are views over the lake, so a query always sees the newest shards. It is stored so
that DuckDB 1.2 and newer open it.

DuckDB is imported where it is used: Prefect keeps flows alive to the very end of a process, and with them whatever their modules name,
and DuckDB, kept alive so long, prints pages of leak warnings as the last thing a person sees.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import polars as pl
from filelock import Timeout

from tasks.base.errors import InputError
from tasks.base.files import digest, disk_errors_named, file_digest
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.lake.compacted import live, manifests, retired
from tasks.lake.database import connect, literal
from tasks.lake.lake import GLOBS, RELATIONS, SHARDED, TEXT, TIME, Lake, write_parquet
from tasks.lake.layout import ASIDE, MANIFEST, PROGRESS, WAREHOUSE
from tasks.lake.published import (
    attach,
    attach_file,
    copy_as_it_is,
    is_as_published,
    is_same_folder,
    private_copy,
    publishing,
    put_in_place,
    read_meta,
    recalled,
    remember,
    remembered,
    size_and_time,
)
from tasks.warehouse.relations import SQL, VIEW_FOLDERS, comment_on, header_inputs, models, sql_files
from tasks.warehouse.worded import SCHEMA, create_views

if TYPE_CHECKING:
    import duckdb

    from tasks.warehouse.incremental import Changes

logger = logging.getLogger(__name__)
SCHEMA_VERSION = 3  # of the published file: 3 has words beside digests, `runs`, `current` and `answers`; 2 has `lineage` and `artifacts`
STORAGE_VERSION = "v1.2.0"
PARAMETERS, FITS = "parameters", "beta_binomial_fits"
STOPPING_RULE, STOPPING_EDGES = "stopping_rule", "stopping_edges"
T_QUANTILES = "t_quantiles"
ARTIFACTS = "artifacts"
ARTIFACT_COLUMNS: dict[str, Any] = {"kind": TEXT, "artifact_id": TEXT, "written_at": TIME, "made_at": TIME, "manifest": TEXT}
INGESTED = "ingested"
MADE_FROM = {
    FITS: "outcome_counts",
    STOPPING_RULE: "profile_rounds",
    T_QUANTILES: "study_scores",
    INGESTED: "problems",
}  # what Python makes of a mart for others
MERGED_LINE = re.compile(r"^-- merged by: (.*)$", re.MULTILINE)
MERGED_BY = re.compile(r"(sum|max|bit_or)\((\w+)\)")
LOCAL_LINE = "\n-- local by: problem_id\n"
FIRST_ROWS = 5
MOST_LOOKS = 5  # at a lake whose files are moved while it is published


class CheckFailed(InputError):
    """A query of `sql/checks/` found rows that must not be. Retrying cannot help: what lies in the lake is at fault."""


def summaries() -> Mapping[str, Path]:
    """The files of what stands between shards and marts: small, mergeable, and kept from one publish to the next (summaries.py)."""
    return sql_files("summaries")


@cache
def derived() -> Mapping[str, Path]:
    """The files of all relations that we derive, published or not."""
    return {**models(), **summaries()}


def inputs_of(name: str, given: Iterable[str] = ()) -> tuple[str, ...]:
    """The relations that `name` is made from, as the header of its file says; none for what is `given` or lies in the lake."""
    if name in given or name in RELATIONS or name in (PARAMETERS, STOPPING_EDGES, ARTIFACTS):
        return ()
    if name in MADE_FROM:
        return (MADE_FROM[name],)
    return header_inputs(sql_files("checks").get(name) or derived()[name])


def merged_by(name: str) -> dict[str, str]:
    """The aggregate that merges each column of a summary that is not of its key, as the header of its file says."""
    line = MERGED_LINE.search(summaries()[name].read_text(encoding="utf-8"))
    if line is None:
        raise ValueError(
            f"{summaries()[name]} has no `-- merged by: ...` line in its header; name an aggregate for each column but the key's"
        )
    return {column: aggregate for aggregate, column in MERGED_BY.findall(line[1])}


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


def open_over(
    files: Mapping[str, list[Path]],
    settings: DifficultySettings,
    *,
    adaptive: AdaptiveSettings | None = None,
    wanted: Iterable[str] | None = None,
    rounds: int | None = None,
    max_rounds: int | None = None,
    limits: Path | None = None,
    threads: int = 1,
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with macros, staging views and marts over the given Parquet files.

    `files` are those of a relation (a relation not named is empty) or of a mart (which is then read, not computed). `wanted` are the
    relations to make, with all they are made from (None: every one). Only verdicts of the first `rounds` count (None: of all), and of a
    problem in `limits` (a Parquet file with problem_id and rounds) only those of so many. `adaptive` is the rule that the marts about
    stopping early follow, up to `max_rounds` rounds (None: as many as a profile has). More than one of `threads` is for marts of whole
    numbers alone: sums of floats would differ from run to run.
    """
    connection, rule = connect(threads=threads), adaptive or AdaptiveSettings()
    create_parameters(connection, settings, rule, max_rounds)
    create_macros(connection)
    wanted = [*RELATIONS, *models()] if wanted is None else list(wanted)
    names = in_order(wanted, files)
    for name in names:
        if name == "verdicts" and name in files and rounds is not None:
            create_limited_verdicts(connection, files[name], rounds, limits)
        else:
            create(connection, name, files, settings, rule, streamed=name in summaries() and times_read(name, names, wanted) == 1)
    return connection


def times_read(name: str, names: Iterable[str], wanted: Iterable[str]) -> int:
    """How often a relation is read: by the SQL of those derived `names`, and by who wants it."""
    reads = re.compile(rf"\b(?:from|join) {name}\b")
    return sum(len(reads.findall(derived()[other].read_text(encoding="utf-8"))) for other in names if other in derived()) + (name in wanted)


def create_parameters(
    connection: duckdb.DuckDBPyConnection, settings: DifficultySettings, rule: AdaptiveSettings, max_rounds: int | None
) -> None:
    """The one-row tables that marts take thresholds from: the bands' edges, the intervals' normal quantile z, and
    the checkpoints and edges of stopping early."""
    values = settings.model_dump(exclude={"confidence"}) | {"z": NormalDist().inv_cdf((1 + settings.confidence) / 2)}
    values |= {"max_rounds": max_rounds} | rule.model_dump(include={"min_rounds", "every"})
    connection.execute(
        f"""create table {PARAMETERS} as select
            $low::double as low, $hard_below::double as hard_below, $medium_below::double as medium_below, $high::double as high,
            $z::double as z,
            $max_rounds::bigint as max_rounds, $min_rounds::bigint as min_rounds, $every::bigint as every""",
        values,
    )
    edges = list(rule.edges or (settings.low, settings.high))
    connection.execute(f"create table {STOPPING_EDGES} as select $edges::double[] as edges", {"edges": edges})


def create_stopping_rule(connection: duckdb.DuckDBPyConnection, rule: AdaptiveSettings) -> None:
    """The table of outcomes that settle a band, for every N that a profile has."""
    from tasks.estimates.stopping import stopping_rule

    [(edges,)] = connection.execute(f"select edges from {STOPPING_EDGES}").fetchall()
    totals = [total for (total,) in connection.execute("select distinct max_rounds from profile_rounds order by 1").fetchall()]
    connection.from_arrow(stopping_rule(totals, rule, tuple(edges)).to_arrow()).create(STOPPING_RULE)


def create_t_quantiles(connection: duckdb.DuckDBPyConnection, confidence: float) -> None:
    """The table of t quantiles for every number of seeds that a study's arm has."""
    from tasks.estimates.intervals import t_quantiles

    per_arm = "select distinct count(accuracy) from study_scores group by study_id, arm order by 1"
    seeds = [number for (number,) in connection.execute(per_arm).fetchall()]
    connection.from_arrow(t_quantiles(seeds, confidence).to_arrow()).create(T_QUANTILES)


def create_limited_verdicts(connection: duckdb.DuckDBPyConnection, files: list[Path], rounds: int, limits: Path | None) -> None:
    """The verdicts in these files of the first so many rounds, and of a problem with a limit only those of the rounds below it."""
    connection.from_parquet([literal(path) for path in files]).create_view("every_verdict")
    counted = f"select * from every_verdict where round < {int(rounds)}"
    if limits is not None:
        connection.from_parquet(literal(limits)).create_view("round_limits")
        counted = f"""select first_rounds.* from ({counted}) as first_rounds left join round_limits using (problem_id)
            where round < coalesce(round_limits.rounds, round + 1)"""
    connection.execute(f"create view verdicts as {counted}")


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """The macros of `sql/macros/`."""
    for path in sql_files("macros").values():
        connection.execute(path.read_text(encoding="utf-8"))


def create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    files: Mapping[str, list[Path]],
    settings: DifficultySettings,
    rule: AdaptiveSettings,
    *,
    streamed: bool = False,
) -> None:
    """One relation, all of whose inputs are there: a view where it only renames or is `streamed` to its one reader, else a table."""
    if name in files or name in RELATIONS:
        create_source(connection, name, files.get(name, []))
    elif name == FITS:
        from tasks.estimates.fit import fit_outcomes

        connection.from_arrow(fit_outcomes(connection.table("outcome_counts").pl()).to_arrow()).create(FITS)
    elif name == STOPPING_RULE:
        create_stopping_rule(connection, rule)
    elif name == T_QUANTILES:
        create_t_quantiles(connection, settings.confidence)
    elif name == INGESTED:
        create_ingested(connection, files.get("problems", []))
    elif name == ARTIFACTS:
        connection.from_arrow(pl.DataFrame(schema=ARTIFACT_COLUMNS).to_arrow()).create(ARTIFACTS)
    elif name not in (PARAMETERS, STOPPING_EDGES):
        path = derived()[name]
        kind = "view" if streamed or path.parent.name in VIEW_FOLDERS else "table"
        connection.execute(f"create {kind} {name} as {path.read_text(encoding='utf-8')}")


def create_ingested(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """The table of the problems in each artifact, which is named by the folder of its file."""
    held = [str(path) for path in files]
    names = "regexp_extract(filename, '([^/]*)/[^/]*$', 1)"
    rows = connection.from_parquet([literal(Path(path)) for path in held], filename=True) if held else connection.table("problems")
    named = rows.project(f"{names if held else 'null::varchar'} as artifact_id, problem_id, gold_id, dataset, split")
    named.distinct().order("all").create(INGESTED)


def create_source(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    """A view over Parquet files, or an empty table of the relation's columns where there is no file.

    Files of an artifact may be of an older layout and lack a column; it is null then. Shards all have the same ones.
    """
    if files:
        connection.from_parquet([literal(path) for path in files], union_by_name=name in RELATIONS and name not in SHARDED).create_view(
            name
        )
    else:
        connection.from_arrow(pl.DataFrame(schema=RELATIONS[name]).to_arrow()).create(name)


def publish(lake: Lake, settings: DifficultySettings, adaptive: AdaptiveSettings | None = None, *, whole: bool = False) -> Path:
    """Build the warehouse over the whole lake beside the published one, check it, and put it in its place.

    Only shards that are new since the last publish are read, and where nothing but shards and problems was added only their problems are
    computed anew, unless `whole`; where nothing is new the published file stays. Raises CheckFailed, and leaves the published file as it
    is, when a query of `sql/checks/` gives a row.
    Safe beside other publishers (they wait), writers of shards, compactions, readers of the old file, and whoever holds that or has
    written into it: what was published is made again then, and nothing of theirs is kept.
    """
    aside = lake.home / ASIDE / WAREHOUSE
    with disk_errors_named(lake.warehouse), publishing(lake):
        for look in range(1, MOST_LOOKS + 1):
            seen = None
            try:
                seen = see(lake, settings, adaptive)
                publish_seen(aside, seen, whole=whole)
                break
            except Exception as error:
                if look == MOST_LOOKS or (seen and not moved_since(seen)) or (not seen and not isinstance(error, FileNotFoundError)):
                    raise
                logger.info(f"files of {lake.home} were moved while it was published, which is begun again: {error}")
    return lake.warehouse


@dataclass(frozen=True)
class Seen:
    """What one publish is made of: the lake's files as they lay at one moment, their inventory and settings in two forms (`state`, which
    tells the next publish what is new, and `facts`, which the file says of itself), and the settings."""

    lake: Lake
    files: dict[str, list[Path]]
    state: dict[str, Any]
    facts: dict[str, str]
    settings: DifficultySettings
    adaptive: AdaptiveSettings | None


def see(lake: Lake, settings: DifficultySettings, adaptive: AdaptiveSettings | None) -> Seen:
    """The lake as it lies now. Raises FileNotFoundError where a file goes at this very moment."""
    from tasks.warehouse.incremental import made_of  # made with what this module offers

    files = snapshot(lake)
    artifacts = write_artifacts(lake)
    state = made_of(lake, files, artifacts, settings, adaptive)
    facts = published_facts(lake, settings, adaptive) | {"made_of": digest(state)}
    return Seen(lake, files | {ARTIFACTS: [artifacts]}, state, facts, settings, adaptive)


def publish_seen(aside: Path, seen: Seen, *, whole: bool) -> None:
    """Build what was seen at `aside`, as an update where that can be, and publish it."""
    from tasks.warehouse.incremental import changes
    from tasks.warehouse.summaries import refreshed

    lake = seen.lake
    for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
        leftover.unlink(missing_ok=True)
    before = None if whole else recalled(lake)
    if before and (before["state"], before["facts"]) == (seen.state, seen.facts):
        return
    found = changes(lake, before and before["state"], seen.state)
    seen.files.update(refreshed(lake, seen.files))
    if found is None or not updated(aside, seen, found):
        build(aside, seen)
    remember(lake, seen.state, seen.facts, put_in_place(aside, lake))


def updated(aside: Path, seen: Seen, found: Changes) -> bool:
    """Whether the warehouse could be made as an update of the published one. What only an update finds wrong is not believed."""
    import duckdb

    from tasks.warehouse.incremental import build_on

    try:
        return build_on(aside, seen, found)
    except (InputError, duckdb.Error) as error:
        logger.warning(f"publishing only what is new did not work, so all of it is computed anew: {str(error).splitlines()[0]}")
        aside.unlink(missing_ok=True)
        return False


def moved_since(seen: Seen) -> bool:
    """Whether a file that was seen is gone by now, no longer listed, or another one."""
    from tasks.warehouse.incremental import inventory

    try:
        now = inventory(seen.lake, snapshot(seen.lake))
    except FileNotFoundError:
        return True
    return any(not files.items() <= now[relation].items() for relation, files in seen.state["files"].items())


def build(path: Path, seen: Seen) -> None:
    """Make everything over these files, check it, and write it to a new database."""
    with closing(open_over(seen.files, seen.settings, adaptive=seen.adaptive)) as connection:
        check(connection)
        write_database(connection, path, seen.lake, seen.facts)


def published_facts(lake: Lake, settings: DifficultySettings, adaptive: AdaptiveSettings | None) -> dict[str, str]:
    """What the table `meta` says: the schema's version, where the lake lies, and the settings that the marts were made with."""
    facts = {"schema_version": str(SCHEMA_VERSION), "home": str(lake.home), "difficulty": settings.model_dump_json()}
    return facts | ({"adaptive": adaptive.model_dump_json()} if adaptive else {})


def publish_again(lake: Lake, *, whole: bool = False) -> Path:
    """Publish with the settings of the last publish, or the default ones where there was none."""
    facts = last_facts(lake)
    settings = DifficultySettings.model_validate_json(facts.get("difficulty", "{}"))
    adaptive = AdaptiveSettings.model_validate_json(facts["adaptive"]) if "adaptive" in facts else None
    return publish(lake, settings, adaptive, whole=whole)


def attach_published(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Attach the published file as `warehouse`. Where the lake was copied or moved since, its views are pointed to the place where it
    lies now: in the file itself, or in a private copy where that cannot be written."""
    attach(connection, lake.warehouse)
    warn_of_changes(lake)
    facts = dict(connection.execute("select key, value from warehouse.meta").fetchall())
    if facts.get("schema_version") != str(SCHEMA_VERSION) or is_same_folder(facts.get("home", ""), lake.home):
        return
    connection.execute("detach warehouse")
    if point_here(lake):
        attach(connection, lake.warehouse)
        return
    with private_copy(lake.warehouse) as copy:
        point_views(copy, literal(lake.home), lake.home)
        attach_file(connection, copy)


def warn_of_changes(lake: Lake) -> None:
    """Warn where another program has written into the published file. (One that is just being put in its place is looked at once more.)"""
    if is_changed(lake):
        with suppress(Timeout, OSError), publishing(lake).acquire(timeout=0):
            if is_changed(lake):
                logger.warning(
                    f"another program has written into {lake.warehouse} since it was published, so its tables may not show what the lake "
                    f"holds; `difficulty-prior publish --home {lake.home}` makes it anew"
                )


def is_changed(lake: Lake) -> bool:
    """Whether the published file is not the one that was put here."""
    kept = remembered(lake)
    if kept is None or kept["file"] is None or not is_same_folder(kept["facts"]["home"], lake.home):
        return False
    return kept["file"] != size_and_time(lake.warehouse)


def point_here(lake: Lake) -> bool:
    """Make the published file read the lake where it lies now; False where it cannot be written, or is just being published."""
    import duckdb

    aside = lake.home / ASIDE / f"moved-{WAREHOUSE}"
    try:
        with publishing(lake).acquire(timeout=0):
            kept, is_known = remembered(lake), is_as_published(lake)
            aside.unlink(missing_ok=True)
            copy_as_it_is(lake.warehouse, aside)
            point_views(aside, literal(lake.home), lake.home)
            told = put_in_place(aside, lake)
            if kept:
                remember(lake, kept["state"], kept["facts"] | {"home": str(lake.home)}, told if is_known else None)
    except (Timeout, OSError, duckdb.IOException):
        return False
    return True


def last_facts(lake: Lake) -> dict[str, str]:
    """What the last publish said of itself: as it was kept beside, or else as the file says."""
    if kept := remembered(lake):
        return kept["facts"]
    try:
        return read_meta(lake.warehouse) if lake.warehouse.is_file() else {}
    except InputError as error:
        logger.warning(f"the settings of the last publish are not known, so the default ones are used: {error}")
        return {}


def write_artifacts(lake: Lake) -> Path:
    """The manifests of all complete artifacts as a table."""
    found = sorted(path for path in lake.home.glob(f"*/*/{MANIFEST}") if path.parts[-3] != ASIDE)
    rows = [
        (
            *path.parts[-3:-1],
            datetime.fromtimestamp(int(path.stat().st_mtime)),
            made_at(path.with_name(PROGRESS)),
            path.read_text(encoding="utf-8"),
        )
        for path in found
    ]
    table = lake.home / ASIDE / f"{ARTIFACTS}.parquet"
    write_parquet(pl.DataFrame(rows, schema=ARTIFACT_COLUMNS, orient="row"), table)
    return table


def made_at(progress: Path) -> datetime | None:
    """When an artifact was begun, as the file in it tells that says how far its step was; None where there is none that does."""
    try:
        return datetime.fromtimestamp(json.loads(progress.read_text(encoding="utf-8"))["began"], UTC).replace(tzinfo=None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def snapshot(lake: Lake) -> dict[str, list[Path]]:
    """The lake's files now. What is derived is listed before what it is derived from, so that a flow that is writing meanwhile never
    shows us a verdict whose rollout came after our look."""
    return {relation: lake.files(relation) for relation in reversed(RELATIONS)}


def check(connection: duckdb.DuckDBPyConnection) -> None:
    """Run `sql/checks/`. Raises CheckFailed naming the first check that gives rows, with the first of them."""
    for name, path in sql_files("checks").items():
        check_rows(connection, name, path)


def check_rows(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Run one check. Raises CheckFailed naming it, with its first rows, when it gives any."""
    rows = connection.sql(path.read_text(encoding="utf-8")).limit(FIRST_ROWS).pl()
    if not rows.is_empty():
        shown = "\n".join(f"  {row}" for row in rows.to_dicts())
        raise CheckFailed(f"check {name} ({path}) failed; its first rows:\n{shown}\nThe published warehouse stays as it was")


def write_database(connection: duckdb.DuckDBPyConnection, path: Path, lake: Lake, facts: Mapping[str, str]) -> None:
    """Write the marts as tables of the schema `marts`, and the lake's relations and the marts with their words as views, to a new file."""
    source = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute(f"attach $path as warehouse (storage_version '{STORAGE_VERSION}')", {"path": str(path)})
    connection.execute("use warehouse")
    create_macros(connection)
    write_meta(connection, facts)
    connection.execute(f"create schema {SCHEMA}")
    for name in in_order([*RELATIONS, *models()], summaries()):
        if name in RELATIONS:
            create_live_view(connection, name, literal(lake.home), lake.home)
        elif name in published_tables() or name in (PARAMETERS, STOPPING_EDGES, ARTIFACTS):
            connection.execute(f"create table {stored(name)} as from {source}.main.{name}")
    create_views(connection, published_tables())
    comment_on(connection, "warehouse")
    connection.execute(f"use {source}")
    connection.execute("detach warehouse")


def published_tables() -> list[str]:
    """The marts, and what Python makes for them: what a published file holds in its schema `marts`, with a view of its name for each."""
    return [*sql_files("marts"), *MADE_FROM]


def stored(name: str) -> str:
    """Where a published file called `warehouse` holds the rows of a table."""
    return f"warehouse.{SCHEMA if name in published_tables() else 'main'}.{name}"


def write_meta(connection: duckdb.DuckDBPyConnection, facts: Mapping[str, str]) -> None:
    """The table `meta`: what the file says of itself."""
    connection.execute(
        "create or replace table meta as select unnest($keys) as key, unnest($values) as value",
        {"keys": list(facts), "values": list(facts.values())},
    )


def create_live_view(connection: duckdb.DuckDBPyConnection, relation: str, root: str, home: Path) -> None:
    """A view of the lake at `root` (the home as a DuckDB glob, or an s3:// address) that sees files written after it was made; the
    relation's empty file is always there for its glob to match.

    Of what is compacted by now it names the large files, and passes over the folders that these retired.
    """
    every = manifests(home) if relation in SHARDED else []
    compacted = [f"{root}/{name}" for part in live(every, relation) for name in part.files]
    gone = [f"/{folder}/" for folder in sorted(retired(every)) if folder.startswith(f"{relation}/")]
    rows = connection.from_parquet([f"{root}/{GLOBS[relation]}", *compacted], filename=bool(gone), union_by_name=relation not in SHARDED)
    for folder in gone:
        rows = rows.filter(f"not contains(filename, '{folder}')")
    rows.project(", ".join(f'"{column}"' for column in RELATIONS[relation])).create_view(relation)


def point_views(path: Path, root: str, home: Path, files: Any = None) -> None:
    """Make the views of a published database read the lake at `root`, the home's DuckDB glob or the s3:// address that the home is a copy
    of, which `files` (fsspec) can read."""
    import duckdb

    with closing(duckdb.connect(path)) as connection:
        if files is not None:
            connection.register_filesystem(files)
        for relation in RELATIONS:
            create_live_view(connection, relation, root, home)
        comment_on(connection, connection.execute("select current_database()").fetchall()[0][0], RELATIONS)
        place = root if files is not None else str(home)
        connection.execute("update meta set value = $place where key = 'home'", {"place": place})
