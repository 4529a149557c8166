"""What re-curation would find if the policy had not changed: draws of a fresh profile by what the one in use says, put through the rules.

Choosing what scored well and measuring it again exchanges a fifth of a set by chance alone, in eight rounds. A draw gives each problem its
right answers by the posterior predictive of its first ones, fits the prior anew, and chooses by the same rule and seed: regression to the
mean, the fit's own noise, and which ties are broken how are all in it. Rounds *added* to the same policy's profile are no such draw: they
tell more of the same accuracies, and nothing of what they change is chance.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.curation.candidates import Candidates
from tasks.estimates.chance import FITTED, Twice
from tasks.estimates.fit import PROFILE
from tasks.estimates.outcomes import posteriors, prior_in, priors
from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import Prior
from tasks.estimates.prior_error import prior_error
from tasks.estimates.settings import BANDS, DifficultySettings
from tasks.estimates.shift import Shift, left_range, shift_of
from tasks.estimates.stopping import bands_of, wilson

DRAWS = 20
FRESH = ("policy_id", "sampling_id")  # a profile that differs in one of these shares no answer with the other
Numbers = NDArray[np.float64]


class Before:
    """The profile that the sets in use were chosen from: its counts, and the prior of each of its datasets."""

    def __init__(self, candidates: Candidates, edges: DifficultySettings) -> None:
        self.counts, self.edges = candidates.counts, edges
        self.outcomes = counted(self.counts)
        self.priors = {profile: prior_in(rows) for profile, rows in priors(self.outcomes).group_by(PROFILE)}

    def is_asked_anew(self, now: Candidates) -> bool:
        """Whether the other profile shares no answer with this one, so that chance tells them apart."""
        ids = [set(counts.select(FRESH).unique().rows()) for counts in (self.counts, now.counts)]
        return all(ids) and ids[0].isdisjoint(ids[1])

    def known(self, problems: set[str]) -> Iterator[tuple[Prior, pl.DataFrame]]:
        """These problems' counts, dataset by dataset, with the prior of each."""
        for profile, rows in self.counts.filter(pl.col("problem_id").is_in(list(problems))).group_by(PROFILE, maintain_order=True):
            yield self.priors[profile], rows

    def draws(self, now: Candidates, seed: int) -> Iterator[Candidates]:
        """Profiles as often asked as `now`, of a policy that has not changed. Problems that are new keep what they have."""
        for draw in range(DRAWS):
            numbers = np.random.default_rng([abs(seed), draw])
            drawn = [self.drawn(prior, rows, now, numbers) for prior, rows in self.known(set(now.counts["problem_id"]))]
            counts = now.counts.join(pl.concat(drawn), on="problem_id", how="left", maintain_order="left")
            yield measured(counts.with_columns(k=pl.coalesce("drawn", "k")).drop("drawn"), self.edges)

    def drawn(self, prior: Prior, rows: pl.DataFrame, now: Candidates, numbers: np.random.Generator) -> pl.DataFrame:
        """problem_id, drawn: how many of the later answers to each problem of a dataset are right."""
        asked = rows.select("problem_id", "k", "n").join(now.counts.select("problem_id", later_n="n"), on="problem_id")
        known = posterior_of(asked["k"], asked["n"], prior)
        component = (known.weights.cumsum(axis=1) < numbers.random((len(asked), 1))).sum(axis=1).clip(0, len(prior.weights) - 1)
        place = np.arange(len(asked)), component
        right = numbers.binomial(asked["later_n"].to_numpy(), numbers.beta(known.alphas[place], known.betas[place]))
        return asked.select("problem_id", drawn=pl.Series(right, dtype=pl.Int64))

    def shift(self, now: Candidates) -> Shift | None:
        """How far the policy has moved, by the problems that both profiles have; None where the counts fix no prior."""
        parts = []
        for prior, rows in self.known(set(now.counts["problem_id"])):
            if prior.kind not in FITTED:
                continue
            mine = [counted(rows)[name].to_numpy().astype(float) for name in ("k", "n", "problems")]
            both = rows.select("problem_id", "k", "n").join(now.counts.select("problem_id", later_k="k", later_n="n"), on="problem_id")
            found = both.group_by("k", "n", "later_k", "later_n").len("problems").sort(pl.all())
            k, n, later_k, later_n, problems = (found[name].to_numpy().astype(float) for name in found.columns)
            parts.append((Twice(k, n, later_k, later_n, prior_error(prior, *mine), self.edges), problems))
        return shift_of(parts) if parts else None

    def moved(self, problems: set[str], low: float, high: float, logits: float) -> float:
        """The share of these problems that a shift takes out of [low, high]."""
        parts = [
            (left_range(posterior_of(rows["k"], rows["n"], prior), low, high, logits), len(rows)) for prior, rows in self.known(problems)
        ]
        return sum(share * size for share, size in parts) / max(1, sum(size for _, size in parts))


def counted(counts: pl.DataFrame) -> pl.DataFrame:
    """The outcomes of `candidate_counts`, as `outcome_counts` has them."""
    return counts.group_by(*PROFILE, "k", "n").len("problems").sort(*PROFILE, "n", "k")


def measured(counts: pl.DataFrame, edges: DifficultySettings) -> Candidates:
    """Candidates with these counts, whose shares, intervals, bands and posteriors are made anew."""
    k, n = (counts[name].to_numpy().astype(float) for name in ("k", "n"))
    low, high = wilson(n, k, edges.confidence)
    places = bands_of(k / n, (edges.low, edges.hard_below, edges.medium_below, edges.high))
    shares = {"accuracy": k / n, "accuracy_low": low, "accuracy_high": high, "band": np.asarray(BANDS)[places]}
    outcomes = counted(counts)
    return Candidates(
        counts.with_columns(**{name: pl.Series(values) for name, values in shares.items()}),
        posteriors(outcomes, priors(outcomes), edges),
    )
