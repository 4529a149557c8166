"""Whether what tells that a policy has moved is still where it has not, and speaks up where it has: drift of policies, and stale priors.

Each repeat is a dataset of its own in one warehouse, by the published marts and rules: a policy answers its problems twice, the second time
unchanged or moved by half a logit. `python -m tests.bench.drift` runs it.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import fmean

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.recipe import RecurationSettings
from tasks.curation.candidates import Candidates
from tasks.curation.drift import Measure, StageDrift
from tasks.curation.drift_task import drift_of_stages
from tasks.curation.rules import choose
from tasks.curation.settings import StageRule
from tasks.curation.unchanged import Before
from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import prior_of
from tasks.lake.lake import RELATIONS, write_parquet
from tasks.warehouse.building import open_over
from tests.bench.row import Row
from tests.curation.measured import EDGES, candidates_of

REPEATS, FEWER, PROBLEMS, MOVED, GROUP, STEPS, PROMPTS = 400, 100, 300, 0.5, 8, 100, 8
MOST, LEAST = 0.05, 0.80
MEASURES: tuple[Measure, ...] = ("membership", "band")
LOW, HIGH = 0.084, 0.87
PROFILE = {"split": "train", "sampling_id": "s", "grader_id": "g"}
Numbers = NDArray[np.float64]
Shape = Callable[[np.random.Generator, tuple[int, int]], Numbers]
SHAPES: dict[str, Shape] = {
    "U": lambda numbers, size: numbers.beta(0.4, 0.4, size),
    "hump": lambda numbers, size: numbers.beta(5.0, 5.0, size),
    "falling": lambda numbers, size: numbers.beta(0.5, 2.0, size),
    "20% impossible and a hump": lambda numbers, size: np.where(numbers.random(size) < 0.2, 0.0, numbers.beta(6.0, 2.0, size)),
}


def moved_by(p: Numbers, logits: float) -> Numbers:
    """Accuracies moved on the logarithm of their odds."""
    return p * np.exp(logits) / (1 - p + p * np.exp(logits))


def answered(shape: str, moved: float, rounds: int, repeats: int, seed: int = 0) -> pl.DataFrame:
    """Rows as `problem_counts` has them: so many datasets of PROBLEMS problems, each answered by the policies `a` and then `b`."""
    numbers = np.random.default_rng([seed, rounds, int(10 * moved), *map(ord, shape)])
    p = SHAPES[shape](numbers, (repeats, PROBLEMS))
    rows = []
    for policy, chances in (("a", p), ("b", moved_by(p, moved))):
        k = numbers.binomial(rounds, chances)
        rows.append(
            pl.DataFrame(
                {
                    "dataset": np.repeat([f"set {number:03}" for number in range(repeats)], PROBLEMS),
                    "problem_id": np.tile([f"p{number:03}" for number in range(PROBLEMS)], repeats),
                    "k": k.ravel(),
                }
            ).with_columns(policy_id=pl.lit(policy))
        )
    share = pl.col("k") / rounds
    edges = {name: pl.lit(None, pl.Float64) for name in ("accuracy_low", "accuracy_high")}
    band = {"band": pl.lit("medium"), "gold_id": pl.lit("gold")}
    return pl.concat(rows).with_columns(
        n=pl.lit(rounds, pl.Int64), accuracy=share, **edges, **band, **{k: pl.lit(v) for k, v in PROFILE.items()}
    )


def mart(relation: str, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """A mart over the given rows of one relation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{relation}.parquet"
        write_parquet(rows, path)
        with closing(open_over({relation: [path]}, wanted=[name])) as connection:
            return connection.table(name).pl()


def drifted(shape: str, moved: float, rounds: int = 8, repeats: int = REPEATS) -> pl.DataFrame:
    """The rows of `policy_drift` from the first policy to the second, one a repeat."""
    return mart("problem_counts", answered(shape, moved, rounds, repeats), "policy_drift").filter(policy_id="a")


def trained(shape: str, moved: float, rounds: int, repeats: int, seed: int = 0) -> pl.DataFrame:
    """Rows as `groups` has them: of each repeat a stage over the problems that its profile keeps, with p_mean as their prior."""
    numbers = np.random.default_rng([seed, rounds, int(10 * moved), *map(ord, shape)])
    return pl.concat(
        stage(f"stage {number:03}", SHAPES[shape](numbers, (1, PROBLEMS))[0], moved, rounds, numbers) for number in range(repeats)
    )


def stage(name: str, p: Numbers, moved: float, rounds: int, numbers: np.random.Generator) -> pl.DataFrame:
    """The groups of one stage: PROMPTS a step, problems in turns of a fresh order each."""
    k, n = numbers.binomial(rounds, p), np.full(len(p), rounds)
    known = posterior_of(k, n, prior_of(k, n))
    kept = np.flatnonzero(known.between(LOW, HIGH) >= 0.5)
    drawn = np.concatenate([numbers.permutation(kept) for _ in range(1 + STEPS * PROMPTS // len(kept))])[: STEPS * PROMPTS]
    right = numbers.binomial(GROUP, moved_by(p, moved)[drawn])
    given = {"stage_id": name, "weight": 1.0, "advantage_mean": 0.0, "advantage_std": 1.0, "G": GROUP, "hinted": False}
    rows = pl.DataFrame({"step": np.arange(len(drawn)) // PROMPTS + 1, "problem_id": drawn.astype(str), "correct": right})
    filled = rows.with_columns(
        accuracy=pl.col("correct") / GROUP, prior=pl.Series(known.mean[drawn]), **{key: pl.lit(value) for key, value in given.items()}
    )
    return filled.select(pl.col(column).cast(dtype) for column, dtype in RELATIONS["groups"].items())


def stale(shape: str, moved: float, rounds: int = 8, repeats: int = REPEATS) -> float:
    """The share of repeats in which some tenth of the stage is off beyond chance."""
    rows = mart("groups", trained(shape, moved, rounds, repeats), "prior_staleness")
    return float(rows["stale_step"].is_not_null().mean())  # type: ignore[arg-type]


def drift_rows(rounds: int) -> list[Row]:
    """How often `policy_drift` says that a policy has drifted, and how what it foresees compares with what an unchanged one shows."""
    found = {shape: (drifted(shape, 0.0, rounds), drifted(shape, MOVED, rounds)) for shape in SHAPES}
    alarms = {shape: [float(rows["drifted"].mean()) for rows in pair] for shape, pair in found.items()}  # type: ignore[arg-type]
    lines = [fired(f"`policy_drift.drifted` at n = {rounds}", alarms)]
    same = found["U"][0]
    parts = [f"{name} {same[name].mean():.1f} ({same[f'{name}_by_chance'].mean():.1f})" for name in ("up", "down")]
    parts += [f"{name} {same[f'{name}_share'].mean():.1%} ({same[f'{name}_by_chance'].mean():.1%})" for name in ("gained", "lost")]
    return [*lines, Row(f"an unchanged policy's changes at n = {rounds}, U (what the mart foresees)", ", ".join(parts))]


def asked_twice(shape: str, moved: float, rounds: int, repeats: int) -> Iterator[tuple[Candidates, Candidates]]:
    """The candidates of a policy and of the later one, so many times."""
    rows = answered(shape, moved, rounds, repeats, seed=1).select("dataset", "problem_id", "policy_id", "n", "k")
    for _, both in rows.group_by("dataset", maintain_order=True):
        first, later = (candidates_of(both.filter(policy_id=policy).drop("dataset")) for policy in ("a", "b"))
        yield first, later


def newly_solved(shape: str, moved: float, rounds: int, repeats: int = REPEATS) -> float:
    """The share of repeats in which the rule `newly_solved` finds any problem."""
    rule = StageRule(rule="newly_solved")
    return fmean(len(choose(later, rule, 0, first)) > 0 for first, later in asked_twice(shape, moved, rounds, repeats))


def recurated(shape: str, moved: float, rounds: int, repeats: int = REPEATS) -> tuple[float, list[StageDrift]]:
    """The share of repeats in which sets would be chosen anew by the default bound, and the drift of each."""
    stages = []
    for first, later in asked_twice(shape, moved, rounds, repeats):
        used = choose(first, StageRule(), 0)
        stages += drift_of_stages({"stage": (used, StageRule())}, later, Before(first, EDGES), 0)
    return fmean(stage.excess("membership") > RecurationSettings().bound for stage in stages), stages


def recuration_rows(rounds: int, repeats: int = FEWER) -> list[Row]:
    """How often re-curation would act, and what it found on average beside what it expected by chance. Of a hump little leaves the
    thresholds when the policy moves, so nothing is to be chosen anew there."""
    still, moving = (recurated("U", moved, rounds, repeats) for moved in (0.0, MOVED))
    parts = [f"{fmean(stage.share(m) for stage in still[1]):.1%} ({fmean(stage.chance(m) for stage in still[1]):.1%})" for m in MEASURES]
    hump = [recurated("hump", moved, rounds, repeats)[0] for moved in (0.0, MOVED)]
    return [
        fired(f"re-curation, n = {rounds}, {repeats} repeats,", {"U": [still[0], moving[0]]}),
        Row(f"the same of a hump, {repeats} repeats", f"{hump[0]:.1%}, {hump[1]:.1%}", f"≤ {MOST:.0%} without drift", hump[0] <= MOST),
        Row(f"an unchanged policy's set at n = {rounds}, U: exchanged, outside (what is expected by chance)", ", ".join(parts)),
    ]


def fired(what: str, alarms: dict[str, list[float]]) -> Row:
    """The line of how often something fires without and with a drift, by shape."""
    shown = "; ".join(f"{shape}: {still:.1%}, {moving:.1%}" for shape, (still, moving) in alarms.items())
    ok = all(still <= MOST and moving >= LEAST for still, moving in alarms.values())
    goal = f"≤ {MOST:.0%} without drift, ≥ {LEAST:.0%} at {MOVED:g} logits"
    return Row(f"{what} without drift, and at {MOVED:g} logits over {PROBLEMS} problems", shown, goal, ok)


def rows() -> list[Row]:
    """All of it."""
    stages = {rounds: {shape: [stale(shape, moved, rounds) for moved in (0.0, MOVED)] for shape in SHAPES} for rounds in (8, 16)}
    solved = {
        rounds: {shape: [newly_solved(shape, moved, rounds) for moved in (0.0, MOVED)] for shape in ("U", "hump")} for rounds in (8, 16)
    }
    return [
        *(row for rounds in (8, 16) for row in drift_rows(rounds)),
        *(fired(f"rule `newly_solved`, n = {rounds}", alarms) for rounds, alarms in solved.items()),
        *(row for rounds in (8, 16) for row in recuration_rows(rounds)),
        *(fired(f"`prior_staleness.stale_step`, profile of n = {rounds}", alarms) for rounds, alarms in stages.items()),
    ]


if __name__ == "__main__":
    for line in rows():
        print(line)
