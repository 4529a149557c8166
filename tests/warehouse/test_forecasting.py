"""What every recorded stage says of the beliefs: whose groups are scored, what is left out, and what is kept for the next publish."""

import os
import shutil
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.warehouse.building import open_over
from tasks.warehouse.forecasting import FOLDER, kept_forecasts
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tasks.warehouse.relations import ARTIFACTS
from tasks.warehouse.seen import snapshot, write_artifacts
from tests.warehouse.trained import drawn, set_of, stage_of

PROBLEMS = {"a": 0.0, "b": -1.0, "c": 1.0, "d": 2.0}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "runs")


def seen(lake: Lake) -> dict[str, list[Path]]:
    return {**snapshot(lake.make()), ARTIFACTS: [write_artifacts(lake)]}


def table(lake: Lake, sql: str) -> pl.DataFrame:
    """What a query gives of marts made of the lake anew."""
    marts = ("forecast_scores", "forecast_reliability")
    files = {name: paths for name, paths in seen(lake).items() if name in ("groups", "curated", ARTIFACTS)}
    with closing(open_over(files, wanted=marts)) as connection:
        return connection.sql(sql).pl()


def kept(lake: Lake) -> dict[str, int]:
    """The forecasts that a publish would read, each with when it was made."""
    return {path.name: path.stat().st_mtime_ns for path in kept_forecasts(lake, seen(lake))}


def scores(lake: Lake, stage: Artifact) -> list[tuple]:
    columns = "belief, groups, scored_groups, hinted_groups, unjudged_groups, unknown_groups, brier is not null"
    return table(lake, f"select {columns} from forecast_scores where stage_id = '{stage.key}'").rows()


def test_a_shuffled_stage_is_scored_by_every_belief(lake: Lake) -> None:
    stage = stage_of(lake, "one", set_of(lake, "set", PROBLEMS), drawn(list(PROBLEMS), 10))
    assert scores(lake, stage) == [(belief, 20, 20, 0, 0, 0, True) for belief in ("static", "beta", "live")]


def test_scores_are_sums_over_responses(lake: Lake) -> None:
    groups = [{"step": 1, "problem_id": "a", "correct": 4}, {"step": 2, "problem_id": "a", "correct": 1, "G": 2}]
    stage_of(lake, "one", set_of(lake, "set", {"a": 0.0}), groups)
    sql = "select p_mean, accuracy, brier, log_loss, reliability, zero_signal_share from forecast_scores where belief = 'static'"
    [(mean, accuracy, brier, log_loss, reliability, quiet)] = table(lake, sql).rows()
    assert (mean, accuracy, quiet) == (pytest.approx(0.5), pytest.approx(5 / 6), 1.0)  # of the whole group
    assert (brier, log_loss) == (pytest.approx(0.25), pytest.approx(0.6931, abs=1e-4))
    assert reliability == pytest.approx((5 / 6 - 0.5) ** 2)
    levels = "select level, groups, responses, round(p_mean, 6), round(accuracy, 6) from forecast_reliability where belief = 'static'"
    assert table(lake, levels).rows() in ([(4, 2, 6, 0.5, 0.833333)], [(5, 2, 6, 0.5, 0.833333)])


def test_what_a_hint_was_given_with_is_never_mixed_in(lake: Lake) -> None:
    curated = set_of(lake, "set", PROBLEMS)
    plain = drawn(list(PROBLEMS), 6)
    hinted = [row | {"hinted": True, "correct": 4} for row in drawn(list(PROBLEMS), 6, seed=1)]
    mixed = stage_of(lake, "mixed", curated, [*plain, *hinted], settings={"group_size": 4, "hints": True})
    only = stage_of(lake, "only", curated, hinted, settings={"group_size": 4, "hints": True})
    alone = stage_of(lake, "alone", curated, plain)
    assert scores(lake, mixed) == [(belief, 24, 12, 12, 0, 0, True) for belief in ("static", "beta", "live")]
    assert scores(lake, only) == [(belief, 12, 0, 12, 0, 0, False) for belief in ("static", "beta", "live")]
    rows = table(lake, "from forecast order by all")
    of_mixed, of_alone = (rows.filter(pl.col("stage_id") == stage.key).drop("stage_id") for stage in (mixed, alone))
    assert_frame_equal(of_mixed, of_alone)


def test_what_nothing_is_known_of_is_said(lake: Lake) -> None:
    unjudged = {"step": 3, "problem_id": "a", "correct": 0, "G": 0}
    elsewhere = {"step": 3, "problem_id": "z", "correct": 1}
    partly = stage_of(lake, "partly", set_of(lake, "set", PROBLEMS), [*drawn(list(PROBLEMS), 2), unjudged, elsewhere])
    without = stage_of(lake, "without", set_of(lake, "unprofiled", dict.fromkeys(PROBLEMS)), drawn(list(PROBLEMS), 2))
    other = stage_of(
        lake, "other", set_of(lake, "since changed", PROBLEMS), drawn(list(PROBLEMS), 2), made_from={"problems": "another file"}
    )
    assert scores(lake, partly) == [(belief, 6, 4, 0, 1, 1, True) for belief in ("static", "beta", "live")]
    for stage in (without, other):
        assert scores(lake, stage) == [(belief, 4, 0, 0, 0, 4, False) for belief in ("static", "beta", "live")]


def test_a_stage_is_replayed_once(lake: Lake) -> None:
    curated = set_of(lake, "set", PROBLEMS)
    stage_of(lake, "one", curated, drawn(list(PROBLEMS), 10))
    before = kept(lake)
    stage_of(lake, "two", curated, drawn(list(PROBLEMS), 10, seed=1))
    after = kept(lake)
    assert len(before) == 1 and len(after) == 2 and before.items() <= after.items()
    assert kept(lake) == after
    of_kept = pl.read_parquet(kept_forecasts(lake, seen(lake)))
    assert_frame_equal(of_kept.sort(of_kept.columns), table(lake, "from forecast order by all"))


def test_a_stage_with_other_groups_is_replayed_anew(lake: Lake) -> None:
    stage = stage_of(lake, "one", set_of(lake, "set", PROBLEMS), drawn(list(PROBLEMS), 10))
    before = kept(lake)
    changed = stage.path / "groups" / "groups.parquet"
    pl.read_parquet(changed).with_columns(correct=pl.lit(4), accuracy=pl.lit(1.0)).write_parquet(changed)
    os.utime(changed, (1, 1))
    [path] = kept_forecasts(lake, seen(lake))
    assert path.name not in before and list(path.parent.glob("*.parquet")) == [path]
    assert pl.read_parquet(path)["correct"].unique().to_list() == [4]


def test_a_stage_of_an_older_layout_says_by_its_settings_that_it_gave_no_hints(lake: Lake) -> None:
    stage = stage_of(lake, "one", set_of(lake, "set", PROBLEMS), drawn(list(PROBLEMS), 10))
    groups = stage.path / "groups" / "groups.parquet"
    pl.read_parquet(groups).drop("hinted").write_parquet(groups)
    assert len(pl.read_parquet(kept_forecasts(lake, seen(lake)))) == 60


def test_a_stage_whose_set_is_gone_is_forecast_no_more(lake: Lake) -> None:
    curated = set_of(lake, "set", PROBLEMS)
    stage = stage_of(lake, "one", curated, drawn(list(PROBLEMS), 10))
    shutil.rmtree(curated.path)
    assert scores(lake, stage) == [(belief, 20, 0, 0, 0, 20, False) for belief in ("static", "beta", "live")]
    assert pl.read_parquet(kept_forecasts(lake, seen(lake))).is_empty()


def test_it_is_published(lake: Lake) -> None:
    stage_of(lake, "one", set_of(lake, "set", PROBLEMS), drawn(list(PROBLEMS), 10))
    publish(lake, DifficultySettings())
    assert query(lake, "select belief, count(*), count(brier) from forecast group by all order by all").rows() == [
        (belief, 20, 20) for belief in ("beta", "live", "static")
    ]
    assert len(list((lake.home / "aside" / FOLDER).glob("*.parquet"))) == 1
