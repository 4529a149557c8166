"""The marts of a study: given runs, expected comparisons."""

import math
from typing import Any

import pytest

from tests.sql.rows import warehouse

SCORES = {"plain": (0.50, 0.52, 0.54), "curated": (0.55, 0.56, 0.60)}


def study_rows(**more: tuple[float, ...]) -> dict[str, list[dict[str, Any]]]:
    """A study of the arms in SCORES, and `more` that add to the first of them: four held-out problems, each answered a hundred times."""
    rows: dict[str, list[dict[str, Any]]] = {"studies": [], "evaluations": [], "study_stages": [], "groups": [], "metrics": []}
    for place, (arm, scores) in enumerate({**SCORES, **more}.items()):
        for seed, score in enumerate(scores):
            name = f"{arm}-{seed}"
            about = {"study_id": "st", "arm": arm, "about": "", "adds_to": "" if arm == "plain" else "plain", "seed": seed}
            rows["studies"].append(
                {**about, "place": place, "is_baseline": arm == "plain", "policy_id": name, "evaluation_id": name,
                 "profile_completions": 800 * place, "targets": [0.5, 0.9]}
            )  # fmt: skip
            key = {"evaluation_id": name, "policy_id": name, "policy": "stage1"}
            rows["evaluations"] += [{**key, "problem_id": f"p{n}", "n": 100, "k": round(100 * score)} for n in range(4)]
            rows["study_stages"].append(
                {**about, "place": 0, "stage": "stage1", "stage_id": name, "set_id": "s", "steps": 2, "completions": 8}
            )
            rows["groups"] += [{"stage_id": name, "step": 1, "correct": correct} for correct in (0, 2, 4, 4)]
            rows["metrics"] += [{"stage_id": name, "step": step, "name": "num_tokens", "value": 100.0 * step} for step in (1, 2)]
            rows["metrics"] += [
                {"stage_id": name, "step": step, "name": "validation/accuracy", "value": 0.4 + 0.1 * step + 0.1 * place} for step in (0, 2)
            ]
    return rows


def test_arms_are_compared_seed_by_seed(tmp_path):
    connection = warehouse(tmp_path, study_rows())
    plain, curated = connection.table("study").pl().to_dicts()
    assert (plain["arm"], plain["seeds"], plain["problems"], plain["difference"], plain["p_value"]) == ("plain", 3, 4, None, None)
    assert plain["accuracy"] == pytest.approx(0.52)
    differences = [high - low for low, high in zip(*SCORES.values(), strict=True)]
    mean = sum(differences) / 3
    error = math.sqrt(sum((d - mean) ** 2 for d in differences) / 2 / 3)
    assert curated["difference"] == curated["gain"] == pytest.approx(mean)
    assert curated["difference_high"] - mean == pytest.approx(4.302653 * error, rel=1e-5)
    assert curated["p_value"] == curated["gain_p_value"] == pytest.approx(2 / 8)


def test_the_primary_comparisons_are_a_family_of_their_own(tmp_path):
    rows = study_rows(weighted=(0.56, 0.53, 0.57), hinted=(0.50, 0.52, 0.53))
    named = {"study_id": "st", "place": 0, "arm": "weighted", "against": "curated", "registered_at": None}
    found = warehouse(tmp_path, {**rows, "study_primaries": [named]}).sql("from study_comparisons order by place").pl()
    assert found.select("arm", "against", "family", "family_size", "differences").rows() == [
        ("weighted", "curated", "primary", 1, 3),
        ("curated", "plain", "exploratory", 4, 3),
        ("weighted", "plain", "exploratory", 4, 3),
        ("hinted", "plain", "exploratory", 4, 3),
    ]
    assert (found["family_p_value"] >= found["p_value"] - 1e-9).all()
    assert found["family_low"].is_null().all()  # three seeds can detect nothing


def test_two_seeds_say_nothing(tmp_path):
    rows = study_rows()
    rows["studies"] = [row for row in rows["studies"] if row["seed"] < 2]
    _, curated = warehouse(tmp_path, rows).table("study").pl().to_dicts()
    assert curated["difference"] == pytest.approx(0.045)
    assert [curated[name] for name in ("difference_low", "difference_high", "p_value", "gain_p_value")] == [None] * 4


def test_seeds_that_only_one_arm_has_share_in_its_mean(tmp_path):
    rows = study_rows()
    rows["studies"] += [
        {**row, "seed": 3, "evaluation_id": "plain-0"} for row in rows["studies"] if (row["arm"], row["seed"]) == ("plain", 0)
    ]
    plain, curated = warehouse(tmp_path, rows).table("study").pl().to_dicts()
    assert (plain["seeds"], curated["seeds"]) == (4, 3)
    assert curated["difference"] == pytest.approx((0.55 + 0.56 + 0.60) / 3 - (0.50 + 0.52 + 0.54) / 3)


def test_an_arm_without_an_evaluation_is_compared_with_nothing(tmp_path):
    rows = study_rows()
    rows["evaluations"] = [row for row in rows["evaluations"] if not row["evaluation_id"].startswith("curated")]
    _, curated = warehouse(tmp_path, rows).table("study").pl().to_dicts()
    assert (curated["seeds"], curated["difference"], curated["p_value"]) == (0, None, None)


def test_costs_are_those_of_all_stages(tmp_path):
    rows = study_rows()
    second = {**rows["study_stages"][0], "place": 1, "stage": "stage2", "stage_id": "more", "steps": 4, "completions": 16}
    rows["study_stages"].append(second)
    rows["metrics"] += [{"stage_id": "more", "step": 4, "name": "num_tokens", "value": 50.0}]
    rows["metrics"] += [{"stage_id": "more", "step": 4, "name": "validation/accuracy", "value": 0.95}]
    rows["metrics"] += [{"stage_id": "more", "step": 1, "name": "refill/completions", "value": 8.0}]
    connection = warehouse(tmp_path, rows)
    found = connection.execute(
        """select steps, completions, tokens, refills, profile_completions, zero_signal_share
        from study_scores where arm = 'plain' order by seed"""
    ).fetchall()
    assert found == [(6, 24, 250, 8, 0, 0.75), (2, 8, 200, 0, 0, 0.75), (2, 8, 200, 0, 0, 0.75)]
    curve = connection.execute("select steps, completions, tokens, accuracy from study_curve where arm = 'plain' and seed = 0").fetchall()
    assert curve == [(0, 0, 0, pytest.approx(0.4)), (2, 8, 200, pytest.approx(0.6)), (6, 24, 250, pytest.approx(0.95))]


def test_targets_tell_what_was_spent_until_then(tmp_path):
    connection = warehouse(tmp_path, study_rows())
    found = connection.execute("select arm, target, seeds, reached, tokens, steps from study_targets").fetchall()
    assert found == [
        ("plain", 0.5, 3, 3, 200.0, 2.0),
        ("plain", 0.9, 3, 0, None, None),
        ("curated", 0.5, 3, 3, 0.0, 0.0),
        ("curated", 0.9, 3, 0, None, None),
    ]
