"""What more seeds of a study would find, and the smallest difference that those at hand could have shown."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from tasks.estimates.family import Scores
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

NOTHING = 1e-9  # a deviation [share]
WORTH_IT = 0.98  # of an error that another split is told for


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
    """What a comparison finds as one of so many that are judged together: the smallest difference with the seeds at hand, and the same
    where the deviation over seeds is at either end of its interval; and the seeds that the wanted one takes. None where none will do."""

    comparisons: int
    smallest: float | None
    smallest_low: float | None
    smallest_high: float | None
    seeds: int | None


@dataclass(frozen=True)
class Seeds:
    """What a study can find, by a comparison with the baseline that is judged alone, or as one of its primary ones, or as one of all.

    `sampling_share` of the variance over seeds comes from drawing few samples of each problem, None where that is not known. `even` has as
    many seeds for the baseline as for an arm, `best` shares the runs out for the smallest error of a difference.
    """

    study: str
    spread: Spread
    effects: tuple[Effect, ...]
    sampling_share: float | None
    even: Split
    best: Split | None


def seeds_found(scores: pl.DataFrame, sought: Sought) -> tuple[tuple[Seeds, ...], tuple[str, ...]]:
    """A row for every study of `scores` (study, arm, is_baseline, seed, accuracy, sampling_variance, completions, primary_comparisons and
    all_comparisons: a row per run), of its arms that train; and what cannot be told, in sentences."""
    rows, untold = [], []
    for (study,), runs in scores.filter(pl.col("completions") > 0).group_by("study", maintain_order=True):
        name, baseline, arms = label(str(study)), runs.filter("is_baseline"), runs.filter(~pl.col("is_baseline"))
        spread = spread_of(by_seed(baseline), [by_seed(arm) for _, arm in arms.group_by("arm", maintain_order=True)])
        if spread is None:
            untold.append(f"seeds of {name}: {few_seeds(runs)}")
        elif spread.difference < NOTHING:
            untold.append(f"seeds of {name}: every seed gives the same difference; run it with more, or where they differ")
        else:
            rows.append(told(name, spread, runs, sought))
    return tuple(rows), tuple(untold)


def by_seed(runs: pl.DataFrame) -> Scores:
    """An arm's scores by seed, as far as it has any."""
    return dict(runs.filter(pl.col("accuracy").is_not_null()).select("seed", "accuracy").iter_rows())


def few_seeds(runs: pl.DataFrame) -> str:
    """Why a study tells nothing of how much seeds differ."""
    if runs["arm"].n_unique() < 2 or not runs["is_baseline"].any():
        return "it has no arm that trains beside a baseline that does, so there is no difference to find"
    if runs["seed"].n_unique() < 2:
        return "it has one seed, which does not tell how much seeds differ; run it with two or more"
    return "no arm has two seeds that the baseline has, too; run it to its end"


def told(study: str, spread: Spread, runs: pl.DataFrame, sought: Sought) -> Seeds:
    """What one study can find."""
    total = sought.runs or spread.seeds * (spread.arms + 1)
    each = max(total // (spread.arms + 1), 1)
    families = runs.select("primary_comparisons", "all_comparisons").max().row(0)
    effects = tuple(effect_of(spread, comparisons, sought) for comparisons in sorted({1, *filter(None, families)}))
    even = Split(each, each, split_error(spread, each, each))
    return Seeds(study, spread, effects, sampling_share(runs, spread), even, best_split(spread, total))


def sampling_share(runs: pl.DataFrame, spread: Spread) -> float | None:
    """How much of the differences' variance the evaluation's own sampling makes, at most all of it; of a baseline with more seeds than an
    arm a part of its own."""
    noise = dict(runs.group_by("is_baseline").agg(pl.col("sampling_variance").mean()).iter_rows())
    if None in noise.values():
        return None
    more = runs.filter("is_baseline").height / spread.seeds
    return min((noise[False] + noise[True] / more) / spread.difference**2, 1.0)


def effect_of(spread: Spread, comparisons: int, sought: Sought) -> Effect:
    """The smallest difference that one of so many comparisons finds, and the seeds for the wanted one."""
    detection = Detection(comparisons, sought.level, sought.chance)
    deviations = (spread.difference, *deviation_interval(spread.difference, spread.seeds))
    smallest, low, high = (smallest_effect(deviation, spread.seeds, detection) for deviation in deviations)
    return Effect(comparisons, smallest, low, high, seeds_for(sought.effect, spread.difference, detection))


def seeds_sentence(row: Seeds, sought: Sought) -> str:
    """One study in words."""
    found, needs = smallest_words(row, percent(sought.chance, 0)), ", ".join(map(needed_words, row.effects))
    wanted = f"To find {points(sought.effect)} points takes {needs}."
    return f"{row.study}: with {row.spread.seeds} seeds {found}. {wanted}{sampled_words(row)}{split_words(row)}"


def smallest_words(row: Seeds, chance: str) -> str:
    """The smallest differences that were there to be found."""
    if row.effects[0].smallest is None:
        return "sign-flips cannot tell any difference, however large"
    found = ", ".join(f"{points(effect.smallest)} points ({ends(effect)}) where it is judged {judged(effect)}" for effect in row.effects)
    return f"a difference is found with {chance} chance if it is at least {found}"


def judged(effect: Effect) -> str:
    """Among how many a comparison is judged."""
    return "alone" if effect.comparisons == 1 else f"among {effect.comparisons}"


def needed_words(effect: Effect) -> str:
    """How many seeds the wanted difference takes."""
    return f"{effect.seeds:,} seeds {judged(effect)}" if effect.seeds else f"more than {MOST_SEEDS:,} seeds {judged(effect)}"


def sampled_words(row: Seeds) -> str:
    """How much of the variance more samples of the held-out problems would take away."""
    if row.sampling_share is None:
        return ""
    return f" About {percent(row.sampling_share, 0)} of the variance over seeds is luck of the samples drawn of held-out problems."


def split_words(row: Seeds) -> str:
    """How to share runs out, where that is better than evenly."""
    best, even = row.best, row.even
    if best is None or best.baseline <= best.arm or best.error > even.error * WORTH_IT:
        return ""
    errors = f"{points(best.error, 2)} points against {points(even.error, 2)}"
    return f" Of as many runs, {best.baseline} for the baseline and {best.arm} for each arm would give the smallest error, {errors}."


def points(share: float | None, digits: int = 1) -> str:
    """A size in points, without a sign."""
    return MISSING if share is None else f"{100 * share:.{digits}f}"


def ends(effect: Effect) -> str:
    """The ends of the smallest difference."""
    return f"{points(effect.smallest_low)} – {points(effect.smallest_high)}"


def seeds_table(rows: Iterable[Seeds], sought: Sought) -> Table:
    """Every study, a line for a comparison that is judged alone, and one for each family."""
    cells = [
        (
            row.study,
            judged(effect),
            str(row.spread.seeds),
            points(row.spread.difference),
            number(round(row.spread.correlation, 2)),
            points(effect.smallest),
            ends(effect),
            number(effect.seeds),
            MISSING if row.best is None else f"{row.best.baseline} + {row.spread.arms} × {row.best.arm}",
        )
        for row in rows
        for effect in row.effects
    ]
    found = ("#smallest found", "#its interval", f"#seeds for {points(sought.effect)}")
    heads = ("study", "judged", "#seeds", "#spread", "#correlation", *found, "#best split of runs")
    caption = f"Differences to the baseline over seeds, found with {percent(sought.chance, 0)} chance [points]"
    return table(caption, heads, cells)
