"""Gains on held-out problems that are near a training problem, beside those on the others."""

import pytest

from tests.sql.rows import warehouse


def evaluations(near: tuple[int, int], far: tuple[int, int], problems: int = 40) -> list[dict]:
    """Right answers of eight before and after, of problems n… that are copies of training problems and of problems f…"""
    return [
        {"policy_id": policy, "policy": policy, "problem_id": f"{kind}{place}", "n": 8, "k": rights[after], "dataset": "sums"}
        for kind, rights in (("n", near), ("f", far))
        for after, policy in enumerate(("base", "stage1"))
        for place in range(problems)
    ]


def problems(count: int = 40) -> list[dict]:
    """Held-out problems, of which those called n… are trained on, too."""
    places = [("n", "train"), ("n", "test"), ("f", "test")]
    return [{"problem_id": f"{kind}{n}", "dataset": "sums", "split": split} for kind, split in places for n in range(count)]


def found(folder, **given):
    """The rows of the mart."""
    return warehouse(folder, given, wanted=["contamination_gain"]).table("contamination_gain").pl()


def test_problems_that_were_easier_all_along_are_no_excess(tmp_path):
    row = found(tmp_path, problems=problems(), evaluations=evaluations(near=(6, 8), far=(2, 4))).row(0, named=True)
    assert (row["policy"], row["near_problems"], row["far_problems"]) == ("stage1", 40, 40)
    assert (row["near_gain"], row["far_gain"], row["excess"]) == (0.25, 0.25, 0.0)
    assert row["excess_low"] < 0 < row["excess_high"]


def test_a_larger_gain_on_what_was_trained_on_is_one(tmp_path):
    row = found(tmp_path, problems=problems(), evaluations=evaluations(near=(2, 8), far=(2, 4))).row(0, named=True)
    assert row["excess"] == pytest.approx(0.5) and 0 < row["excess_low"] < 0.5 < row["excess_high"] < 1


def test_without_near_problems_or_base_there_is_nothing_to_compare(tmp_path):
    far = [row for row in evaluations((2, 8), (2, 4)) if row["problem_id"].startswith("f")]
    row = found(tmp_path / "far", problems=problems(), evaluations=far).row(0, named=True)
    assert (row["near_problems"], row["near_gain"], row["far_gain"], row["excess"], row["excess_low"]) == (0, None, 0.25, None, None)
    alone = [row for row in far if row["policy"] == "stage1"]
    assert found(tmp_path / "alone", problems=problems(), evaluations=alone).is_empty()
