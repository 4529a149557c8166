"""Adaptive rounds against a fixed N = 16: completions saved, and problems that end in the same band, by the published marts themselves.

The rule is replayed over all sixteen rounds of every problem, so both are of the same draws. `python -m tests.bench.adaptive` runs it.
"""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl

from tasks.estimates.settings import AdaptiveSettings
from tasks.lake.lake import Lake, write_parquet
from tasks.warehouse.building import open_over
from tasks.warehouse.querying import query
from tasks.warehouse.settings import MartSettings
from tests.bench.row import Row
from tests.flows.runs import run
from tests.sql.rows import table

ROUNDS, SAVED, SAME = 16, 0.40, 0.97
RULES = {
    "predictive, the default": AdaptiveSettings(),
    "Beta interval, 70%": AdaptiveSettings(rule="beta", confidence=0.7, every=4),
    "Wilson interval, 70%": AdaptiveSettings(rule="wilson", confidence=0.7, every=4),
    "predictive, the five bands apart": AdaptiveSettings(edges=(0.084, 0.35, 0.65, 0.87)),
}


def simulated_u(problems: int, seed: int = 0) -> dict[str, pl.DataFrame]:
    """Problems and verdicts of sixteen rounds each, with accuracies drawn from Beta(0.4, 0.4), a U."""
    numbers = np.random.default_rng(seed)
    right = numbers.random((problems, ROUNDS)) < numbers.beta(0.4, 0.4, (problems, 1))
    ids = pl.Series("problem_id", [f"p{number:06}" for number in range(problems)])
    filled = {relation: table(relation, [{"problem_id": "p"}]).drop("problem_id") for relation in ("problems", "verdicts")}
    verdicts = pl.DataFrame({"problem_id": ids.gather(np.repeat(np.arange(problems), ROUNDS))}).with_columns(
        round=pl.Series(np.tile(np.arange(ROUNDS), problems)), verdict=pl.Series(np.where(right.ravel(), "correct", "incorrect"))
    )
    return {
        "problems": filled["problems"].join(ids.to_frame(), how="cross"),
        "verdicts": filled["verdicts"].drop("round", "verdict").join(verdicts, how="cross"),
    }


def replay(tables: dict[str, pl.DataFrame], rule: AdaptiveSettings) -> dict:
    """The one row of `adaptive_rounds` over these tables."""
    with tempfile.TemporaryDirectory() as folder:
        files = {name: [Path(folder) / f"{name}.parquet"] for name in tables}
        for name, rows in tables.items():
            write_parquet(rows, files[name][0])
        with closing(open_over(files, MartSettings(adaptive=rule), wanted=["adaptive_rounds"])) as connection:
            [row] = connection.table("adaptive_rounds").pl().to_dicts()
    return row


def row_of(name: str, found: dict, *, judged: bool) -> Row:
    """A line of the table."""
    saved, same = found["saved_share"], found["same_band_share"]
    measured = f"{saved:.1%} fewer completions, {same:.1%} in the same band, {found['mean_rounds']:.1f} rounds a problem"
    goal = f"≥ {SAVED:.0%} fewer, ≥ {SAME:.0%} the same" if judged else ""
    return Row(f"adaptive rounds, {name}", measured, goal, saved >= SAVED and same >= SAME if judged else None)


def simulated() -> list[Row]:
    """Every rule on a simulated U of 20,000 problems; the goal is the default's."""
    tables = simulated_u(20_000)
    return [
        row_of(f"simulated U of 20,000 ({name})", replay(tables, rule), judged=place == 0)
        for place, (name, rule) in enumerate(RULES.items())
    ]


def on_the_starter() -> list[Row]:
    """The default rule on the starter's two datasets, sampled sixteen rounds with the shipped policy through the flow."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        done = run(home, Path("starter"), Path(folder) / "prefect", f"sampling.rounds={ROUNDS}", flow="profile")
        assert done.returncode == 0, done.stdout + done.stderr
        rows = query(Lake(home), "from adaptive_rounds where split = 'train' order by dataset").to_dicts()
    return [row_of(f"{row['dataset']}, {row['problems']} problems", row, judged=True) for row in rows]


def rows() -> list[Row]:
    """All of it."""
    return [*simulated(), *on_the_starter()]


if __name__ == "__main__":
    for line in rows():
        print(line)
