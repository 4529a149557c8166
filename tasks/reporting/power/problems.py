"""What more held-out problems, or more samples of each, would tell of an accuracy and of its difference to the base policy."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from tasks.estimates.power.problems import (
    Components,
    Plan,
    accuracy_components,
    best_plan,
    difference_components,
    half_width,
    problems_for,
)
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, number, policy_title

EVALUATED = ("recipe", "evaluation_id", "policy_id")


@dataclass(frozen=True)
class Wanted:
    """Half the width that an interval of this `confidence` is to have, and the completions to share out (None: as many as there are)."""

    within: float
    completions: int | None
    confidence: float


@dataclass(frozen=True)
class Problems:
    """How well an evaluation knows an accuracy, or (`of_difference`) its difference to the base policy: half the width of the interval as
    it is (`now`) and with any number of samples of the same problems (`at_best`); how many problems the wanted width takes with as many
    samples each, and asked once; and the best use of the completions, with its own problems, and with as many as one likes. [shares]"""

    recipe: str
    policy: str
    of_difference: bool
    components: Components
    problems: int
    samples: float
    now: float
    at_best: float
    needed: int
    needed_once: int
    best: Plan
    best_of_any: Plan

    @property
    def title(self) -> str:
        """What is known so well."""
        return f"{policy_title(self.policy)} less base" if self.of_difference else policy_title(self.policy)


@dataclass(frozen=True)
class Measured:
    """An accuracy or a difference over so many problems with so many samples each, on average, and its variances."""

    of_difference: bool
    problems: int
    samples: float
    components: Components | None


def problems_found(evaluated: pl.DataFrame, wanted: Wanted) -> tuple[tuple[Problems, ...], tuple[str, ...]]:
    """Two rows for every policy of `evaluated` (recipe, evaluation_id, policy_id, policy, dataset, split, cluster, n, k, base_n, base_k: a
    row per problem), one for the base policy; and what cannot be told, in sentences."""
    rows, untold = [], []
    for (recipe, *_), found in evaluated.filter(pl.col("n") > 0).group_by(EVALUATED, maintain_order=True):
        policy = str(found["policy"][0])
        if repeated := versions(found):
            untold.append(
                f"problems of {label(str(recipe))} by {label(policy)}: {repeated:,} of {len(found):,} are further versions of others, and "
                "how alike versions are answered is not foretold; `evaluation` has intervals between clusters"
            )
            continue
        parts = measured_parts(found)
        if parts[0].components is None:
            untold.append(
                f"problems of {label(str(recipe))} by {label(policy)}: fewer than two have two samples, and one sample a problem does "
                "not tell how much problems differ from luck; evaluate with evaluation.samples=2 or more"
            )
        rows += [planned(str(recipe), policy, part, wanted) for part in parts if part.components]
    return tuple(rows), tuple(untold)


def versions(found: pl.DataFrame) -> int:
    """How many problems are one more version of another."""
    named = found.filter(pl.col("cluster") != "").select("dataset", "split", "cluster")
    return len(named) - named.n_unique()


def measured_parts(found: pl.DataFrame) -> list[Measured]:
    """A policy's accuracy, and its difference to the base policy over the problems that both were asked."""
    accuracy = Measured(False, len(found), mean(found["n"]), accuracy_components(*columns(found, "k", "n")))
    pairs = found.filter(pl.col("base_n") > 0)
    if pairs.is_empty():
        return [accuracy]
    compared = difference_components(*columns(pairs, "k", "n", "base_k", "base_n"))
    return [accuracy, Measured(True, len(pairs), mean(pairs["n"]), compared)]


def columns(rows: pl.DataFrame, *names: str) -> list[pl.Series]:
    """Columns by name."""
    return [rows[name] for name in names]


def mean(values: pl.Series) -> float:
    """The mean of whole numbers, of which there are some."""
    return float(values.sum()) / len(values)


def planned(recipe: str, policy: str, part: Measured, wanted: Wanted) -> Problems:
    """What is known of one part, and what more would take."""
    components, confidence = part.components, wanted.confidence
    assert components is not None
    each, total = max(round(part.samples), 1), wanted.completions or round(part.samples * part.problems)
    only_problems = Components(components.between, 0.0, components.problems)
    return Problems(
        recipe,
        policy,
        part.of_difference,
        components,
        part.problems,
        part.samples,
        now=half_width(components, part.problems, part.samples, confidence),
        at_best=half_width(only_problems, part.problems, 1, confidence),
        needed=problems_for(components, wanted.within, each, confidence),
        needed_once=problems_for(components, wanted.within, 1, confidence),
        best=best_plan(components, total, part.problems, confidence),
        best_of_any=Plan(total, 1, half_width(components, total, 1, confidence)),
    )


def problems_sentence(row: Problems, within: float) -> str:
    """One evaluation in words."""
    each = number(round(row.samples, 1))
    known = f"know it within {plus_minus(row.now)} points, and with any number of samples within {plus_minus(row.at_best)}"
    return (
        f"{label(row.recipe)}, {row.title}: {row.problems:,} problems with {each} samples each {known}. {plus_minus(within)} takes "
        f"{row.needed:,} such problems, or {row.needed_once:,} that are asked once."
    )


def plus_minus(share: float) -> str:
    """Half the width of an interval, in points; its space does not break."""
    return f"±\N{NO-BREAK SPACE}{100 * share:.1f}"


def plan_words(plan: Plan) -> str:
    """A plan and what it gives."""
    return f"{plan.problems:,}×{plan.samples:,} {plus_minus(plan.half_width)}"


def problems_table(rows: Iterable[Problems], within: float) -> Table:
    """Every accuracy and difference."""
    cells = [
        (
            label(row.recipe),
            row.title,
            f"{row.problems:,}",
            number(round(row.samples, 1)),
            plus_minus(row.now),
            plus_minus(row.at_best),
            f"{row.needed:,}",
            f"{row.needed_once:,}",
            plan_words(row.best),
            plan_words(row.best_of_any),
        )
        for row in rows
    ]
    sizes = (f"#for {plus_minus(within)}", "#asked once")
    heads = ("recipe", "of", "#problems", "#samples", "#known within", "#at best", *sizes, "#best of these", "#best of any")
    return table("Held-out problems and samples, by how well they know an accuracy [points]", heads, cells)
