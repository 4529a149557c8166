"""Draws an audit: a stratified sample of the verdicts in force, kept in the lake with what they were drawn from.

The same lake, recipe, seed and size give the same audit, which is an artifact; one of more verdicts holds those of fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from tasks.auditing.settings import AuditSettings
from tasks.auditing.strata import shares, turns, wanted, with_strata
from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake, conform, write_parquet
from tasks.warehouse.querying import QueryLimits, query
from tasks.warehouse.relations import sql_files

VERSION = 1
PATIENCE = QueryLimits(seconds=3600)  # a lake of 10 million verdicts is read twice


@dataclass(frozen=True)
class Audit:
    """An audit that was drawn: its artifact, its verdicts in their places with all that a person is shown, and of how many they are."""

    artifact: Artifact
    drawn: pl.DataFrame
    verdicts: int

    @property
    def id(self) -> str:
        """What the audit is called."""
        return self.artifact.key


def draw_audit(lake: Lake, settings: AuditSettings) -> Audit:
    """Draw an audit and keep it. Raises InputError where there is no verdict to draw from."""
    kinds = with_strata(found_kinds(lake, settings))
    strata = shares(kinds)
    chosen = turns(strata, settings.n, settings.seed)
    asked = {"recipe": settings.recipe, "seed": str(settings.seed), "kinds": wanted(kinds, strata, chosen)}
    rows = query(lake, sql_files("queries")["audit_draw"].read_text(encoding="utf-8"), asked, limits=PATIENCE)
    drawn = rows.join(chosen, on=["stratum", "turn"], how="inner").sort("place")
    if len(drawn) < len(chosen):
        raise InputError(f"{lake.warehouse} is older than the lake: `difficulty-prior publish` makes it anew; then draw again")
    return Audit(kept(lake, settings, kinds, drawn), drawn, int(kinds["verdicts"].sum()))


def found_kinds(lake: Lake, settings: AuditSettings) -> pl.DataFrame:
    """The verdicts that can be audited, counted by kind."""
    sql = sql_files("queries")["audit_kinds"].read_text(encoding="utf-8")
    kinds = query(lake, sql, {"recipe": settings.recipe}, limits=PATIENCE)
    if kinds.is_empty():
        if settings.recipe:
            way = "run it, or leave the recipe out to audit all that the lake holds"
            raise InputError(f"the lake at {lake.home} keeps no judged answer of a run of {settings.recipe!r}: {way}")
        raise InputError(f"the lake at {lake.home} holds no verdict to audit; `difficulty-prior profile RECIPE` makes some")
    return kinds


def kept(lake: Lake, settings: AuditSettings, kinds: pl.DataFrame, drawn: pl.DataFrame) -> Artifact:
    """The audit as an artifact, made where it is not there yet."""
    inputs = {
        "version": VERSION,
        **settings.model_dump(),
        "verdicts": digest(kinds.drop("side").rows()),
        "drawn": digest(drawn["response_id"].to_list()),
    }
    target = artifact(lake.home, "audits", inputs)
    if not target.is_complete:
        facts = {"graders": graders_of(kinds), "drawn_at": datetime.now(UTC).isoformat(timespec="seconds"), **settings.model_dump()}
        with building(target, facts) as folder:
            named = pl.lit(target.key).alias("audit_id")
            write_parquet(conform(kinds.with_columns(named, recipe=pl.lit(settings.recipe)), "audits"), folder / "verdicts.parquet")
            write_parquet(conform(drawn.with_columns(named), "audited"), folder / "drawn.parquet")
    return target


def graders_of(kinds: pl.DataFrame) -> Sequence[str]:
    """The graders whose verdicts are audited."""
    return kinds["grader_id"].unique().sort().to_list()
