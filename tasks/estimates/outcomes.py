"""The priors of profiles and the posteriors of their outcomes as the tables `priors` and `posteriors` of the warehouse (see sql/given/)."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import polars as pl

from tasks.estimates.fit import PROFILE
from tasks.estimates.posterior import EVEN, Posterior, posterior_of
from tasks.estimates.prior import JEFFREYS, Prior, prior_of
from tasks.estimates.settings import BANDS, DifficultySettings

MOST_DRAWS = 128  # further samples that p_none and p_all foresee
FRESH_ROUNDS = (4, 8, 16, 32)  # of a profile that might be drawn anew, whose outcomes have posteriors, too (see curation_noise)
PRIORS = dict.fromkeys(PROFILE, pl.String) | {
    "kind": pl.String,
    "misfit": pl.Float64,
    "component": pl.Int64,
    "weight": pl.Float64,
    "alpha": pl.Float64,
    "beta": pl.Float64,
}
NUMBERS = ("p_mean", "p_variance", "p_low", "p_high", *(f"p_{band}" for band in BANDS), "logit_mean", "logit_variance")
LISTS = ("p_none", "p_all", "p_cdf")
POSTERIORS = (
    dict.fromkeys(PROFILE, pl.String)
    | dict.fromkeys(("n", "k"), pl.Int64)
    | dict.fromkeys(NUMBERS, pl.Float64)
    | {"p_band": pl.String}
    | dict.fromkeys(LISTS, pl.List(pl.Float64))
)


def priors(outcomes: pl.DataFrame, panels: Collection[str] = ()) -> pl.DataFrame:
    """The prior of each profile of `outcome_counts`: a row per component. Nothing is fitted to the policies among `panels` (ids): their
    answers are other models' and no rounds of one policy."""
    rows = []
    for profile, counts in outcomes.group_by(PROFILE, maintain_order=True):
        is_panel = profile[PROFILE.index("policy_id")] in panels
        prior = replace(JEFFREYS, kind="panel") if is_panel else prior_of(counts["k"], counts["n"], counts["problems"])
        parts = zip(prior.weights, prior.alphas, prior.betas, strict=True)
        rows += [(*profile, prior.kind, prior.misfit, place, *part) for place, part in enumerate(parts)]
    return pl.DataFrame(rows, schema=PRIORS, orient="row")


def posteriors(outcomes: pl.DataFrame, found: pl.DataFrame, edges: DifficultySettings) -> pl.DataFrame:
    """The posterior of each outcome of `outcome_counts`, and of each that FRESH_ROUNDS may have, under the prior of its profile among
    `found` (the table `priors`)."""
    tables = [pl.DataFrame(schema=POSTERIORS)]
    known = {profile: prior_in(rows) for profile, rows in found.group_by(PROFILE)}
    for profile, counts in outcomes.group_by(PROFILE, maintain_order=True):
        possible = pl.concat([counts.select("n", "k"), fresh_outcomes()]).unique().sort("n", "k")
        tables.append(described(profile, possible, posterior_of(possible["k"], possible["n"], known[profile]), edges))
    return pl.concat(tables)


def fresh_outcomes() -> pl.DataFrame:
    """n, k: all that a profile of FRESH_ROUNDS may find of a problem."""
    found = [(n, k) for n in FRESH_ROUNDS for k in range(n + 1)]
    return pl.DataFrame(found, schema={"n": pl.Int64, "k": pl.Int64}, orient="row")


def prior_in(rows: pl.DataFrame) -> Prior:
    """The prior that the rows of a profile in the table `priors` are."""
    rows = rows.sort("component")
    return Prior(rows["kind"][0], *(tuple(rows[name]) for name in ("weight", "alpha", "beta")))


def described(profile: tuple[object, ...], counts: pl.DataFrame, found: Posterior, edges: DifficultySettings) -> pl.DataFrame:
    """The rows of a profile's outcomes."""
    reached = [np.zeros(len(counts)), *(found.below(edge) for edge in (edges.low, edges.hard_below, edges.medium_below, edges.high))]
    bands = np.diff(np.stack([*reached, np.ones(len(counts))]), axis=0)
    values = [found.mean, found.variance, *found.interval(edges.confidence), *bands, *found.logit]
    powers = [found.powers(found.betas, MOST_DRAWS)[:, 1:], found.powers(found.alphas, MOST_DRAWS)[:, 1:]]
    columns = dict(zip(PROFILE, ([part] * len(counts) for part in profile), strict=True)) | {"n": counts["n"], "k": counts["k"]}
    columns |= dict(zip(NUMBERS, values, strict=True)) | {"p_band": [BANDS[place] for place in bands.argmax(axis=0)]}
    lists = zip(LISTS, (*powers, found.distribution[:, EVEN]), strict=True)
    columns |= {name: pl.Series(np.ascontiguousarray(numbers)).arr.to_list() for name, numbers in lists}
    return pl.DataFrame(columns, schema=POSTERIORS)
