"""The tables that Python makes for the marts: their parameters, the fits, quantiles and stopping rules that SQL cannot compute, and which
problems lie in which artifact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks.lake.database import literal
from tasks.lake.lake import TEXT, TIME
from tasks.warehouse.relations import (
    ARTIFACTS,
    AUDIT_ESTIMATES,
    CHANGES_BY_CHANCE,
    CORRECTIONS,
    FITS,
    FORECAST,
    INGESTED,
    LABEL_DOUBTS,
    LATER_OUTCOMES,
    MADE_FROM,
    PARAMETERS,
    POSTERIORS,
    PRIORS,
    STOPPING_EDGES,
    STOPPING_RULE,
    STUDY_COMPARISONS,
    T_QUANTILES,
)
from tasks.warehouse.settings import MartSettings

if TYPE_CHECKING:
    import duckdb

Files = Mapping[str, list[Path]]
ARTIFACT_COLUMNS: dict[str, Any] = {"kind": TEXT, "artifact_id": TEXT, "written_at": TIME, "made_at": TIME, "manifest": TEXT}


def create_parameters(connection: duckdb.DuckDBPyConnection, settings: MartSettings) -> None:
    """The one-row tables that marts take thresholds from: the bands' edges, the intervals' normal quantile z, and
    the checkpoints and edges of stopping early."""
    bands, rule = settings.difficulty, settings.rule
    values = bands.model_dump(exclude={"confidence"}) | {"z": NormalDist().inv_cdf((1 + bands.confidence) / 2)}
    values |= {"max_rounds": settings.max_rounds, "min_rounds": rule.min_rounds, "every": rule.every, "audit_share": rule.audited}
    connection.execute(
        f"""create table {PARAMETERS} as select
            $low::double as low, $hard_below::double as hard_below, $medium_below::double as medium_below, $high::double as high,
            $z::double as z,
            $max_rounds::bigint as max_rounds, $min_rounds::bigint as min_rounds, $every::bigint as every,
            $audit_share::double as audit_share""",
        values,
    )
    connection.execute(f"create table {STOPPING_EDGES} as select $edges::double[] as edges", {"edges": list(rule.cuts(bands))})


def create_fits(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of one Beta-binomial fit per profile."""
    from tasks.estimates.fit import fit_outcomes

    connection.from_arrow(fit_outcomes(connection.table("outcome_counts").pl()).to_arrow()).create(FITS)


def create_priors(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of how each profile's true accuracies are spread."""
    from tasks.estimates.outcomes import priors

    panels = {policy_id for (policy_id,) in connection.execute("select policy_id from stg_policies where kind = 'panel'").fetchall()}
    connection.from_arrow(priors(connection.table("outcome_counts").pl(), panels).to_arrow()).create(PRIORS)


def create_posteriors(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of what each outcome says of the true accuracy."""
    from tasks.estimates.outcomes import posteriors

    found = posteriors(connection.table("outcome_counts").pl(), connection.table(PRIORS).pl(), settings.difficulty)
    connection.from_arrow(found.to_arrow()).create(POSTERIORS)


def create_later_outcomes(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of how likely each outcome of a second policy is for one that has not changed."""
    from tasks.estimates.chance import later_outcomes

    pairs, outcomes, priors = (connection.table(name).pl() for name in MADE_FROM[LATER_OUTCOMES])
    connection.from_arrow(later_outcomes(pairs, outcomes, priors, settings.difficulty).to_arrow()).create(LATER_OUTCOMES)


def create_changes_by_chance(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of what changed between two policies, and what one that has not changed would show."""
    from tasks.estimates.chance import changes_by_chance

    pairs, outcomes, priors = (connection.table(name).pl() for name in MADE_FROM[CHANGES_BY_CHANCE])
    connection.from_arrow(changes_by_chance(pairs, outcomes, priors, settings.difficulty).to_arrow()).create(CHANGES_BY_CHANCE)


def create_stopping_rule(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of outcomes that settle a problem of each profile."""
    from tasks.estimates.stopping import stopping_rule

    rule = stopping_rule(connection.table("first_outcomes").pl(), settings.rule, settings.difficulty)
    connection.from_arrow(rule.to_arrow()).create(STOPPING_RULE)


def create_t_quantiles(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of t quantiles for every number of seeds that a study's arm has."""
    from tasks.estimates.intervals import t_quantiles

    per_arm = "select distinct count(accuracy) from study_scores group by study_id, arm order by 1"
    seeds = [number for (number,) in connection.execute(per_arm).fetchall()]
    connection.from_arrow(t_quantiles(seeds, settings.difficulty.confidence).to_arrow()).create(T_QUANTILES)


def create_study_comparisons(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of what each arm of a study gains over another."""
    from tasks.estimates.arms import study_comparisons

    scores = connection.sql("from study_scores order by study_id, place, seed").pl()
    named = connection.sql("from study_primaries order by study_id, place").pl()
    connection.from_arrow(study_comparisons(scores, named, settings.difficulty.confidence).to_arrow()).create(STUDY_COMPARISONS)


def create_ingested(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of the problems in each artifact, which is named by the folder of its file."""
    held = [literal(path) for path in files.get("problems", [])]
    names = "regexp_extract(filename, '([^/]*)/[^/]*$', 1)"
    rows = connection.from_parquet(held, filename=True) if held else connection.table("problems")
    named = rows.project(f"{names if held else 'null::varchar'} as artifact_id, problem_id, gold_id, dataset, split")
    named.distinct().order("all").create(INGESTED)


def create_label_doubts(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of how probable a wrong gold answer is, by the votes of a profile's responses."""
    from tasks.estimates.labels import doubts

    connection.from_arrow(doubts(connection.table("vote_patterns").pl()).to_arrow()).create(LABEL_DOUBTS)


def create_audit_estimates(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of how wrong each audited grader is."""
    from tasks.estimates.audit import estimates

    counts = connection.table("audit_counts").pl()
    connection.from_arrow(estimates(counts, settings.difficulty.confidence).to_arrow()).create(AUDIT_ESTIMATES)


def create_corrections(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of corrected accuracies, of every outcome that a problem of an audited grader has."""
    from tasks.estimates.audit import corrections

    outcomes = connection.sql("select distinct grader_id, dataset, n, k from outcome_counts order by all").pl()
    counts = connection.table("audit_counts").pl()
    connection.from_arrow(corrections(counts, outcomes, settings.difficulty.confidence).to_arrow()).create(CORRECTIONS)


def create_forecast(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of what each belief would have said of the stages' groups."""
    from tasks.warehouse.replaying import forecasts

    connection.from_arrow(forecasts(connection, files.get("groups", [])).to_arrow()).create(FORECAST)


def create_artifacts(connection: duckdb.DuckDBPyConnection, files: Files, settings: MartSettings) -> None:
    """The table of artifacts where no file of them is given: no row."""
    connection.from_arrow(pl.DataFrame(schema=ARTIFACT_COLUMNS).to_arrow()).create(ARTIFACTS)


MADE: dict[str, Callable[[duckdb.DuckDBPyConnection, Files, MartSettings], None]] = {
    FITS: create_fits,
    PRIORS: create_priors,
    POSTERIORS: create_posteriors,
    LATER_OUTCOMES: create_later_outcomes,
    CHANGES_BY_CHANCE: create_changes_by_chance,
    STOPPING_RULE: create_stopping_rule,
    T_QUANTILES: create_t_quantiles,
    STUDY_COMPARISONS: create_study_comparisons,
    INGESTED: create_ingested,
    LABEL_DOUBTS: create_label_doubts,
    AUDIT_ESTIMATES: create_audit_estimates,
    CORRECTIONS: create_corrections,
    FORECAST: create_forecast,
    ARTIFACTS: create_artifacts,
}
"""What makes each table that no SQL file derives, of the relations that are made before it (`MADE_FROM`), the files and the settings."""
