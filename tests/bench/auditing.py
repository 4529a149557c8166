"""Audits of simulated labels against errors that are known: how often the intervals hold the truth.

By the same strata, turns and estimates as a real audit; only the labels are made up. `python -m tests.bench.auditing` runs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from tasks.auditing.strata import shares, turns, with_strata
from tasks.estimates.audit import Judged, errors_for, scored_of
from tasks.estimates.grader_error import corrected, rates
from tests.bench.row import Row

GOAL, DRAWS, SIZES = 0.93, 500, (100, 200, 500)
CONFIDENCE, ROUNDS, PROBLEMS = 0.95, 8, 20
RULES = {
    "letter": (0.62, 0.5),
    "number": (0.25, 1.0),
    "text": (0.08, 2.0),
    "algebra": (0.04, 4.0),
    "dates": (0.0085, 6.0),
    "odd": (0.0005, 9.0),
}
"""How many of the verdicts each rule gives, and how often it errs beside the others."""


@dataclass(frozen=True)
class World:
    """A lake's verdicts: by dataset how many, and how many of them are wrong; by policy which part; how many are called
    right, and the share of the drawn that people label."""

    verdicts: dict[str, int]
    errors: dict[str, float]
    policies: tuple[float, ...] = (0.6, 0.4)
    right: float = 0.6
    labelled: float = 1.0

    @cached_property
    def kinds(self) -> pl.DataFrame:
        """The kinds of verdicts with their strata, and the `wrong` ones among them: at least one verdict of each kind."""
        numbers, rows = np.random.default_rng(len(self.verdicts)), []
        for dataset, total in self.verdicts.items():
            for policy, part in enumerate(self.policies):
                for rule, (share, errs) in RULES.items():
                    for verdict, side in (("correct", self.right), ("incorrect", 0.8 * (1 - self.right))):
                        size = max(1, round(total * part * share * side))
                        wrong = numbers.binomial(size, min(self.errors[dataset] * errs, 0.9))
                        rows.append(("g", f"policy {policy}", dataset, rule, verdict, size, wrong))
                size = max(1, round(total * part * 0.2 * (1 - self.right)))
                rows.append(
                    ("g", f"policy {policy}", dataset, "no_answer", "unparseable", size, numbers.binomial(size, self.errors[dataset]))
                )
                rows.append(("g", f"policy {policy}", dataset, "too_long", "timeout", 3, 1))
        names = ("grader_id", "policy_id", "dataset", "rule", "verdict", "verdicts", "wrong")
        return with_strata(pl.DataFrame(rows, schema=names, orient="row"))

    def truth(self, dataset: str = "") -> dict[str, float]:
        """The rates as they are, of one dataset or of all."""
        among = self.kinds.filter(pl.col("verdict") != "timeout", pl.col("dataset").is_in([dataset] if dataset else list(self.verdicts)))
        sides = among.group_by(pl.col("verdict") == "correct").agg(pl.col("verdicts", "wrong").sum())
        (right, wrong), (refused, missed) = (sides.filter(verdict=side).select("verdicts", "wrong").row(0) for side in (True, False))
        hits, rejected = right - wrong, refused - missed
        return {
            "precision": hits / right,
            "recall": hits / (hits + missed),
            "specificity": rejected / (rejected + wrong),
            "wrong": (wrong + missed) / (right + refused),
            "accuracy": (hits + missed) / (right + refused),
        }

    def audit(self, n: int, seed: int) -> Judged:
        """An audit of so many verdicts, of which people label a part without a slip."""
        numbers, size, wrong = np.random.default_rng(seed), self.kinds["verdicts"].to_numpy(), self.kinds["wrong"].to_numpy()
        said, errors = np.zeros_like(size), np.zeros_like(size)
        for stratum, drawn in turns(shares(self.kinds), n, seed).group_by("stratum").len().sort("stratum").iter_rows():
            [own] = np.nonzero(self.kinds["stratum"] == stratum)
            labelled = numbers.binomial(drawn, self.labelled)
            found = numbers.multivariate_hypergeometric(np.concatenate([wrong[own], (size - wrong)[own]]), labelled)
            errors[own], said[own] = found[: len(own)], found.reshape(2, -1).sum(axis=0)
        called = (self.kinds["verdict"] == "correct").to_numpy()
        labels = {"wrong_labels": np.where(called, errors, said - errors), "right_labels": np.where(called, said - errors, errors)}
        nothing = np.zeros_like(size)
        rows = self.kinds.with_columns(pl.DataFrame(labels | {"drawn": said, "unsure": nothing, "disputed": nothing}))
        return scored_of(Judged(f"audit {seed}", "g", "all", "all", rows))


WORLDS = {
    "0.3% errors": World({"one": 12_000, "two": 5_000}, {"one": 0.0036, "two": 0.0036}),
    "2.6% errors": World({"one": 12_000, "two": 5_000}, {"one": 0.031, "two": 0.031}),
    "20% errors": World({"one": 12_000, "two": 5_000}, {"one": 0.24, "two": 0.24}),
    "unequal datasets": World({"clean": 20_000, "odd": 1_500, "tiny": 60}, {"clean": 0.004, "odd": 0.15, "tiny": 0.3}),
    "many small kinds": World(dict.fromkeys("abcdefgh", 400), {name: 0.01 * place for place, name in enumerate("abcdefgh")}, (0.25,) * 4),
    "a third without a label": World({"one": 12_000, "two": 5_000}, {"one": 0.031, "two": 0.031}, labelled=0.67),
}


def held(world: World, n: int, draws: int, first: int = 0) -> Iterator[dict[str, float]]:
    """For each of so many audits, whether the interval of each rate holds the truth (1 or 0); of corrected accuracies the share that do."""
    truth = world.truth()
    for seed in range(first, first + draws):
        judged = world.audit(n, seed)
        found = rates(*judged.sides, CONFIDENCE)
        holds = {name: float(found[name].low <= value <= found[name].high) for name, value in truth.items()}
        yield holds | {"corrected": corrected_held(world, judged, seed)}


def corrected_held(world: World, judged: Judged, seed: int) -> float:
    """The share of problems, of the largest dataset, whose corrected accuracy's interval holds how often they are solved in truth."""
    numbers, dataset = np.random.default_rng([7, seed]), max(world.verdicts, key=lambda name: world.verdicts[name])
    truth = world.truth(dataset)
    p = numbers.beta(0.5, 0.5, PROBLEMS)
    k = numbers.binomial(ROUNDS, p * truth["recall"] + (1 - p) * (1 - truth["specificity"]))
    _, right, refused = errors_for(judged, dataset)
    ends = {int(times): corrected((int(times), ROUNDS), right, refused, CONFIDENCE) for times in set(k)}
    return float(np.mean([ends[int(times)].low <= solved <= ends[int(times)].high for times, solved in zip(k, p, strict=True)]))


def coverage(name: str, n: int, draws: int = DRAWS) -> dict[str, float]:
    """How often the intervals of audits of that size hold the truth."""
    return pl.DataFrame(list(held(WORLDS[name], n, draws))).mean().row(0, named=True)


def rows() -> list[Row]:
    """A line for each world: the worst coverage over sizes of each figure that people read."""
    lines = []
    for name in WORLDS:
        found = pl.DataFrame([coverage(name, n) for n in SIZES]).min().row(0, named=True)
        told = ", ".join(f"{figure} {100 * found[figure]:.1f}%" for figure in ("precision", "recall", "corrected"))
        what = f"audit, {name}: 95% intervals that hold the truth, least over {', '.join(map(str, SIZES))} labels, {DRAWS} draws each"
        lines.append(Row(what, told, f">= {100 * GOAL:.0f}%", min(found["precision"], found["recall"], found["corrected"]) >= GOAL))
    return lines


if __name__ == "__main__":
    for row in rows():
        print(row)
