"""Adaptive rounds through the real flow: fewer completions, the very draws of a fixed number of rounds, and nothing of another run."""

import json
import shutil
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

ADAPTIVE = ("sampling.rounds=8", "sampling.adaptive={min_rounds: 4, every: 2, audit_share: 0.1, excess: 0.03}")
RULE = AdaptiveSettings(min_rounds=4, every=2, audit_share=0.1, excess=0.03, ranges=((0.084, 0.87),))


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
    assert set(rows["rounds"]) <= {4, 6, 8}
    assert len(set(rows["rounds"])) > 1
    told = query(Lake(adaptive), "select sum(used_completions), sum(drawn_completions) from adaptive_rounds").row(0)
    assert told == (rows["rounds"].sum(), len(tables(adaptive)["rollouts"])) == (len(tables(adaptive)["rollouts"]),) * 2


def test_problems_of_the_audit_get_all_rounds_and_check_the_rest(adaptive: Path) -> None:
    audited = query(Lake(adaptive), "select drawn_rounds, decided_rounds from stopping where is_audit")
    assert 0 < len(audited) < 20 and set(audited["drawn_rounds"]) == {8}
    [checked] = query(Lake(adaptive), "select sum(checked_problems) from adaptive_rounds").row(0)
    assert checked == len(audited.drop_nulls())


def test_what_is_drawn_is_what_a_fixed_number_of_rounds_draws(adaptive: Path, fixed: Path) -> None:
    few, all_of_them = tables(adaptive)["rollouts"], tables(fixed)["rollouts"]
    assert len(few) < len(all_of_them)
    assert_frame_equal(few, all_of_them.join(few.select("problem_id", "round"), on=["problem_id", "round"], how="semi"))


def test_the_replay_over_all_rounds_stops_where_the_flow_stopped(adaptive: Path, fixed: Path) -> None:
    lake = Lake(fixed)
    stops = dict(difficulty(adaptive).select("problem_id", "rounds").iter_rows())
    with closing(open_over(snapshot(lake), MartSettings(adaptive=RULE), wanted=["stopping"])) as connection:
        stopped = "if(is_audit, max_rounds, coalesce(decided_rounds, max_rounds))"
        rows = connection.execute(f"select problem_id, {stopped} from stopping").fetchall()
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


def test_a_run_that_is_cut_off_between_batches_goes_on_as_if_it_had_not_been(adaptive: Path, tmp_path: Path, prefect_home: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(adaptive, home)
    later = pl.scan_parquet(home / "rollouts/**/*.parquet", include_file_paths="shard").filter(pl.col("round") >= 6).collect()
    assert len(later)
    for path in {Path(shard) for shard in later["shard"]}:
        path.unlink()
        for verdicts in home.glob(f"verdicts/**/{path.name}"):
            verdicts.unlink()
    for folder in (*home.glob("difficulty/*"), *(found.parent for found in home.glob("*/*/shards.json") if rounds_in(found) == 8)):
        shutil.rmtree(folder)
    profile(home, tmp_path, prefect_home, *ADAPTIVE)
    assert_frame_equal(tables(home)["rollouts"], tables(adaptive)["rollouts"])
    assert_frame_equal(difficulty(home), difficulty(adaptive))


def rounds_in(shards: Path) -> int:
    """The rounds of the profile that a `shards.json` names."""
    return int(json.loads(shards.read_text())["rounds"])
