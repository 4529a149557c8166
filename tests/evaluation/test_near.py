"""Which held-out problems are matched with which of those trained on."""

import polars as pl
import pytest

from tasks.evaluation.near import near_trained
from tasks.lake.lake import RELATIONS

HELD, TRAINED = pl.Series(["h1", "h2", "h3"]), pl.Series(["t1", "t2", "t3"])


def pairs(*rows: tuple[str, str, str, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RELATIONS["near_pairs"], orient="row")


@pytest.mark.parametrize(
    ("rows", "matches"),
    [
        ([], []),
        ([("h1", "t1", "near", 0.9, None)], [("h1", "near", "t1")]),
        ([("a", "h1", "near", 0.9, None), ("h1", "h2", "near", 1.0, None)], []),  # of others, or of both held out
        ([("t1", "t2", "near", 1.0, None)], []),
        ([("h1", "t2", "near", 0.9, None), ("h1", "t1", "near", 0.8, None)], [("h1", "near", "t2")]),  # the closest
        ([("h1", "t2", "near", 0.9, None), ("h1", "t1", "near", 0.9, None)], [("h1", "near", "t1")]),  # of equals always the same
        ([("h1", "t1", "image", 0.1, 0.0), ("h1", "t2", "near", 0.8, 0.1)], [("h1", "near", "t2")]),
        ([("h1", "t1", "image", 0.1, 0.0), ("h3", "t1", "near", 0.8, 0.1)], [("h1", "image", "t1"), ("h3", "near", "t1")]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_matches(rows, matches, turned):
    given = [(other, one, *rest) if turned else (one, other, *rest) for one, other, *rest in rows]
    assert near_trained(HELD, TRAINED, pairs(*given)).select("problem_id", "kind", "train_problem_id").rows() == matches


def test_a_problem_that_is_itself_trained_on_is_exact():
    found = near_trained(HELD, pl.Series(["t1", "h2"]), pairs(("h2", "t1", "near", 1.0, None)))
    assert found.select("problem_id", "kind", "train_problem_id").rows() == [("h2", "exact", "h2")]
