"""What a sweep says of kept sets, against the true p of simulated problems."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.lake.lake import write_parquet
from tasks.warehouse.building import open_over
from tests.curation.measured import IDS

PROBLEMS, ROUNDS, GROUP = 200_000, 8, 8
LOW, HIGH = 0.084, 0.87
SHAPES = {"u": (1.0, 0.4, 0.4), "steep": (1.0, 0.2, 0.3), "hump": (1.0, 3.0, 2.0), "impossible": (0.8, 6.0, 2.0)}
"""Beta(alpha, beta) for a share of the problems, the others being impossible."""


@pytest.fixture(scope="module", params=SHAPES)
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray, pl.DataFrame]:
    """The true p of problems of a shape, how often each was solved, and the mart `curation_sweep` of that at the paper's thresholds."""
    solvable, alpha, beta = SHAPES[request.param]
    chance = np.random.default_rng(17)
    p = chance.beta(alpha, beta, PROBLEMS) * (chance.random(PROBLEMS) < solvable)
    k = chance.binomial(ROUNDS, p)
    counts = pl.DataFrame({"k": k}).group_by("k").len("problems").with_columns(n=pl.lit(ROUNDS, pl.Int64), dataset=pl.lit("geometry"))
    path: Path = tmp_path_factory.mktemp(request.param) / "outcome_counts.parquet"
    write_parquet(counts.with_columns(**{name: pl.lit(value) for name, value in IDS.items()}), path)
    swept = open_over({"outcome_counts": [path]}, wanted=["curation_sweep"]).table("curation_sweep").pl()
    return p, k, swept.filter(low=LOW, high=HIGH, group_size=GROUP)


@pytest.mark.parametrize("estimate", ["posterior", "share"])
def test_the_waste_over_a_kept_set_is_the_true_one(simulated, estimate: str) -> None:
    p, k, swept = simulated
    row = swept.row(by_predicate=pl.col("estimate") == estimate, named=True)
    kept = of_kept(k, row["kept"], estimate)
    truth = (p[kept] ** GROUP + (1 - p[kept]) ** GROUP).mean()
    assert row["zero_signal_share"] == pytest.approx(truth, abs=0.005)
    assert row["reward_variance"] == pytest.approx((p[kept] * (1 - p[kept])).mean(), abs=0.002)
    assert row["misplaced_share"] == pytest.approx((kept != ((p >= LOW) & (p <= HIGH))).mean(), abs=0.005)


def test_the_posterior_misplaces_no_more_than_the_share(simulated) -> None:
    p, k, swept = simulated
    inside, wrong = (p >= LOW) & (p <= HIGH), {}
    for row in swept.iter_rows(named=True):
        wrong[row["estimate"]] = (of_kept(k, row["kept"], row["estimate"]) != inside).mean()
    assert wrong["posterior"] <= wrong["share"]


def of_kept(k: np.ndarray, problems: int, estimate: str) -> np.ndarray:
    """Which problems are kept: by the share those between the thresholds, by the posterior the run of values of k with so many problems."""
    if estimate == "share":
        return (k / ROUNDS >= LOW) & (k / ROUNDS <= HIGH)
    runs = [(k >= first) & (k <= last) for first in range(ROUNDS + 1) for last in range(first, ROUNDS + 1)]
    [kept] = [run for run in runs if run.sum() == problems]
    return kept
