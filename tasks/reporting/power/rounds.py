"""What more rounds of a profile would decide: how many keep-or-drop decisions are right, and how many rounds a wanted share takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.estimates.fit import PROFILE
from tasks.estimates.outcomes import prior_in
from tasks.estimates.power.rounds import MOST_ROUNDS, Bands, Kept, expected_right, measured_right, rounds_for
from tasks.estimates.prior import Prior
from tasks.estimates.settings import DifficultySettings
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, number, percent

TRIED = (4, 8, 16, 32, 64)
NO_PRIOR = {
    "jeffreys": "none of its answers counts, so no prior can be fitted; profile it, or other problems",
    "mean": "no problem was asked twice, so its counts do not tell how much problems differ; draw two rounds or more",
    "panel": "its rounds are of several models, so they foresee no further rounds of one; profile a policy",
}
"""Why the prior of such a kind tells nothing of further rounds."""
Range = tuple[float, float]


@dataclass(frozen=True)
class Decided:
    """What is decided: whether problems lie in `ranges` that stages keep, and which band between `edges` they are of; `right` is the share
    of decisions that is to be right."""

    ranges: tuple[Range, ...]
    edges: tuple[float, ...]
    right: float

    @classmethod
    def by(cls, ranges: Iterable[Range], edges: DifficultySettings, right: float) -> "Decided":
        """Of the ranges, each once, and the bands' edges."""
        return cls(tuple(dict.fromkeys(ranges)), (edges.low, edges.hard_below, edges.medium_below, edges.high), right)


@dataclass(frozen=True)
class Rounds:
    """How often a profile decides rightly whether problems lie `between` two accuracies: as it is measured, by its posterior (`right`) and
    by the raw share, and which band they are of; `after` so many rounds of every problem; and how many rounds the wanted share takes,
    None where that is out of reach. All of it is expected under the profile's prior."""

    dataset: str
    split: str
    policy: str
    between: Range
    problems: int
    rounds: float
    right: float
    right_by_share: float
    right_band: float
    after: dict[int, float]
    needed: int | None
    needed_for_bands: int | None

    @property
    def title(self) -> str:
        """Whose problems they are."""
        return label(self.dataset) if self.split == "train" else f"{label(self.dataset)} / {label(self.split)}"


def rounds_found(outcomes: pl.DataFrame, priors: pl.DataFrame, decided: Decided) -> tuple[tuple[Rounds, ...], tuple[str, ...]]:
    """A row for every profile of `outcomes` (its key, policy, k, n, problems) and range, by its prior in the table `priors`; and what
    cannot be told, in sentences."""
    rows, untold = [], []
    known = {profile: prior_in(parts) for profile, parts in priors.group_by(PROFILE)}
    for key, found in outcomes.group_by(PROFILE, maintain_order=True):
        about: dict[str, Any] = {name: found[name][0] for name in ("dataset", "split", "policy")}
        prior = known.get(key)
        kind = prior.kind if prior else "jeffreys"
        if prior is None or kind in NO_PRIOR:
            place = " / ".join(map(label, (about["dataset"], about["split"])))
            untold.append(f"rounds of {place} by {label(about['policy'])}: {NO_PRIOR[kind]}")
            continue
        rows += [Rounds(**about, between=between, **decisions(found, prior, between, decided)) for between in decided.ranges]
    return tuple(rows), tuple(untold)


def decisions(found: pl.DataFrame, prior: Prior, between: Range, decided: Decided) -> dict[str, Any]:
    """The figures of one profile and range."""
    k, n, problems = (found[name].to_numpy() for name in ("k", "n", "problems"))
    kept, bands = Kept(*between), Bands(decided.edges)
    return {
        "problems": int(problems.sum()),
        "rounds": float(n @ problems / problems.sum()),
        "right": measured_right(prior, (k, n, problems), kept.right),
        "right_by_share": measured_right(prior, (k, n, problems), kept.right_by_share),
        "right_band": measured_right(prior, (k, n, problems), bands.right),
        "after": {rounds: expected_right(prior, rounds, kept.right) for rounds in TRIED},
        "needed": rounds_for(prior, decided.right, kept.right),
        "needed_for_bands": rounds_for(prior, decided.right, bands.right),
    }


def rounds_sentence(row: Rounds, right: float) -> str:
    """One profile in words."""
    low, high = row.between
    needs = [f"{needed:,}" if needed else f"more than {MOST_ROUNDS:,}" for needed in (row.needed, row.needed_for_bands)]
    return (
        f"{row.title} by {label(row.policy)}: {number(round(row.rounds, 1))} rounds tell rightly for "
        f"{percent(row.right)} of {row.problems:,} problems whether they lie between {low:g} and {high:g} (k/n alone for "
        f"{percent(row.right_by_share)}), and for {percent(row.right_band)} which of five bands they are in. {percent(right, 0)} takes "
        f"{needs[0]} rounds of every problem, and {needs[1]} for the bands."
    )


def rounds_table(rows: Iterable[Rounds], right: float) -> Table:
    """Every profile and range."""
    wanted = percent(right, 0)
    cells = [
        (
            row.title,
            label(row.policy),
            f"{row.between[0]:g} – {row.between[1]:g}",
            number(round(row.rounds, 1)),
            percent(row.right),
            percent(row.right_by_share),
            percent(row.right_band),
            *(percent(share) for share in row.after.values()),
            number(row.needed),
            number(row.needed_for_bands),
        )
        for row in rows
    ]
    tried = (f"#at {rounds}" for rounds in TRIED)
    heads = ("dataset", "policy", "kept", "#rounds", "#right", "#by k/n", "#band", *tried, f"#for {wanted}", f"#bands {wanted}")
    return table("Right decisions by rounds: keep or drop, and which of five bands", heads, cells)
