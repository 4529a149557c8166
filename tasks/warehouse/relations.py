"""Which relations there are: those that SQL files derive, those that Python makes for them, and those that are published as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tasks.warehouse.headers import Header

SQL = Path(__file__).resolve().parents[2] / "sql"
RELATION_FOLDERS = ("given", "staging", "summaries", "marts", "views")
VIEW_FOLDERS = ("staging", "views")
PARAMETERS, FITS = "parameters", "beta_binomial_fits"
STOPPING_RULE, STOPPING_EDGES = "stopping_rule", "stopping_edges"
T_QUANTILES = "t_quantiles"
ARTIFACTS = "artifacts"
INGESTED = "ingested"
MADE_FROM = {
    FITS: "outcome_counts",
    STOPPING_RULE: "profile_rounds",
    T_QUANTILES: "study_scores",
    INGESTED: "problems",
}  # what Python makes of a mart for others
MERGED_LINE = re.compile(r"^-- merged by: (.*)$", re.MULTILINE)
MERGED_BY = re.compile(r"(sum|max|bit_or)\((\w+)\)")


@cache
def sql_files(folder: str) -> Mapping[str, Path]:
    """The files of a folder of `sql/` by the relation (macro, rule, check) that each is named after, sorted. They stay as they are."""
    return {path.stem: path for path in sorted((SQL / folder).glob("*.sql"))}


@cache
def models() -> Mapping[str, Path]:
    """The files of all relations that SQL derives: staging views, marts, and views over both."""
    return {**sql_files("staging"), **sql_files("marts"), **sql_files("views")}


def summaries() -> Mapping[str, Path]:
    """The files of what stands between shards and marts: small, mergeable, and kept from one publish to the next (summaries.py)."""
    return sql_files("summaries")


@cache
def derived() -> Mapping[str, Path]:
    """The files of all relations that we derive, published or not."""
    return {**models(), **summaries()}


def published_tables() -> list[str]:
    """The marts, and what Python makes for them: what a published file holds in its schema `marts`, with a view of its name for each."""
    return [*sql_files("marts"), *MADE_FROM]


@cache
def header_inputs(path: Path) -> tuple[str, ...]:
    """The names on the `-- inputs:` line of a SQL file. Raises ValueError naming the file when it has none."""
    return Header(path).inputs


def headers() -> dict[str, Header]:
    """The header of every relation: those that are given (the lake's, and what Python makes), staging views, marts."""
    return {name: Header(path) for folder in RELATION_FOLDERS for name, path in sql_files(folder).items()}


def merged_by(name: str) -> dict[str, str]:
    """The aggregate that merges each column of a summary that is not of its key, as the header of its file says."""
    line = MERGED_LINE.search(summaries()[name].read_text(encoding="utf-8"))
    if line is None:
        raise ValueError(
            f"{summaries()[name]} has no `-- merged by: ...` line in its header; name an aggregate for each column but the key's"
        )
    return {column: aggregate for aggregate, column in MERGED_BY.findall(line[1])}
