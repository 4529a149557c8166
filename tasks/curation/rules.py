"""Runs the curation rules: SQL over what rules read, in a DuckDB that can reach nothing else, with bound parameters only.

A rule sees the raw counts and the estimates of each problem (the mart `candidates`), and in `$estimate` by which of the two to decide; of a
stage that is chosen when the one before is trained it sees `earlier`, the candidates for the policy before, and of the stage before
`groups` and `forecast` (trained.py). It gives `problem_id`, and may give `rank` (1 first), `weight` (how often a problem is drawn in
training beside the others) and `rule` (words that say why). One of a person's own is run twice, the second time over the same rows in the
opposite order, so that what depends on chance or on the order of rows is found out; of the shipped ones tests hold that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.base.errors import InputError, did_you_mean
from tasks.base.text_files import read_text
from tasks.curation.candidates import Candidates, nobody
from tasks.curation.settings import StageRule
from tasks.curation.trained import NONE, Trained
from tasks.estimates.settings import BANDS
from tasks.lake.database import connect
from tasks.warehouse.building import create_macros
from tasks.warehouse.interruption import closing_unless_busy, compute
from tasks.warehouse.querying import QueryLimits, check_only_reads, sql_errors_named
from tasks.warehouse.relations import sql_files

if TYPE_CHECKING:
    import duckdb

MEANT = "it must give problem_id, and may give rank, weight and rule; see sql/curation/medium.sql"
OPTIONAL: dict[str, type[pl.DataType]] = {"rank": pl.Int64, "weight": pl.Float64, "rule": pl.String}
LIMITS = QueryLimits(seconds=300.0, memory="8GB", threads=1)
EARLIER = "earlier"
KEPT = "select problem_id from candidates where rule_keeps($estimate, accuracy, p_cdf, $low, $high)"


def is_shipped(name: str) -> bool:
    """Whether a rule is one of ours: those give the same whatever the order of rows, and for a smaller size the start of a larger's."""
    return name in sql_files("curation")


def rule_path(name: str) -> Path:
    """The file of a rule: shipped in `sql/curation/`, or at that path. Raises InputError that lists the shipped ones."""
    shipped, own = sql_files("curation"), Path(name).expanduser()
    if name in shipped:
        return shipped[name]
    if own.is_file():
        return own
    meant = did_you_mean(name, shipped)
    raise InputError(
        f"no curation rule {name!r}{meant}: give one of {', '.join(shipped)}, or the path of a SQL file (looked at {own.absolute()})"
    )


def rule_text(path: Path) -> str:
    """The SQL of a rule. Raises InputError for what is no text."""
    return read_text(path, f"curation rule {path}")


def check_rule(rule: StageRule) -> None:
    """Raise InputError for a rule that is neither shipped nor a file, and for one of a person's own whose SQL is wrong over what rules
    read, does more than read, or gives other columns: it is run over no candidates, before anything is sampled for it."""
    path = rule_path(rule.rule)
    if not is_shipped(rule.rule):
        sql, none = rule_text(path), nobody()
        with rule_named(path), rule_tables(none, none, NONE) as connection:
            run_rule(connection, path, parameters_named(connection, sql, rule_parameters(rule, 0)))


def rule_parameters(rule: StageRule, seed: int) -> dict[str, float | int | bool | str]:
    """The values that a rule may name: `$low`, `$high`, `$estimate`, `$target`, `$size`, `$by_dataset`, `$subject`, `$seed`."""
    return {**rule.model_dump(exclude={"rule"}), "seed": seed}


def choose(candidates: Candidates, rule: StageRule, seed: int, earlier: Candidates | None = None, trained: Trained = NONE) -> pl.DataFrame:
    """The problems that a rule chooses of candidates: problem_id, rank (1 first), weight, rule.

    `earlier` are the candidates as they were for the policy before, `trained` what the stage before tells. At most
    `rule.size` problems are kept, by rank. Raises InputError naming the file when its SQL is wrong, gives other columns, or not the same
    rows twice.
    """
    return next(choices(candidates, [rule], seed, earlier, trained))


def choices(
    candidates: Candidates,
    rules: Iterable[StageRule],
    seed: int,
    earlier: Candidates | None = None,
    trained: Trained = NONE,
) -> Iterator[pl.DataFrame]:
    """What each of several rules chooses of the same candidates, as `choose` has it. Equal SQL and parameters are run once."""
    given = earlier or candidates.none()
    known, made = set(candidates.counts["problem_id"]), dict[tuple[Any, ...], pl.DataFrame]()
    rules = list(rules)
    own = any(not is_shipped(rule.rule) for rule in rules)
    with (
        rule_tables(candidates, given, trained) as first,
        rule_tables(candidates.reversed(), given.reversed(), trained.reversed()) if own else nullcontext(first) as second,
    ):
        for rule in rules:
            path = rule_path(rule.rule)
            with rule_named(path):
                sql = rule_text(path)
                named = parameters_named(first, sql, rule_parameters(rule, seed))
                key = (path, *named.values())
                if key not in made:
                    made[key] = ranked(run_rule(first, path, named), sql, seed)
                    check_problems(made[key], known)
                    if not is_shipped(rule.rule):
                        check_same(made[key], ranked(run_rule(second, path, named), sql, seed))
            yield made[key].head(rule.size)


@contextmanager
def rule_named(path: Path) -> Iterator[None]:
    """Name the rule's file in what is wrong with it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"curation rule {path} ({MEANT}): {error}") from error


def kept(candidates: Candidates, rule: StageRule) -> set[str]:
    """The problems that lie between a rule's thresholds by its estimate, of which it chooses as many as it is to."""
    asked = rule.model_dump(include={"estimate", "low", "high"})
    with rule_tables(candidates, candidates.none(), NONE) as connection:
        return {problem for (problem,) in connection.execute(KEPT, asked).fetchall()}


@contextmanager
def rule_tables(candidates: Candidates, earlier: Candidates, trained: Trained) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that holds what rules read, and can reach nothing else."""
    with closing_unless_busy(connect(memory_limit=LIMITS.memory)) as connection:
        create_macros(connection)
        candidates.create(connection)
        connection.execute("create schema before")
        connection.execute("use before")
        earlier.create(connection)
        connection.execute("use main")
        connection.execute(f"create view {EARLIER} as from before.candidates")
        trained.create(connection)
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def parameters_named(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that a rule names. Raises InputError where its SQL does more than read."""
    with sql_errors_named(sql, LIMITS):
        check_only_reads(connection, sql)
        named = connection.extract_statements(sql)[0].named_parameters
    return {name: value for name, value in parameters.items() if name in named}


def run_rule(connection: duckdb.DuckDBPyConnection, path: Path, named: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of a rule's SELECT, with all columns that it may give."""
    sql = rule_text(path)
    with sql_errors_named(sql, LIMITS):
        rows = compute(connection, LIMITS.seconds, lambda: connection.sql(sql, params=dict(named)).pl())
    return with_columns(rows, path.stem)


def with_columns(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """A rule's rows with all columns that it may give, in their types. Raises InputError for a missing, an unknown or a wrong column."""
    unknown = set(rows.columns) - {"problem_id", *OPTIONAL}
    if "problem_id" not in rows.columns or unknown:
        raise InputError(f"it gives the columns {', '.join(rows.columns)}; leave out {', '.join(sorted(unknown)) or 'none'}")
    defaults = {"rank": pl.lit(None, pl.Int64), "weight": pl.lit(None, pl.Float64), "rule": pl.lit(name)}
    try:
        return rows.select(
            pl.col("problem_id").cast(pl.String),
            *(
                (pl.col(column) if column in rows.columns else defaults[column]).cast(dtype).alias(column)
                for column, dtype in OPTIONAL.items()
            ),
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(f"a column has the wrong type (rank: whole numbers, weight: numbers): {error}") from error


def ranked(rows: pl.DataFrame, sql: str, seed: int) -> pl.DataFrame:
    """The rows by rank. Without ranks a rule with ORDER BY gives its order, and one without it a set, which the seed puts in order."""
    if rows["rank"].null_count() < len(rows):
        return rows.sort("rank", "problem_id")
    ordered = rows if is_ordered(sql) else drawn(rows, seed)
    return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def is_ordered(sql: str) -> bool:
    """Whether a SELECT ends in an ORDER BY."""
    with closing(connect()) as connection:
        parsed = json.loads(connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0][0])
    return any(modifier["type"] == "ORDER_MODIFIER" for modifier in parsed["statements"][0]["node"]["modifiers"])


def drawn(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The rows in the order of the seed's draw, as in the macro `draw_order`."""
    with closing(connect()) as connection:
        create_macros(connection)
        connection.from_arrow(rows.to_arrow()).create("given")
        return connection.sql("from given order by draw_order(problem_id, $seed), problem_id", params={"seed": seed}).pl()


def check_problems(chosen: pl.DataFrame, known: set[str]) -> None:
    """Raise InputError for strangers, problems given twice, ranks with gaps, and weights that are no positive numbers."""
    strangers = [problem for problem in chosen["problem_id"] if problem not in known]
    if strangers:
        raise InputError(f"it gives problem {strangers[0]!r}, which is not among its candidates")
    twice = chosen.filter(pl.col("problem_id").is_duplicated())["problem_id"].to_list()
    if twice:
        raise InputError(f"it gives problem {twice[0]!r} {twice.count(twice[0])} times; it must give each problem once")
    if chosen["rank"].to_list() != list(range(1, len(chosen) + 1)):
        raise InputError("its ranks must be 1, 2, 3, …, each once; row_number() over (order by …, problem_id) gives such")
    bad = chosen.filter(pl.col("weight").is_not_null() & ~(pl.col("weight").is_finite() & (pl.col("weight") > 0)))
    if not bad.is_empty():
        raise InputError(f"it gives problem {bad['problem_id'][0]!r} the weight {bad['weight'][0]}; a weight is a positive number")


def check_same(first: pl.DataFrame, second: pl.DataFrame) -> None:
    """Raise InputError where two runs gave other rows."""
    if not first.equals(second):
        places = min(len(first), len(second))
        differing = next((place for place in range(places) if first.row(place) != second.row(place)), places)
        raise InputError(
            f"run twice it gives other rows, from row {differing + 1} on: order by something that no two problems share (add problem_id), "
            "and draw with draw_order(problem_id, $seed) and not with random()"
        )


def shortage(stage: str, rule: StageRule, chosen: pl.DataFrame, candidates: Candidates, *, has_earlier: bool = False) -> str:
    """What to tell when a rule finds fewer problems than wanted: what decided, counts per band and the way out; "" when it finds enough."""
    if len(chosen) == rule.size:
        return ""
    sql, bands = rule_text(rule_path(rule.rule)), bands_of(candidates, rule)
    missing = (
        "The rule reads `earlier`, which is empty here: it is for a stage whose difficulty is measured anew (`reprofile: {}`). "
        if EARLIER in sql.split() and not has_earlier
        else ""
    )
    where = f" {rule.between}" if "$low" in sql or "$high" in sql else ""
    return (
        f"stages.{stage}.choose: rule {rule.rule!r} finds {len(chosen)} problems{where}, but size is {rule.size}. "
        f"Of {len(candidates.counts)} problems: {bands}. {missing}Lower stages.{stage}.choose.size, move its low and high "
        f"apart, bring in more problems, or set curation.on_shortage to warn for a smaller stage"
    )


def bands_of(candidates: Candidates, rule: StageRule) -> str:
    """How many candidates are in which band by a rule's estimate, in words."""
    band, said = ("band", "by the raw share") if rule.estimate == "share" else ("p_band", "by what is most probable")
    counts = dict(candidates.measured().group_by(band).len().rows())
    return f"{', '.join(f'{name} {counts.get(name, 0)}' for name in BANDS)} ({said})"
