"""Answers to prompts with hints mix with no others: but for their own rows every relation and every answer of the cookbook is as it is
in a lake where nobody was given one. Only `hint_effect` and the arm with hints of an evaluation compare the two. The same of groups that
were trained with a hint: only what counts the groups of training, whatever their prompts, counts them."""

import re
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import artifact, building
from tasks.lake.lake import Lake, write_parquet
from tasks.warehouse.building import open_over
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tasks.warehouse.relations import ARTIFACTS, models, sql_files
from tasks.warehouse.seen import snapshot, write_artifacts
from tests.sql.mixed import HINTED, mixed_lake
from tests.sql.rows import ask, table, warehouse
from tests.sql.test_cookbook import RECIPES

ABOUT_ARTIFACTS = {"lineage", "recipe_artifacts", "runs"}  # which tell of every profile, with hints or not
COMPARES = {"hint_effect"}
COUNTS_GROUPS = {"forecast_scores", "groups", "stg_group_draws", "stg_groups", "stage_summary"}
PLAIN = [
    {"step": step, "problem_id": f"p{number}", "correct": number, "accuracy": number / 4, "prior": 0.2 + 0.15 * number, "hinted": False}
    for step in (1, 5, 9)
    for number in range(4)
]
WITH_HINTS = [row | {"step": 4, "correct": 4, "accuracy": 1.0, "hinted": hinted} for row in PLAIN[:4] for hinted in (True, None)]
QUESTIONS = [question for question in RECIPES if question not in ("What has been run?", "Did hints help?")]


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The mixed lake where nobody was given a hint."""
    return mixed_lake(tmp_path_factory.mktemp("without") / "runs", hinted=False)


def plain(lake: Lake, selects: dict[str, str]) -> dict[str, pl.DataFrame]:
    """The rows of each SELECT that say nothing of hints: neither `hints` nor a sampling of theirs."""
    with duckdb.connect(str(lake.warehouse), read_only=True) as connection:
        found = {name: connection.sql(sql).pl() for name, sql in selects.items()}
    for name, rows in found.items():
        kept = [~pl.col("hints")] if "hints" in rows.columns else []
        kept += [pl.col(column) != HINTED for column in rows.columns if column.endswith("sampling_id")]
        found[name] = rows.filter(*kept).drop("run_id", strict=False)  # runs are named by their time
    return found


def differing(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> list[str]:
    """The names whose rows are not the same in both, in any order."""
    names = []
    for name, rows in one.items():
        try:
            assert_frame_equal(rows, other[name], check_row_order=False)
        except AssertionError:
            names.append(name)
    return names


def test_no_relation_mixes_answers_with_hints_among_others(mixed: Lake, without: Lake) -> None:
    selects = {name: f"from {name}" for name in models() if name not in ABOUT_ARTIFACTS | COMPARES}
    assert differing(plain(mixed, selects), plain(without, selects)) == []


def test_groups_with_a_hint_are_compared_with_no_prior_of_prompts_without(tmp_path: Path) -> None:
    wanted = sorted(name for name in models() if name not in ABOUT_ARTIFACTS)
    found = []
    for name, groups in {"plain": PLAIN, "both": PLAIN + WITH_HINTS}.items():
        with closing(warehouse(tmp_path / name, {"groups": groups})) as connection:
            found.append({relation: connection.sql(f"from {relation}").pl() for relation in wanted})
            if name == "both":
                assert ask(connection, "select groups, hinted_groups from stage_summary") == [(20, None)]
                assert ask(connection, "select groups from prior_staleness") == [(12,)]
    assert set(differing(*found)) == COUNTS_GROUPS & set(wanted)


def test_a_stage_that_wrote_no_hints_down_had_none_where_its_settings_say_so(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    known: dict[str, bool | None] = {}
    for settings, hinted in (({"hints": False}, False), ({"hints": True}, None), ({}, None)):
        target = artifact(lake.home, "stages", settings)
        known[target.key] = hinted
        with building(target, {"settings": settings}) as folder:
            rows = table("groups", [{"stage_id": target.key, "step": 1, "correct": 1, "accuracy": 0.25, "prior": 0.5}])
            write_parquet(rows.drop("hinted"), folder / "groups" / "old.parquet")
    publish(lake, DifficultySettings())
    assert dict(query(lake, "select stage_id, hinted from stg_groups").rows()) == known
    counted = dict(query(lake, "select stage_id, hinted_groups from stage_summary").rows())
    assert counted == {stage: None if hinted is None else 0 for stage, hinted in known.items()}
    compared = query(lake, "select stage_id from prior_staleness").to_series().to_list()
    assert compared == [stage for stage, hinted in known.items() if hinted is False]


def test_which_band_s_hint_a_group_carried_is_told(tmp_path: Path) -> None:
    """Of live hints the band of what was expected just before the step, by the stage's own edges; else that of the set."""
    lake, edges = Lake(tmp_path), {"low": 0.1, "hard_below": 0.4, "medium_below": 0.6, "high": 0.9}
    curated = artifact(lake.home, "curated", {})
    with building(curated, {}) as folder:
        bands = {"a": "hard", "b": "medium", "c": None}
        rows = [{"set_id": curated.key, "problem_id": problem, "band": band} for problem, band in bands.items()]
        write_parquet(table("curated", rows), folder / "curated.parquet")
    drawn = [(1, "a", 0.05, True), (1, "b", 0.4, True), (2, "a", 0.399, True), (2, "c", 0.5, True), (3, "b", 0.7, False)]
    for hints, more in (("live", {"bands": edges}), (True, {})):
        target = artifact(lake.home, "stages", {"hints": hints})
        with building(target, {"settings": {"hints": hints}, "curated": curated.key, "stage": "stage1", **more}) as folder:
            told = [{"stage_id": target.key, "step": step, "problem_id": problem} for step, problem, *_ in drawn]
            groups = [row | {"correct": 1, "accuracy": 0.25, "hinted": hinted} for row, (*_, hinted) in zip(told, drawn, strict=True)]
            chosen = [row | {"p_mean": mean, "place": 1, "correct": 1} for row, (_, _, mean, _) in zip(told, drawn, strict=True)]
            write_parquet(table("groups", groups), folder / "groups" / "groups.parquet")
            if hints == "live":
                write_parquet(table("selections", chosen), folder / "selections" / "selections.parquet")
            else:
                plain_half = groups[0] | {"hinted": False, "correct": 0, "accuracy": 0.0}
                write_parquet(table("groups", [plain_half]), folder / "groups" / "more.parquet")
    files = {**snapshot(lake.make()), ARTIFACTS: [write_artifacts(lake)]}
    with closing(open_over(files, wanted=["stg_hints", "stage_summary", "stg_policies"])) as connection:
        found = ask(connection, "select step, problem_id, hint, stored_band from stg_hints where is_live order by step, problem_id")
        assert found == [
            (1, "a", "hopeless", "hard"),
            (1, "b", "medium", "medium"),
            (2, "a", "hard", "hard"),
            (2, "c", "medium", None),
        ]
        stored = ask(connection, "select problem_id, hint from stg_hints where not is_live order by step, problem_id")
        assert stored == [("a", "hard"), ("b", "medium"), ("a", "hard"), ("c", None)]
        assert ask(connection, "select hinted_groups, moved_hints from stage_summary order by moved_hints") == [(4, 0), (4, 2)]
        draws = connection.sql(sql_files("queries")["problem_draws"].read_text(), params={"id": "a"}).pl()
        traced = draws.select("step", "p_mean", "correct", "hint").sort("p_mean", "step", "correct", nulls_last=True).rows()
        assert traced[:2] == [(1, 0.05, 1, "hopeless"), (2, 0.399, 1, "hard")]
        assert traced[2:] == [(1, None, 0, None), (1, None, 1, "hard"), (2, None, 1, "hard")]


def test_no_question_of_the_cookbook_mixes_them(mixed: Lake, without: Lake) -> None:
    selects = {question: RECIPES[question] for question in QUESTIONS}
    assert differing(plain(mixed, selects), plain(without, selects)) == []


def test_answers_with_hints_are_there(mixed: Lake, without: Lake) -> None:
    select = {"difficulty": "select count(*) filter (where hints) as hinted, count(*) as problems from difficulty"}
    counts = [plain(lake, select)["difficulty"].row(0) for lake in (mixed, without)]
    assert counts[0][0] > 0 == counts[1][0] and counts[0][1] - counts[0][0] == counts[1][1]
    assert not re.search(r"\bhints\b", RECIPES["Would more samples solve what is never solved?"])  # `current_profiles` leaves them out
