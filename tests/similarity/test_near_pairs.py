"""A short version of what `make bench` measures: planted copies among many problems are found, and nothing else."""

import polars as pl
import pytest

from tasks.similarity.pairs import near_pairs
from tasks.similarity.settings import SimilaritySettings
from tests.bench.similarity import recall, simulated
from tests.sql.rows import table

QUESTION = "A farmer has twelve cows and seven sheep on two fields, sells four of the cows and buys nine hens. How many animals has he now"


def test_planted_copies_are_found_and_nothing_else():
    made = simulated(problems=3000, copies=200)
    found = near_pairs(made.problems, made.looks, SimilaritySettings())
    assert recall(made, found) >= 0.98
    assert len(found) <= 200
    assert found["kind"].unique().to_list() == ["near"]


@pytest.mark.parametrize(("train", "heldout"), [(1, 150), (150, 1), (3, 300), (100, 100)])
def test_a_crowd_hides_no_problem_that_is_held_out_and_trained_on(train, heldout):
    splits = ["train"] * train + ["heldout"] * heldout
    rows = [
        {"problem_id": f"{split}-{number:03}", "split": split, "question": f"{QUESTION} {number}"} for number, split in enumerate(splits)
    ]
    found = near_pairs(table("problems", rows), {}, SimilaritySettings())
    across = found.filter(pl.col("problem_id").str.head(5) != pl.col("other_id").str.head(5))
    matched = set(across["problem_id"]) | set(across["other_id"])
    assert {row["problem_id"] for row in rows if row["split"] == "heldout"} <= matched
    assert len(found) <= 16 * 3 * len(rows)
