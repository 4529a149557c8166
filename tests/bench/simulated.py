"""The warehouse's statistics against simulation: whether intervals hold the truth as often as they say, and a U is told from others.

By the published macros and marts themselves. `python -m tests.bench.simulated` runs it.
"""

import tempfile
from contextlib import closing
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl

from tasks.lake.database import connect
from tasks.lake.lake import write_parquet
from tasks.warehouse.building import create_macros, open_over
from tests.bench.row import Row

SAMPLES = (8, 10, 12, 16, 24, 32, 64, 128)
LEAST, MOST, DRAWS = 0.93, 0.97, 200_000
SETS, PROBLEMS, ROUNDS, RIGHT = 200, 400, 8, 0.95
SHAPES = {"u": (0.5, 0.5), "flat": (1.0, 1.0), "hump": (2.0, 2.0), "falling": (0.5, 2.0), "rising": (2.0, 0.5)}


def wilson_coverage(n: int, draws: int = DRAWS, seed: int = 0) -> float:
    """How often the interval of k of n holds p, for p uniform in [0, 1]."""
    numbers, z = np.random.default_rng([seed, n]), NormalDist().inv_cdf(0.975)
    with closing(connect()) as connection:
        create_macros(connection)
        asked = "select wilson_low(k, $n, $z) as low, wilson_high(k, $n, $z) as high from range($n + 1) as counts(k) order by k"
        ends = connection.sql(asked, params={"n": n, "z": z}).pl()
    p = numbers.random(draws)
    k = numbers.binomial(n, p)
    return float(np.mean((ends["low"].to_numpy()[k] <= p) & (p <= ends["high"].to_numpy()[k])))


def shapes_found(shape: str, sets: int = SETS, problems: int = PROBLEMS, seed: int = 0) -> pl.DataFrame:
    """The rows of `u_shape` for so many simulated datasets, each of `problems` problems of ROUNDS rounds whose accuracies have a shape."""
    numbers = np.random.default_rng([seed, *map(ord, shape)])
    k = numbers.binomial(ROUNDS, numbers.beta(*SHAPES[shape], (sets, problems))).ravel()
    profile = {"split": "train", "policy_id": "p", "sampling_id": "s", "grader_id": "g"}
    names = np.repeat([f"set {number:03}" for number in range(sets)], problems)
    difficulty = pl.DataFrame({"dataset": names, "k": k}).with_columns(
        n=pl.lit(ROUNDS, pl.Int64), **{key: pl.lit(profile[key]) for key in profile}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "difficulty.parquet"
        write_parquet(difficulty, path)
        with closing(open_over({"problem_counts": [path]}, wanted=["u_shape"])) as connection:
            return connection.table("u_shape").pl()


def right_share(shape: str, **size: int) -> float:
    """How often the test says U of a U, and does not of another shape."""
    said = shapes_found(shape, **size)["shape"] == "u"
    return float((said == (shape == "u")).mean())


def rows() -> list[Row]:
    """All of it."""
    coverage = {n: wilson_coverage(n) for n in SAMPLES}
    shown = ", ".join(f"{share:.1%} at n = {n}" for n, share in coverage.items())
    right = {shape: right_share(shape) for shape in SHAPES}
    told = ", ".join(f"{shape} {share:.1%}" for shape, share in right.items())
    return [
        Row(
            "95% Wilson intervals that hold the accuracy, p uniform",
            shown,
            f"{LEAST:.0%} – {MOST:.0%}",
            all(LEAST <= share <= MOST for share in coverage.values()),
        ),
        Row(
            f"U test right on {SETS} simulated sets each, {PROBLEMS} problems x {ROUNDS} rounds",
            told,
            f"≥ {RIGHT:.0%}",
            min(right.values()) >= RIGHT,
        ),
    ]


if __name__ == "__main__":
    for line in rows():
        print(line)
