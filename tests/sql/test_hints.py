"""Answers to prompts with hints mix with no others: but for their own rows every relation and every answer of the cookbook is as it is
in a lake where nobody was given one. Only `hint_effect` and the arm with hints of an evaluation compare the two."""

import re

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.lake.lake import Lake
from tasks.warehouse.relations import models
from tests.sql.mixed import HINTED, mixed_lake
from tests.sql.test_cookbook import RECIPES

ABOUT_ARTIFACTS = {"lineage", "recipe_artifacts", "runs"}  # which tell of every profile, with hints or not
COMPARES = {"hint_effect"}
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


def test_no_question_of_the_cookbook_mixes_them(mixed: Lake, without: Lake) -> None:
    selects = {question: RECIPES[question] for question in QUESTIONS}
    assert differing(plain(mixed, selects), plain(without, selects)) == []


def test_answers_with_hints_are_there(mixed: Lake, without: Lake) -> None:
    select = {"difficulty": "select count(*) filter (where hints) as hinted, count(*) as problems from difficulty"}
    counts = [plain(lake, select)["difficulty"].row(0) for lake in (mixed, without)]
    assert counts[0][0] > 0 == counts[1][0] and counts[0][1] - counts[0][0] == counts[1][1]
    assert not re.search(r"\bhints\b", RECIPES["Would more samples solve what is never solved?"])  # `current_profiles` leaves them out
