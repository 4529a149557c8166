"""Every query of the cookbook runs over a published lake that has something of everything, and finds something there."""

import re

import pytest

from tasks.lake import Lake
from tasks.querying import query
from tasks.relations import SQL

COOKBOOK = (SQL / "COOKBOOK.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (.+?)$.*?^```sql\n(.*?)^```$", COOKBOOK, re.MULTILINE | re.DOTALL))


def answer(lake: Lake, question: str) -> list[dict]:
    return query(lake, next(sql for asked, sql in RECIPES.items() if question in asked)).to_dicts()


def test_there_are_many_questions_and_each_has_its_query() -> None:
    assert len(RECIPES) >= 15
    assert len(RECIPES) == COOKBOOK.count("\n### ") == COOKBOOK.count("```sql\n")


@pytest.mark.parametrize("question", RECIPES)
def test_a_query_finds_something(whole: Lake, question: str) -> None:
    assert not query(whole, RECIPES[question]).is_empty()


def test_what_can_be_dropped_is_sure(whole: Lake) -> None:
    rows = answer(whole, "drop without regret")
    assert {row["why"] for row in rows} == {"too hard", "too easy"}
    assert all(row["k"] in (0, row["n"]) for row in rows)
    assert ("g04", "too hard") in {(row["problem_id"], row["why"]) for row in rows}


def test_the_planted_faults_of_labels_are_found(whole: Lake) -> None:
    found = {(row["reason"], row["source_id"]) for row in answer(whole, "Where are labels wrong")}
    assert {("agreement", "id-g04"), ("inversion", "id-g03"), ("unscorable", "id-a06")} <= found
    assert {row["voted"] for row in answer(whole, "Where are labels wrong") if row["source_id"] == "id-g04"} == {"7"}


def test_the_planted_copies_are_found(whole: Lake) -> None:
    kinds = {row["kind"]: row["problems"] for row in answer(whole, "evaluation contaminated")}
    assert kinds == {"clean": 11, "exact": 1, "image": 1, "near": 1}
    assert [(row["problem_id"], row["other_id"]) for row in answer(whole, "nearly the same")] == [("a00", "a01")]


def test_the_planted_loss_is_found(whole: Lake) -> None:
    assert {row["problem_id"] for row in answer(whole, "What got harder")} == {"g03"}
    assert answer(whole, "one policy solve that a better one does not")[0]["problem_id"] == "g03"


def test_time_is_shared_out_by_tokens(whole: Lake) -> None:
    rows = query(whole, "select sum(tokens)::bigint as tokens, sum(seconds) as seconds from problem_cost").to_dicts()
    assert rows[0]["seconds"] == pytest.approx(rows[0]["tokens"] / 1000)
