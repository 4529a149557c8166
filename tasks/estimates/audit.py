"""How wrong each audited grader is: by rule, dataset and verdict, and what each problem's outcome stands for without its errors.

Reads the rows of `audit_counts` (one per audit and kind of verdict, see sql/marts/grading/). A kind is part of a stratum, and a stratum
that nobody has labelled joins the labelled one of its side that shares most with it: the verdict before the dataset before the rule, and
of equal ones that with the most labels. Draws come from the audit's id, so that each publish gives the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from tasks.base.files import digest
from tasks.estimates.grader_error import Interval, Side, Strata, corrected, lent, rates, side_of, unlabelled

ENOUGH = 30  # labels of a side; a dataset with fewer has them mixed with those of all
SHARED = ("verdict", "dataset", "rule")  # what strata may share, the weightiest first
RATES = ("precision", "refusals", "recall", "specificity", "wrong", "accuracy")
COUNTS = ("verdicts", "called_right", "drawn", "labelled", "unsure", "wrong_called_right", "right_refused")
KEY = {"audit_id": pl.String, "grader_id": pl.String, "part": pl.String, "name": pl.String}
ESTIMATES = KEY | dict.fromkeys(COUNTS, pl.Int64) | {f"{rate}{end}": pl.Float64 for rate in RATES for end in ("", "_low", "_high")}
CORRECTIONS = {
    "grader_id": pl.String,
    "dataset": pl.String,
    "n": pl.Int64,
    "k": pl.Int64,
    "audit_id": pl.String,
    "errors_of": pl.String,
    "corrected": pl.Float64,
    "corrected_low": pl.Float64,
    "corrected_high": pl.Float64,
}


@dataclass(frozen=True)
class Judged:
    """The kinds of verdicts of one audited grader, or a part of them, by name."""

    audit_id: str
    grader_id: str
    part: str
    name: str
    kinds: pl.DataFrame

    def among(self, part: str, name: str) -> "Judged":
        """Those of one dataset, rule or verdict."""
        return Judged(self.audit_id, self.grader_id, part, name, self.kinds.filter(pl.col(part) == name))

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Errors among those called right, where people say wrong, and among the others, where they say right."""
        numbers = np.random.default_rng(int(digest([self.audit_id, self.grader_id, self.part, self.name])[:15], 16))
        called = pl.col("verdict") == "correct"
        sides = (
            self.kinds.filter(called).with_columns(errors="wrong_labels"),
            self.kinds.filter(~called).with_columns(errors="right_labels"),
        )
        return drawn_side(sides[0], numbers), drawn_side(sides[1], numbers)

    def row(self, confidence: float) -> tuple[object, ...]:
        """The row of ESTIMATES."""
        found = rates(*self.sides, confidence)
        ends = [value for rate in RATES for value in (found[rate].estimate, found[rate].low, found[rate].high)]
        return (self.audit_id, self.grader_id, self.part, self.name, *self.counts(), *ends)

    def labels(self) -> tuple[int, int]:
        """How many labels there are of those called right, and of the others."""
        called, labelled = pl.col("verdict") == "correct", pl.col("right_labels") + pl.col("wrong_labels")
        return self.kinds.select(labelled.filter(called).sum().alias("right"), labelled.filter(~called).sum().alias("refused")).row(0)

    def counts(self) -> tuple[int, ...]:
        """The values of COUNTS."""
        called, labelled = pl.col("verdict") == "correct", pl.col("right_labels") + pl.col("wrong_labels")
        return self.kinds.select(
            pl.col("verdicts").sum(),
            pl.col("verdicts").filter(called).sum().alias("called_right"),
            pl.col("drawn").sum(),
            labelled.sum().alias("labelled"),
            (pl.col("unsure") + pl.col("disputed")).sum().alias("unsure_or_disputed"),
            pl.col("wrong_labels").filter(called).sum().alias("wrong_called_right"),
            pl.col("right_labels").filter(~called).sum().alias("right_refused"),
        ).row(0)


def drawn_side(kinds: pl.DataFrame, numbers: np.random.Generator) -> Side:
    """The errors of a side, of its kinds of verdicts."""
    strata = joined(kinds)
    if strata is None:
        return unlabelled(int(kinds["verdicts"].sum()))
    return side_of(Strata(*(strata[name].to_numpy() for name in ("verdicts", "labelled", "errors"))), numbers)


def joined(kinds: pl.DataFrame) -> pl.DataFrame | None:
    """A side's strata, those without a label joined to others: verdicts, labelled, errors. None where nobody has labelled any."""
    same = [pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name) for name in SHARED]
    labelled = (pl.col("right_labels") + pl.col("wrong_labels")).sum().alias("labelled")
    strata = kinds.group_by("stratum", maintain_order=True).agg(*same, pl.col("verdicts").sum(), labelled, pl.col("errors").sum())
    known, open_ones = strata.filter(pl.col("labelled") > 0), strata.filter(pl.col("labelled") == 0)
    if known.is_empty():
        return None
    verdicts, others = known["verdicts"].to_list(), known.to_dicts()
    for row in open_ones.iter_rows(named=True):
        verdicts[nearest(row, others)] += row["verdicts"]
    return known.with_columns(verdicts=pl.Series(verdicts, dtype=pl.Int64))


def nearest(row: dict[str, object], known: list[dict[str, object]]) -> int:
    """The place of the labelled stratum that shares most with one that nobody has labelled."""
    likeness = [([row[name] is not None and row[name] == other[name] for name in SHARED], other["labelled"]) for other in known]
    return likeness.index(max(likeness))


def audits_in(counts: pl.DataFrame) -> Iterator[Judged]:
    """Every audit of every grader."""
    for (audit, grader), kinds in counts.group_by("audit_id", "grader_id", maintain_order=True):
        yield Judged(str(audit), str(grader), "all", "all", kinds)


def estimates(counts: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """The table `audit_estimates`: for each audit and grader a row of all, and one for each dataset, rule and verdict."""
    rows = []
    for whole in audits_in(counts):
        scored = scored_of(whole)
        parts = [scored.among(part, name) for part in ("dataset", "rule") for name in sorted(scored.kinds[part].unique())]
        parts += [whole.among("verdict", name) for name in sorted(whole.kinds["verdict"].unique())]
        rows += [judged.row(confidence) for judged in (scored, *parts)]
    return pl.DataFrame(rows, schema=ESTIMATES, orient="row")


def scored_of(judged: Judged) -> Judged:
    """Its verdicts that count in an accuracy: all but timeouts."""
    kinds = judged.kinds.filter(pl.col("verdict") != "timeout")
    return Judged(judged.audit_id, judged.grader_id, judged.part, judged.name, kinds)


def corrections(counts: pl.DataFrame, outcomes: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """The table `corrections`: of each outcome (grader_id, dataset, n, k) of a grader that was audited."""
    rows = []
    labelled = [judged for judged in map(scored_of, audits_in(counts)) if any(judged.labels())]
    best = {judged.grader_id: judged for judged in sorted(labelled, key=by_labels)}
    for grader, judged in best.items():
        for (dataset,), found in outcomes.filter(pl.col("grader_id") == grader).group_by("dataset", maintain_order=True):
            told, right, refused = errors_for(judged, str(dataset))
            for n, k in found.select("n", "k").iter_rows():
                known: Interval = corrected((k, n), right, refused, confidence)
                rows.append((grader, dataset, n, k, judged.audit_id, told, known.estimate, known.low, known.high))
    return pl.DataFrame(rows, schema=CORRECTIONS, orient="row")


def by_labels(judged: Judged) -> tuple[int, int, tuple[int, ...]]:
    """What puts audits of a grader in order, the one that counts last: labels, drawn verdicts, and of equal ones the first by id."""
    return sum(judged.labels()), int(judged.kinds["drawn"].sum()), tuple(-ord(letter) for letter in judged.audit_id)


def errors_for(whole: Judged, dataset: str) -> tuple[str, Side, Side]:
    """Whose errors a dataset's outcomes are corrected by, and these: its own, all the grader's, or a mixture by how many labels it has."""
    own = whole.among("dataset", dataset)
    if own.kinds.is_empty():
        return "all", *whole.sides
    weights = [weight_of(*counted) for counted in zip(own.labels(), (side.verdicts for side in own.sides), strict=True)]
    right, refused = (lent(mine, others, weight) for mine, others, weight in zip(own.sides, whole.sides, weights, strict=True))
    return "dataset" if min(weights) == 1 else "mixed" if max(weights) > 0 else "all", right, refused


def weight_of(labels: int, verdicts: int) -> float:
    """How much a side's own errors count: wholly with enough labels, or with all that there can be."""
    return min(labels / min(ENOUGH, verdicts), 1.0) if verdicts else 1.0
