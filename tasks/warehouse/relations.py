"""Which relations there are: those that SQL files derive, those that Python makes for them, and those that are published as tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tasks.base.errors import InputError, did_you_mean
from tasks.warehouse.headers import FIELDS, Header, read_header

SQL = Path(__file__).resolve().parents[2] / "sql"
RELATION_FOLDERS = ("given", "staging", "summaries", "marts")
RULES_READ = ("candidates", "earlier", "groups", "forecast")  # by a curation rule, which is given rows and not a warehouse
PARAMETERS, FITS = "parameters", "beta_binomial_fits"
PRIORS, POSTERIORS = "priors", "posteriors"
LATER_OUTCOMES, CHANGES_BY_CHANCE = "later_outcomes", "changes_by_chance"
STOPPING_RULE, STOPPING_EDGES = "stopping_rule", "stopping_edges"
T_QUANTILES, STUDY_COMPARISONS = "t_quantiles", "study_comparisons"
ARTIFACTS = "artifacts"
INGESTED = "ingested"
LABEL_DOUBTS = "label_doubts"
AUDIT_ESTIMATES, CORRECTIONS = "audit_estimates", "corrections"
STG_GROUPS, FORECAST = "stg_groups", "forecast"
MADE_FROM: dict[str, tuple[str, ...]] = {
    FITS: ("outcome_counts",),
    PRIORS: ("outcome_counts", "stg_policies"),
    POSTERIORS: ("outcome_counts", PRIORS),
    LATER_OUTCOMES: ("pair_outcomes", "outcome_counts", PRIORS),
    CHANGES_BY_CHANCE: ("pair_outcomes", "outcome_counts", PRIORS),
    STOPPING_RULE: ("first_outcomes",),
    T_QUANTILES: ("study_scores",),
    STUDY_COMPARISONS: ("study_scores", "study_primaries"),
    INGESTED: ("problems",),
    LABEL_DOUBTS: ("vote_patterns",),
    AUDIT_ESTIMATES: ("audit_counts",),
    CORRECTIONS: ("audit_counts", "outcome_counts"),
    FORECAST: (STG_GROUPS, "curated"),
}  # what Python makes of marts for others


@cache
def sql_files(folder: str) -> Mapping[str, Path]:
    """The files in a folder of `sql/`, at any depth, by the relation (macro, rule, check) that each is named after, sorted. They stay as
    they are. Raises InputError where two have one name."""
    found: dict[str, Path] = {}
    for path in sorted((SQL / folder).rglob("*.sql"), key=lambda path: path.stem):
        if path.stem in found:
            raise InputError(f"{path} has the name of {found[path.stem]}; a relation has one file, so rename one")
        found[path.stem] = path
    return found


@cache
def catalogue() -> Mapping[str, Header]:
    """The header of every file of `sql/` by its name: all are read and checked before anything is made of one, so that a slip in any of
    them is found. Raises InputError."""
    found: dict[str, Header] = {}
    for folder in FIELDS:
        for name, path in sql_files(folder).items():
            header = read_header(path, folder)
            if name in found:
                raise InputError(f"{path} has the name of {found[name].path}; rename one")
            found[name] = header
    check_inputs(found)
    return found


def check_inputs(found: Mapping[str, Header]) -> None:
    """Raise InputError for a header that names an input that there is not."""
    relations = [name for name, header in found.items() if header.folder in RELATION_FOLDERS]
    for header in found.values():
        known = RULES_READ if header.folder == "curation" else relations
        for name in header.inputs:
            if name not in known:
                place = f"{header.path}, line {header.lines['inputs']}"
                raise InputError(
                    f"{place}: field `inputs` names {name!r}, which is no relation{did_you_mean(name, known)}; name what is read"
                )


@cache
def models() -> Mapping[str, Path]:
    """The files of all relations that SQL derives and that are published: staging views and marts."""
    return {**sql_files("staging"), **sql_files("marts")}


def summaries() -> Mapping[str, Path]:
    """The files of what stands between shards and marts: small, mergeable, and kept from one publish to the next (summaries.py)."""
    return sql_files("summaries")


@cache
def derived() -> Mapping[str, Path]:
    """The files of all relations that we derive, published or not."""
    return {**models(), **summaries()}


@cache
def views() -> tuple[str, ...]:
    """The published relations that are views, as their headers say."""
    return tuple(name for name in models() if catalogue()[name].is_view)


@cache
def published_tables() -> tuple[str, ...]:
    """The marts that are tables, and what Python makes for them: what a published file holds in its schema `marts`, with a view of its name
    for each."""
    return (*(name for name in models() if name not in views()), *MADE_FROM)


def headers() -> dict[str, Header]:
    """The header of every relation: those that are given (the lake's, and what Python makes), staging views, summaries, marts."""
    return {name: header for name, header in catalogue().items() if header.folder in RELATION_FOLDERS}
