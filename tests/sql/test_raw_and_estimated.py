"""Whoever meets a column can tell a count from an estimate: by its name, by what the dictionary says of it, and by the page about both."""

import re

import pytest

from tasks.estimates.settings import BANDS
from tasks.warehouse.dictionary import dictionary
from tasks.warehouse.relations import SQL, headers

PAGE = (SQL / "README.md").read_text(encoding="utf-8").split("## Raw counts and estimates")[1].split("\n## ")[0]
COLUMNS = {relation.name: {column.name: column.meaning for column in relation.columns} for relation in dictionary()}
RAW = ("n", "k", "accuracy", "accuracy_low", "accuracy_high", "band")
ESTIMATED = re.compile(r"p_(?!value)\w+|(?:pass|signal)_\d+")
OF_P = re.compile(r"\bp\b|\bchances? |\bbands?\b|expected|the same of|upper end of it|true accurac|p_mean|estimate", re.IGNORECASE)
COUNTED = [name for name, columns in COLUMNS.items() if {"n", "k", "accuracy", "band"} <= columns.keys()]


def test_difficulty_has_both_and_says_so() -> None:
    columns = COLUMNS["difficulty"]
    assert set(RAW) <= columns.keys()
    assert {"p_mean", "p_low", "p_high", "p_band", "pass_8", "signal_8"} <= columns.keys()
    said = headers()["difficulty"]
    assert "raw counts" in said.purpose and "true accuracy" in said.purpose
    assert "raw" in columns["accuracy"] and "raw" in columns["band"]


@pytest.mark.parametrize("name", COUNTED)
def test_a_share_that_was_counted_is_told_as_one(name: str) -> None:
    assert "k / n" in COLUMNS[name]["accuracy"] or COLUMNS[name]["accuracy"] == "the problem's accuracy for these"


@pytest.mark.parametrize(
    ("relation", "column"), [(name, one) for name, found in COLUMNS.items() for one in found if ESTIMATED.fullmatch(one)]
)
def test_an_estimate_is_told_as_one(relation: str, column: str) -> None:
    assert OF_P.search(COLUMNS[relation][column] or ""), COLUMNS[relation][column]


def test_the_page_names_every_column_of_either_kind() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    estimated = {name for name in COLUMNS["difficulty"] if ESTIMATED.fullmatch(name)}
    ranges = {name for name in estimated if name[-1].isdigit()} | {f"p_{band}" for band in BANDS}  # of these the first and the last
    assert {*RAW, "p_hopeless", "p_trivial", "pass_2", "pass_16", "signal_4", "signal_16"} | (estimated - ranges) <= named


def test_a_prior_says_what_kind_it_is() -> None:
    assert all(word in COLUMNS["priors"]["kind"] for word in ("fit", "mixture", "mean", "panel"))
