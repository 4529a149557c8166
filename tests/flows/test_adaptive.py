"""Adaptive rounds through the real flow: fewer completions, the very draws of a fixed number of rounds, and nothing of another run."""

from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.estimates.settings import AdaptiveSettings
from tasks.lake.lake import Lake
from tasks.warehouse.building import open_over
from tasks.warehouse.querying import query
from tasks.warehouse.seen import snapshot
from tasks.warehouse.settings import MartSettings
from tests.flows.runs import artifacts, run, tables, tiny_recipe

pytestmark = pytest.mark.process

ADAPTIVE = ("sampling.rounds=8", "sampling.adaptive={min_rounds: 2, every: 3, confidence: 0.9}")


def profile(home: Path, folder: Path, prefect_home: Path, *changes: str) -> None:
    done = run(home, tiny_recipe(folder), prefect_home, *changes, flow="profile")
    assert done.returncode == 0, done.stdout + done.stderr


def difficulty(home: Path) -> pl.DataFrame:
    """The difficulty that a profile flow measured, not the one of the whole lake."""
    [path] = home.glob("difficulty/*/difficulty.parquet")
    return pl.read_parquet(path)


@pytest.fixture(scope="module")
def adaptive(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Path:
    folder = tmp_path_factory.mktemp("adaptive")
    profile(folder / "home", folder, prefect_home, *ADAPTIVE)
    return folder / "home"


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Path:
    folder = tmp_path_factory.mktemp("fixed")
    profile(folder / "home", folder, prefect_home, "sampling.rounds=8")
    return folder / "home"


def test_settled_problems_are_drawn_no_further(adaptive: Path) -> None:
    rows = difficulty(adaptive)
    assert rows["rounds"].max() == 8
    assert set(rows["rounds"]) <= {2, 5, 8}
    assert len(set(rows["rounds"])) > 1
    told = query(Lake(adaptive), "select sum(used_completions), sum(drawn_completions) from adaptive_rounds").row(0)
    assert told == (rows["rounds"].sum(), len(tables(adaptive)["rollouts"])) == (len(tables(adaptive)["rollouts"]),) * 2


def test_what_is_drawn_is_what_a_fixed_number_of_rounds_draws(adaptive: Path, fixed: Path) -> None:
    few, all_of_them = tables(adaptive)["rollouts"], tables(fixed)["rollouts"]
    assert len(few) < len(all_of_them)
    assert_frame_equal(few, all_of_them.join(few.select("problem_id", "round"), on=["problem_id", "round"], how="semi"))


def test_the_replay_over_all_rounds_stops_where_the_flow_stopped(adaptive: Path, fixed: Path) -> None:
    lake = Lake(fixed)
    stops = dict(difficulty(adaptive).select("problem_id", "rounds").iter_rows())
    rule = AdaptiveSettings(min_rounds=2, every=3, confidence=0.9)
    with closing(open_over(snapshot(lake), MartSettings(adaptive=rule), wanted=["stopping"])) as connection:
        rows = connection.execute("select problem_id, coalesce(decided_rounds, max_rounds) from stopping").fetchall()
    assert dict(rows) == stops


def test_rounds_of_another_run_in_the_same_lake_do_not_count(adaptive: Path, fixed: Path, tmp_path: Path, prefect_home: Path) -> None:
    before = artifacts(fixed)["difficulty"]
    rollouts = len(tables(fixed)["rollouts"])
    profile(fixed, tmp_path, prefect_home, *ADAPTIVE)
    [new] = artifacts(fixed)["difficulty"] - before
    assert_frame_equal(pl.read_parquet(fixed / "difficulty" / new / "difficulty.parquet"), difficulty(adaptive))
    assert len(tables(fixed)["rollouts"]) == rollouts


def test_a_second_run_makes_nothing_again(adaptive: Path, tmp_path: Path, prefect_home: Path) -> None:
    before = artifacts(adaptive)
    profile(adaptive, tmp_path, prefect_home, *ADAPTIVE)
    assert artifacts(adaptive) == before
