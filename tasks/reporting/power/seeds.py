"""What more seeds of a study would find, and the smallest difference that those at hand could have shown."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.estimates.power.seeds import (
    MOST_SEEDS,
    Detection,
    Split,
    Spread,
    best_split,
    deviation_interval,
    seeds_for,
    smallest_effect,
    split_error,
    spread_of,
)
from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, label, number, percent


@dataclass(frozen=True)
class Sought:
    """The difference that is to be found, the `chance` of finding it and the `level` of the test, and the runs of the study to share out
    (None: as many as there are)."""

    effect: float
    chance: float
    level: float
    runs: int | None


@dataclass(frozen=True)
class Effect:
    """What so many comparisons can find: the smallest difference with the seeds at hand, and the same where the deviation over seeds is at
    either end of its interval; and the seeds that the wanted one takes. None where no difference, or no number of seeds, will do."""

    comparisons: int
    smallest: float | None
    smallest_low: float | None
    smallest_high: float | None
    seeds: int | None


@dataclass(frozen=True)
class Seeds:
    """What a study can find: one comparison that was chosen beforehand (`alone`), or every arm's with the baseline (`every`, None for one).

    `sampling_share` of the variance over seeds comes from drawing few samples of each problem, None where that is not known. `even` has as
    many seeds for the baseline as for an arm, `best` shares the runs out for the smallest error of a difference.
    """

    study: str
    spread: Spread
    alone: Effect
    every: Effect | None
    sampling_share: float | None
    even: Split
    best: Split | None

    def effects(self) -> list[Effect]:
        """Of one comparison, and where there are more of all."""
        return [self.alone, *([self.every] if self.every else [])]


def seeds_found(scores: pl.DataFrame, sought: Sought) -> tuple[tuple[Seeds, ...], tuple[str, ...]]:
    """A row for every study of `scores` (study, arm, is_baseline, seed, accuracy, completions, sampling_variance if known: a row per run),
    of its arms that train; and what cannot be told, in sentences."""
    rows, untold = [], []
    for (study,), runs in scores.filter(pl.col("completions") > 0).group_by("study", maintain_order=True):
        name, arms, baseline = label(str(study)), runs.filter(~pl.col("is_baseline")), runs.filter("is_baseline")
        spread = study_spread(arms, baseline)
        if spread is None:
            untold.append(f"seeds of {name}: {few_seeds(runs)}")
        elif spread.difference < 1e-9:
            untold.append(f"seeds of {name}: every seed gives the same difference; run it with more, or where they differ")
        else:
            rows.append(told(name, spread, sampling_share(arms, baseline, spread), sought))
    return tuple(rows), tuple(untold)


def study_spread(arms: pl.DataFrame, baseline: pl.DataFrame) -> Spread | None:
    """The spread of a study's arms and its baseline over the baseline's seeds."""
    seeds = baseline.select("seed", first="accuracy").unique("seed").sort("seed")
    joined = [seeds.join(runs, on="seed", how="left", maintain_order="left") for _, runs in arms.group_by("arm", maintain_order=True)]
    return spread_of(numbers(seeds["first"]), [numbers(rows["accuracy"]) for rows in joined])


def numbers(values: pl.Series) -> np.ndarray:
    """Values, NaN where there is none."""
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def few_seeds(runs: pl.DataFrame) -> str:
    """Why a study tells nothing of how much seeds differ."""
    if runs["arm"].n_unique() < 2 or not runs["is_baseline"].any():
        return "it has no arm that trains beside a baseline that does, so there is no difference to find"
    if runs["seed"].n_unique() < 2:
        return "it has one seed, which does not tell how much seeds differ; run it with two or more"
    return "no arm has two seeds that the baseline has, too; run it to its end"


def sampling_share(arms: pl.DataFrame, baseline: pl.DataFrame, spread: Spread) -> float | None:
    """How much of the differences' variance the evaluation's own sampling makes, at most all of it."""
    if "sampling_variance" not in arms.columns:
        return None
    noise = [rows["sampling_variance"].mean() for rows in (arms, baseline)]
    return min(sum(noise) / spread.difference**2, 1.0) if None not in noise else None  # type: ignore[arg-type]


def told(study: str, spread: Spread, sampling: float | None, sought: Sought) -> Seeds:
    """What one study can find."""
    total = sought.runs or spread.seeds * (spread.arms + 1)
    seeds = max(total // (spread.arms + 1), 1)
    alone, *every = (effect_of(spread, comparisons, sought) for comparisons in sorted({1, spread.arms}))
    even = Split(seeds, seeds, split_error(spread, seeds, seeds))
    return Seeds(study, spread, alone, every[0] if every else None, sampling, even, best_split(spread, total))


def effect_of(spread: Spread, comparisons: int, sought: Sought) -> Effect:
    """The smallest difference that so many comparisons find, and the seeds for the wanted one."""
    detection = Detection(comparisons, sought.level, sought.chance)
    deviations = (spread.difference, *deviation_interval(spread.difference, spread.seeds))
    smallest, low, high = (smallest_effect(deviation, spread.seeds, detection) for deviation in deviations)
    return Effect(comparisons, smallest, low, high, seeds_for(sought.effect, spread.difference, detection))


def seeds_sentence(row: Seeds, sought: Sought) -> str:
    """One study in words."""
    found = percent(sought.chance, 0)
    needs = " and ".join(needed_words(effect) for effect in row.effects())
    return (
        f"{row.study}: with {row.spread.seeds} seeds {smallest_words(row, found)}. To find {points(sought.effect)} points takes {needs}."
        f"{sampled_words(row)}{split_words(row)}"
    )


def needed_words(effect: Effect) -> str:
    """How many seeds the wanted difference takes."""
    for_what = "one comparison" if effect.comparisons == 1 else f"each of {effect.comparisons}"
    return f"{effect.seeds:,} seeds for {for_what}" if effect.seeds else f"more seeds than {MOST_SEEDS:,} for {for_what}"


def sampled_words(row: Seeds) -> str:
    """How much of the variance more samples of the held-out problems would take away."""
    if row.sampling_share is None:
        return ""
    return f" About {percent(row.sampling_share, 0)} of the variance over seeds is luck of the samples drawn of held-out problems."


def smallest_words(row: Seeds, found: str) -> str:
    """The smallest differences that were there to be found."""
    one, every = row.alone, row.every
    if one.smallest is None:
        return "sign-flips cannot tell any difference, however large"
    alone = f"one comparison, chosen beforehand, finds a difference of {points(one.smallest)} points ({ends(one)}) with {found} chance"
    return alone if every is None else f"{alone}, and each of {every.comparisons} one of {points(every.smallest)} ({ends(every)})"


def split_words(row: Seeds) -> str:
    """How to share runs out, where that is better than evenly."""
    best, even = row.best, row.even
    if best is None or best.baseline <= best.arm or best.error >= even.error * 0.995:
        return ""
    return (
        f" Of as many runs, {best.baseline} for the baseline and {best.arm} for each arm would give the smallest "
        f"error, {points(best.error, 2)} points against {points(even.error, 2)}."
    )


def points(share: float | None, digits: int = 1) -> str:
    """A size in points, without a sign."""
    return MISSING if share is None else f"{100 * share:.{digits}f}"


def ends(effect: Effect) -> str:
    """The ends of the smallest difference."""
    return f"{points(effect.smallest_low)} – {points(effect.smallest_high)}"


def seeds_table(rows: Iterable[Seeds], sought: Sought) -> Table:
    """Every study, a line for one comparison and one for all."""
    cells = [
        (
            row.study,
            "one" if effect is row.alone else f"each of {effect.comparisons}",
            str(row.spread.seeds),
            points(row.spread.difference),
            number(round(row.spread.correlation, 2)),
            points(effect.smallest),
            ends(effect),
            number(effect.seeds),
            MISSING if row.best is None else f"{row.best.baseline} + {row.spread.arms} × {row.best.arm}",
        )
        for row in rows
        for effect in row.effects()
    ]
    found = ("#smallest found", "#its interval", f"#seeds for {points(sought.effect)}")
    heads = ("study", "comparison", "#seeds", "#spread", "#correlation", *found, "#best split of runs")
    caption = f"Differences to the baseline over seeds, found with {percent(sought.chance, 0)} chance [points]"
    return table(caption, heads, cells)
