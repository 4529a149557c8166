"""Runs the curation rules: SQL over one table, `candidates`, in a DuckDB that can reach nothing else, with bound parameters only."""

from contextlib import closing
from pathlib import Path

import polars as pl

from tasks.curation.settings import StageRule
from tasks.difficulty.settings import BANDS
from tasks.errors import InputError
from tasks.warehouse import QueryLimits, check_only_reads, connect, create_macros, sql_errors_named, sql_files

GIVEN = {"problem_id": pl.String, "rank": pl.Int64, "rule": pl.String}


def rule_path(name: str) -> Path:
    """The file of a rule: shipped in `sql/curation/`, or at that path. Raises InputError that lists the shipped ones."""
    shipped, own = sql_files("curation"), Path(name).expanduser()
    if name in shipped:
        return shipped[name]
    if own.is_file():
        return own
    raise InputError(f"no curation rule {name!r}: give one of {', '.join(shipped)}, or the path of a SQL file (looked at {own.absolute()})")


def rule_parameters(rule: StageRule, seed: int) -> dict[str, float | int | bool]:
    """The values that a rule may name as `$low`, `$high`, `$size`, `$by_dataset` and `$seed`."""
    return {**rule.model_dump(exclude={"rule"}), "seed": seed}


def choose(candidates: pl.DataFrame, rule: StageRule, seed: int) -> pl.DataFrame:
    """The problems that a rule chooses of `candidates` (the mart of that name, for one profile): problem_id, rank (1 first), rule.

    Raises InputError naming the file when its SQL is wrong, or does not give each problem and rank once.
    """
    path = rule_path(rule.rule)
    try:
        rows = run_rule(path.read_text(encoding="utf-8"), candidates, rule_parameters(rule, seed))
        chosen = rows.select(pl.col(name).cast(dtype) for name, dtype in GIVEN.items()).sort("rank")
    except (InputError, pl.exceptions.PolarsError) as error:
        raise InputError(f"curation rule {path} (it must give problem_id, rank and rule; see sql/curation/medium.sql): {error}") from error
    known = set(candidates["problem_id"])
    strangers = [problem for problem in chosen["problem_id"] if problem not in known]
    if strangers:
        raise InputError(f"curation rule {path} gives problem {strangers[0]!r}, which is not among its candidates")
    if chosen["problem_id"].is_duplicated().any() or chosen["rank"].to_list() != list(range(1, len(chosen) + 1)):
        raise InputError(f"curation rule {path} must give each problem once, and the ranks 1, 2, 3, …")
    return chosen


def run_rule(sql: str, candidates: pl.DataFrame, parameters: dict[str, float | int | bool]) -> pl.DataFrame:
    """The rows of one SELECT over `candidates`, run where no file can be reached; parameters that it does not name are left out."""
    with closing(connect()) as connection, sql_errors_named(sql, QueryLimits()):
        connection.from_arrow(candidates.to_arrow()).create("candidates")
        create_macros(connection)
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        check_only_reads(connection, sql)
        named = connection.extract_statements(sql)[0].named_parameters
        return connection.sql(sql, params={name: value for name, value in parameters.items() if name in named}).pl()


def shortage(stage: str, rule: StageRule, chosen: pl.DataFrame, candidates: pl.DataFrame) -> str:
    """What to tell when a rule finds fewer problems than wanted: counts per band and the way out; empty when it finds enough."""
    if len(chosen) == rule.size:
        return ""
    counts = dict(candidates.group_by("band").len().rows())
    bands = ", ".join(f"{band} {counts.get(band, 0)}" for band in BANDS)
    return (
        f"curation.{stage}: rule {rule.rule!r} finds {len(chosen)} problems with an accuracy from {rule.low} to {rule.high}, but size is "
        f"{rule.size}. Of {len(candidates)} problems: {bands}. Lower curation.{stage}.size, move its low and high apart, bring in more "
        f"problems, or set curation.on_shortage to warn for a smaller stage"
    )
