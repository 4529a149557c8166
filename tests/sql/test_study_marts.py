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
                {
                    **about,
                    "place": 0,
                    "stage": "stage1",
                    "stage_id": name,
                    "set_id": "s",
                    "steps": 2,
                    "completions": 8,
                    "profile_completions": 800 * place,
                    "profile_tokens": 4000 * place,
                }
            )
            rows["groups"] += [{"stage_id": name, "step": 1, "correct": correct} for correct in (0, 2, 4, 4)]
            for step in (1, 2):
                read = {"num_tokens": 100.0 * step, "completions/mean_length": 5.0, "gradient/clipped": step - 1.0}
                rows["metrics"] += [{"stage_id": name, "step": step, "name": kind, "value": value} for kind, value in read.items()]
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
    rows["study_stages"].append({**second, "profile_completions": 0, "profile_tokens": 0})
    rows["metrics"] += [{"stage_id": "more", "step": 4, "name": "num_tokens", "value": 50.0}]
    rows["metrics"] += [{"stage_id": "more", "step": 4, "name": "validation/accuracy", "value": 0.95}]
    lengths = [{"stage_id": "more", "step": step, "name": "completions/mean_length", "value": 2.0} for step in (1, 2, 3, 4)]
    rows["metrics"] += [{"stage_id": "more", "step": 1, "name": "refill/completions", "value": 8.0}, *lengths]
    connection = warehouse(tmp_path, rows)
    found = connection.execute(
        """select steps, completions, tokens, generated_tokens, refills, profile_completions, zero_signal_share
        from study_scores where arm = 'plain' order by seed"""
    ).fetchall()
    others = [(2, 8, 200, 40, 0, 0, 0.75)] * 2
    assert found == [(6, 24, 250, 40 + 2 * (4 * 4 + 8), 8, 0, 0.75), *others]
    curve = connection.execute("select steps, completions, tokens, accuracy from study_curve where arm = 'plain' and seed = 0").fetchall()
    assert curve == [(0, 0, 0, pytest.approx(0.4)), (2, 8, 200, pytest.approx(0.6)), (6, 24, 250, pytest.approx(0.95))]


def test_targets_tell_what_was_spent_until_then(tmp_path):
    connection = warehouse(tmp_path, study_rows())
    found = connection.execute("select arm, target, seeds, reached, tokens, steps from study_targets").fetchall()
    assert found == [
        ("plain", 0.5, 3, 3, 200.0, 2.0),
        ("plain", 0.9, 3, 0, None, None),
        ("curated", 0.5, 3, 3, 20_000.0, 0.0),  # 800 responses of 5 tokens, and of prompts as long as those in training, 20
        ("curated", 0.9, 3, 0, None, None),
    ]


def test_what_makes_a_comparison_void_stands_beside_it(tmp_path):
    rows = study_rows()
    later = [{"stage_id": "plain-0", "step": 1, "correct": 3, "accuracy": 0.75, "prior": 0.25, "hinted": False}]
    later.append({**later[0], "accuracy": 1.0, "hinted": True})  # a hint makes problems easier than their prior says
    second = {**rows["study_stages"][0], "place": 1, "stage": "stage2", "stage_id": "more"}
    rows["study_stages"].append(second)
    rows["groups"] += [{**row, "stage_id": "more"} for row in later]
    plain, curated = warehouse(tmp_path, rows).table("study").pl().to_dicts()
    assert (plain["gradient_clipped_share"], plain["later_difference"], plain["later_zero_signal_share"]) == (0.5, 0.5, 0.0)
    assert (curated["later_difference"], curated["later_zero_signal_share"]) == (None, None)
    assert (plain["tokens_ratio"], curated["tokens_ratio"]) == (1.0, (200 + 4000 + 800 * 20) / 200)
    assert curated["generated_ratio"] == (40 + 4000) / 40


def test_a_grid_tells_what_it_saw_and_what_was_taken(tmp_path):
    seen = {5e-5: (0.50, 0.52), 1e-4: (0.60, 0.62), 2e-4: (0.7, None)}
    pilots = [
        {"study_id": "st", "arm": "plain", "learning_rate": rate, "seed": seed, "accuracy": accuracy, "is_chosen": rate == 1e-4}
        | {"broke": "" if accuracy else "collapsed", "answers": 800}
        for rate, accuracies in seen.items()
        for seed, accuracy in enumerate(accuracies, 7)
    ]
    found = warehouse(tmp_path, {**study_rows(), "study_pilots": pilots}).sql("from study_grid order by learning_rate").pl()
    assert found["accuracy"].to_list() == [pytest.approx(0.51), pytest.approx(0.61), None]
    assert found["is_chosen"].to_list() == [False, True, False]
    assert found["is_edge"].to_list() == [True, False, True]
    assert found["broke"].to_list() == [None, None, "collapsed"]
    assert found["error"].to_list() == [0.025] * 3
