"""Given rows, expected rows, for each mart."""

import json
import math

import pytest

from tasks.estimates.settings import AdaptiveSettings
from tasks.warehouse.relations import sql_files
from tests.sql.rows import ask, verdicts, warehouse

Z = 1.959963984540054


def test_difficulty_counts_what_rule_one_says(tmp_path):
    rows = verdicts("p", "ccciuts")
    got = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": rows}).table("difficulty").pl().to_dicts()
    assert len(got) == 1
    row = got[0]
    assert {name: row[name] for name in ("rounds", "n", "k", "unparseable", "timeouts", "unscorable", "band")} == {
        "rounds": 7, "n": 5, "k": 3, "unparseable": 1, "timeouts": 1, "unscorable": 1, "band": "medium"}  # fmt: skip
    assert row["accuracy"] == pytest.approx(0.6)
    assert (row["accuracy_low"], row["accuracy_high"]) == (pytest.approx(0.2307, abs=1e-4), pytest.approx(0.8824, abs=1e-4))


def test_difficulty_without_scored_samples_is_unknown(tmp_path):
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "tts")})
    assert ask(connection, "select n, k, accuracy, accuracy_low, band from difficulty") == [(0, 0, None, None, None)]
    assert ask(connection, "select * from difficulty_histogram") == []


def test_difficulty_keeps_places_golds_graders_and_policies_apart(tmp_path):
    problems = [{"problem_id": "p"}, {"problem_id": "p", "dataset": "other"}, {"problem_id": "p", "gold_id": "new", "answer": "2"}]
    rows = [
        *verdicts("p", "ci"),
        *verdicts("p", "cc", gold_id="new"),
        *verdicts("p", "ii", grader_id="lax"),
        *verdicts("p", "cc", policy_id="s1"),
    ]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows})
    got = ask(connection, "select dataset, gold_id, grader_id, policy_id, k from difficulty order by all")
    assert got == [
        ("geometry", "gold", "lax", "base", 0),
        ("geometry", "gold", "strict", "base", 1),
        ("geometry", "gold", "strict", "s1", 2),
        ("geometry", "new", "strict", "base", 2),
        ("other", "gold", "lax", "base", 0),
        ("other", "gold", "strict", "base", 1),
        ("other", "gold", "strict", "s1", 2),
    ]


def test_difficulty_counts_a_problem_read_twice_once(tmp_path):
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}, {"problem_id": "p", "row": 2}], "verdicts": verdicts("p", "ci")})
    assert ask(connection, "select n, k from difficulty") == [(2, 1)]


def test_difficulty_counts_a_round_of_several_samples_once(tmp_path):
    rows = [*verdicts("p", "ic"), *verdicts("p", "cc", sample=1)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": rows})
    assert ask(connection, "select n, k, rounds from difficulty") == [(4, 3, 2)]


def test_difficulty_stops_at_the_rounds_asked_for(tmp_path):
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "iicc")}, rounds=3)
    assert ask(connection, "select n, k, rounds from difficulty") == [(3, 1, 3)]


def test_settings_move_bands_and_intervals(tmp_path):
    given = {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "ci")}
    connection = warehouse(tmp_path, given, low=0.6, hard_below=0.7, medium_below=0.8, confidence=0.5)
    band, low = ask(connection, "select band, accuracy_low from difficulty")[0]
    assert (band, low) == ("hopeless", pytest.approx(0.28469, abs=1e-4))


def test_histogram_has_every_bin_and_exact_ends(tmp_path):
    letters = {"a": "iiii", "b": "ciii", "c": "cccc", "d": "cccc", "e": "cct", "f": "ciit"}
    rows = [row for name, said in letters.items() for row in verdicts(name, said)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": name} for name in letters], "verdicts": rows})
    got = ask(connection, "select bin, bins, problems, round(share, 4), band from difficulty_histogram order by bin")
    assert got == [
        (0, 4, 1, 0.1667, "hopeless"),
        (1, 4, 2, 0.3333, "hard"),
        (2, 4, 0, 0.0, "medium"),
        (3, 4, 0, 0.0, "easy"),
        (4, 4, 3, 0.5, "trivial"),
    ]


def test_u_shape_tells_a_u_from_a_hump_and_from_nothing(tmp_path):
    def problems_of(dataset, counts):
        return {f"{dataset}{k}-{copy}": "c" * k + "i" * (8 - k) for k, number in enumerate(counts) for copy in range(number)}

    sets = {"u": [40, 9, 6, 5, 4, 5, 6, 9, 40], "hump": [0, 2, 10, 30, 40, 30, 10, 2, 0], "none": [30, 0, 0, 0, 0, 0, 0, 0, 0]}
    letters = {dataset: problems_of(dataset, counts) for dataset, counts in sets.items()}
    rows = {
        "problems": [{"problem_id": name, "dataset": dataset} for dataset, problems in letters.items() for name in problems],
        "verdicts": [row for problems in letters.values() for name, said in problems.items() for row in verdicts(name, said)],
    }
    connection = warehouse(tmp_path, rows)
    got = ask(
        connection, "select dataset, problems, is_u, shape, alpha is null, round(never_share, 3), round(always_share, 3) from u_shape"
    )
    assert got == [
        ("hump", 124, False, "hump", False, 0.0, 0.0),
        ("none", 30, False, None, True, 1.0, 0.0),
        ("u", 124, True, "u", False, 0.323, 0.323),
    ]
    [(u_flat, u_hump, u_ratio), (hump_flat, hump_hump, hump_ratio)] = ask(
        connection, "select flat_ratio, hump_ratio, u_ratio from u_shape where alpha is not null order by dataset desc"
    )
    assert u_flat > 20 and u_hump > 20 and u_ratio > 20
    assert hump_flat > 20 and hump_hump == pytest.approx(0, abs=1e-6) and hump_ratio is None


def test_few_problems_make_no_sure_u(tmp_path):
    rows = [row for name, said in {"a": "iiii", "b": "ciii", "c": "cccc", "d": "ccci"}.items() for row in verdicts(name, said)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": name} for name in "abcd"], "verdicts": rows}, wanted=["u_shape"])
    assert ask(connection, "select is_u, shape, u_ratio < 3.84 from u_shape") == [(True, "flat", True)]


def problems_solved(dataset: str, counts: dict[tuple[int, int], int]) -> dict[str, str]:
    """The letters of so many problems with each k of n, by their names."""
    return {f"{dataset}-{k}-{n}-{copy}": "c" * k + "i" * (n - k) for (k, n), number in counts.items() for copy in range(number)}


def measured(tmp_path, sets: dict[str, dict[tuple[int, int], int]], wanted: list[str]):
    """A warehouse of datasets with so many problems of each k of n."""
    letters = {dataset: problems_solved(dataset, counts) for dataset, counts in sets.items()}
    rows = {
        "problems": [{"problem_id": name, "dataset": dataset} for dataset, problems in letters.items() for name in problems],
        "verdicts": [row for problems in letters.values() for name, said in problems.items() for row in verdicts(name, said)],
    }
    return warehouse(tmp_path, rows, wanted=wanted)


IMPOSSIBLE = {(0, 4): 21, (1, 4): 3, (2, 4): 11, (3, 4): 25, (4, 4): 40}  # of 100 problems 20, beside Beta(6, 2)


def test_what_no_single_beta_describes_is_a_mixture_and_no_u(tmp_path):
    connection = measured(tmp_path, {"d": IMPOSSIBLE}, ["u_shape", "difficulty_histogram"])
    [(alpha, beta, is_u, shape, misfit)] = ask(connection, "select alpha, beta, is_u, shape, misfit_ratio from u_shape")
    assert (is_u, shape) == (False, "mixture") and alpha < 1 and beta < 1 and misfit > 7.81
    bins = ask(connection, "select problems, expected from difficulty_histogram order by bin")
    assert [expected for _, expected in bins] == pytest.approx([problems for problems, _ in bins], abs=3)


def test_pass_at_k_is_the_expectation_over_all_problems(tmp_path):
    stopped = {(0, 4): 30, (4, 4): 30, (2, 8): 10, (4, 8): 10, (6, 8): 10}
    connection = measured(tmp_path, {"d": stopped}, ["pass_at_k", "difficulty"])
    got = ask(connection, "select draws, problems, is_extrapolated from pass_at_k")
    assert got == [(1, 90, False), (2, 90, False), (4, 90, False), (8, 90, False), (16, 90, True)]
    curve = ask(connection, "select pass_low, pass, pass_high from pass_at_k")
    assert all(low < value < high for low, value, high in curve) and sorted(curve) == curve
    ends = ask(connection, "select avg(p_mean), avg(pass_8) from difficulty")[0]
    assert (curve[0][1], curve[3][1]) == pytest.approx(ends)
    assert curve[4][1] < 0.85  # of those that stopped unsolved most stay so, and count


ODD = {
    "three": {(1, 4): 1, (2, 4): 1, (4, 4): 1},
    "solved": {(8, 8): 40},
    "unsolved": {(0, 8): 40},
    "once": {(0, 1): 30, (1, 1): 10},
    "far": {(0, 4): 10, (4, 4): 10, (32, 64): 10},
}


def test_odd_sets_have_sound_estimates(tmp_path):
    connection = measured(tmp_path, ODD, ["difficulty", "u_shape", "pass_at_k", "difficulty_histogram", "slice_difficulty"])
    for check in ("estimates_are_sound", "passes_rise", "histogram_adds_up"):
        assert ask(connection, sql_files("checks")[check].read_text()) == []
    means = dict(ask(connection, "select dataset, avg(p_mean) from difficulty group by dataset"))
    assert means["solved"] > 0.98 and means["unsolved"] < 0.02 and means["once"] == pytest.approx(0.25, abs=0.03)
    assert means["three"] == pytest.approx(7 / 12, abs=0.1) and means["far"] == pytest.approx(0.5, abs=0.05)
    kinds = dict(ask(connection, "select distinct dataset, kind from priors"))
    assert (kinds["three"], kinds["solved"], kinds["unsolved"], kinds["once"]) == ("fit", "fit", "fit", "mean")
    assert ask(connection, "select max(draws), bool_or(is_extrapolated) from pass_at_k where dataset = 'once'") == [(2, True)]


def test_nothing_is_fitted_to_a_panel(tmp_path):
    letters = {"a": "iiii", "b": "cccc", "c": "ccii", "d": "ciii"}
    rows = {
        "problems": [{"problem_id": name} for name in letters],
        "policies": [{"policy_id": "base", "name": "eight models", "kind": "panel"}],
        "verdicts": [row for name, said in letters.items() for row in verdicts(name, said)],
    }
    connection = warehouse(tmp_path, rows)
    assert ask(connection, "select kind, alpha, beta from priors") == [("panel", 0.5, 0.5)]
    assert ask(connection, "select shape, alpha, is_u from u_shape") == [("panel", None, False)]
    assert ask(connection, "from pass_at_k") == []
    assert ask(connection, "select k, round(p_mean, 3) from difficulty order by k") == [(0, 0.1), (1, 0.3), (2, 0.5), (4, 0.9)]


def test_pass_at_k_of_one_outcome_has_no_interval(tmp_path):
    connection = measured(tmp_path, {"one": {(2, 4): 1}, "alike": {(0, 4): 50}}, ["pass_at_k"])
    assert ask(connection, "select distinct pass_low, pass_high from pass_at_k") == [(0.0, 1.0)]
    assert ask(connection, "select pass < 0.01 from pass_at_k where dataset = 'alike' and draws = 1") == [(True,)]


def test_candidates_leave_out_conflicts_copies_and_the_unmeasured(tmp_path):
    problems = [
        {"problem_id": "plain"},
        {"problem_id": "twice"},
        {"problem_id": "twice", "dataset": "algebra"},
        {"problem_id": "torn", "gold_id": "gold"},
        {"problem_id": "torn", "gold_id": "new", "answer": "2"},
        {"problem_id": "slow"},
        {"problem_id": "untried"},
    ]
    rows = [*verdicts("plain", "ci"), *verdicts("twice", "cc"), *verdicts("torn", "ci"), *verdicts("slow", "tt")]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows})
    assert ask(connection, "select problem_id, dataset, accuracy from candidates order by all") == [
        ("plain", "geometry", 0.5),
        ("twice", "algebra", 1.0),
    ]


def test_conflicts_and_duplicates(tmp_path):
    problems = [
        {"problem_id": "torn"},
        {"problem_id": "torn", "dataset": "algebra", "gold_id": "new", "answer": "2"},
        {"problem_id": "leak"},
        {"problem_id": "leak", "split": "test"},
        {"problem_id": "fine"},
    ]
    connection = warehouse(tmp_path, {"problems": problems})
    assert ask(connection, "select * from gold_conflicts") == [("torn", 2, ["1", "2"], ["algebra/train", "geometry/train"])]
    assert ask(connection, "select * from duplicates") == [
        ("leak", 2, ["geometry/test", "geometry/train"], True),
        ("torn", 2, ["algebra/train", "geometry/train"], False),
    ]


@pytest.mark.parametrize("estimate", ["posterior", "share"])
def test_sweep_counts_what_thresholds_keep(tmp_path, estimate):
    letters = {"never": "iiii", "half": "ccii", "always": "cccc"}
    rows = [row for name, said in letters.items() for row in verdicts(name, said)]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": name} for name in letters], "verdicts": rows})
    sql = f"""select problems, kept, kept_share, zero_signal_share from curation_sweep
        where group_size = 8 and low = {{}} and high = {{}} and estimate = '{estimate}'"""
    (paper,), (everything,) = ask(connection, sql.format(0.084, 0.87)), ask(connection, sql.format(0.0, 1.0))
    assert paper[:3] == (3, 1, pytest.approx(1 / 3)) and everything[:3] == (3, 3, 1.0)
    assert paper[3] < everything[3] < 1
    half = (3, 1, pytest.approx(1 / 3), paper[3]) if estimate == "share" else (3, 0, 0.0, None)  # 2 of 4: p is above 0.5 as well as below
    assert ask(connection, sql.format(0.3, 0.5)) == [half]


def test_drift_follows_the_lineage_over_stages(tmp_path):
    policies = [
        {"policy_id": "base", "name": "base"},
        {"policy_id": "s1", "name": "stage1", "parent_id": "base"},
        {"policy_id": "s2", "name": "stage2", "parent_id": "s1"},
        {"policy_id": "stranger", "name": "x"},
    ]
    rows = [
        *verdicts("p", "i" * 8),
        *verdicts("p", "iciiciii", policy_id="s1"),
        *verdicts("p", "c" * 8, policy_id="s2"),
        *verdicts("p", "c" * 8, policy_id="stranger"),
    ]
    others = [row for policy in ("base", "s1") for name in ("q", "r") for row in verdicts(name, "c" * 7 + "i", policy_id=policy)]
    problems = [{"problem_id": name} for name in "pqr"]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows + others, "policies": policies})
    columns = "policy_id, later_policy_id, difference, band, later_band, moved"
    assert ask(connection, f"select {columns} from difficulty_drift where problem_id = 'p' order by 1, 2") == [
        ("base", "s1", 0.25, "hopeless", "hard", "unclear"),
        ("base", "s2", 1.0, "hopeless", "trivial", "up"),
        ("s1", "s2", 0.75, "hard", "trivial", "up"),
    ]
    [(expected, p_value, p_mean)] = ask(
        connection,
        """select expected, p_value, p_mean from difficulty_drift join difficulty using (problem_id, dataset, policy_id)
        where problem_id = 'p' and policy_id = 'base' and later_policy_id = 's2'""",
    )
    assert 0 < expected < 0.25 and expected == pytest.approx(p_mean) and p_value < 0.01


def test_suspects_agree_on_a_wrong_answer(tmp_path):
    """Of a hundred problems whose wrong answers differ one agrees, however its answer is spelt; of two options, guesses say nothing."""
    right = {place: 8 if place < 80 else place % 8 for place in range(100)}
    rows = [row for place, k in right.items() for row in verdicts(f"p{place}", "c" * k + "i" * (8 - k))]
    rows = [row | {"extracted": str(7 * place)} for place, row in enumerate(rows)]
    rows += [row | {"extracted": said} for row, said in zip(verdicts("suspect", "i" * 8), ["7", "7.0", " 7", "7"] * 2, strict=True)]
    rows += verdicts("spread", "i" * 8) + verdicts("lost", "u" * 8)
    rows += [row for place in range(10) for row in verdicts(f"q{place}", "cciicici", extracted="(B)")]
    rows += [row | {"sampling_id": "hinted"} for row in rows if row["problem_id"] == "p0"]
    problems = [{"problem_id": name, "source_id": f"id-{name}"} for name in dict.fromkeys(row["problem_id"] for row in rows)]
    problems = [row | {"choices": ["one", "two"]} if row["problem_id"].startswith("q") else row for row in problems]
    given = {"problems": problems, "verdicts": rows, "samplings": [{"sampling_id": "hinted", "hints": True}]}
    connection = warehouse(tmp_path, given, wanted=["suspect_labels"])
    [found] = connection.table("suspect_labels").pl().to_dicts()
    seen = [found[name] for name in ("reason", "source_id", "answer", "voted", "votes", "n", "vote_share", "options")]
    assert seen == ["agreement", "id-suspect", "1", "7", 8, 8, 1.0, 0]
    assert found["expected_precision"] == found["probability"] > 0.5
    assert ask(connection, "select distinct options, votes, voted from problem_votes where problem_id[1] = 'q'") == [(2, [4], "(B)")]
    assert ask(connection, "select votes, voted from problem_votes where problem_id = 'lost'") == [([], None)]


def test_a_form_of_gold_answers_that_nothing_ever_matches_is_suspect(tmp_path):
    """Three rules read ten problems each: of one the responses agree, of one they are what is inside the gold answer, one is just hard."""
    problems, rows = [], []
    for rule, answer, solved in (("plain", "#{}", ""), ("box", "It is {} jars", ""), ("tag", "{}", ""), ("list", "#{}", "c")):
        for place in range(10):
            name = f"{rule}-{place}"
            problems.append({"problem_id": name, "answer": answer.format(place), "metadata": json.dumps({"gold_rule": rule})})
            said = {"plain": "same", "box": str(place), "tag": "wrong", "list": "same"}[rule]
            letters = "i" if rule in ("box", "tag") else "iii"
            rows += verdicts(name, letters, extracted=said) + verdicts(name, solved if place == 0 else "", sample=1)
    problems = [{**row, "metadata": "{}"} if row["problem_id"].startswith("plain") else row for row in problems]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows})
    found = ask(connection, "select problem_id, voted, votes, n from suspect_labels where reason = 'form' order by all")
    assert found == [(f"box-{place}", str(place), 1, 1) for place in range(10)] + [(f"plain-{place}", "same", 3, 3) for place in range(10)]


def test_curated_sets_sum_up(tmp_path):
    rows = [{"problem_id": str(rank), "rank": rank, "accuracy": rank / 4, "band": "medium" if rank < 3 else "easy"} for rank in (1, 2, 3)]
    connection = warehouse(tmp_path, {"curated": [*rows, {"problem_id": "1", "rank": 1, "set_id": "older"}]})
    assert ask(
        connection, "select set_id, stage, rule, dataset, band, problems, accuracy_min, accuracy_mean, accuracy_max from curated_sets"
    ) == [
        ("older", "stage1", "r", "geometry", "medium", 1, 0.5, 0.5, 0.5),
        ("set", "stage1", "r", "geometry", "medium", 2, 0.25, 0.375, 0.5),
        ("set", "stage1", "r", "geometry", "easy", 1, 0.75, 0.75, 0.75),
    ]


def test_stage_summary(tmp_path):
    groups = [
        {"step": step, "correct": correct, "accuracy": correct / 4, "weight": step / 10}
        for step in range(1, 21)
        for correct in (0, min(step // 5, 4))
    ]
    metrics = [{"step": step, "value": step / 20} for step in range(1, 21)] + [{"step": 1, "name": "loss", "value": 9.0}]
    spent = {"num_tokens": 1000.0, "refill/completions": 8.0, "refill/tokens": 90.0}
    metrics += [{"step": step, "name": name, "value": step * value} for step in (1, 2) for name, value in spent.items()]
    metrics += [{"step": step, "name": "verdicts/timeout", "value": share} for step, share in ((1, 0.25), (2, 0.0))]
    watched = {"gradient/clipped": 1.0, "completions/clipped_ratio": 0.1, "completions/mean_length_right": 30.0, "entropy": 0.5}
    metrics += [{"step": step, "name": name, "value": value * (step == 1)} for step in range(1, 5) for name, value in watched.items()]
    policies = [{"policy_id": "x", "name": "stage1", "stage_id": "s1", "parent_id": "base"}]
    connection = warehouse(tmp_path, {"groups": groups, "metrics": metrics, "policies": policies})
    got = connection.table("stage_summary").pl().to_dicts()
    assert len(got) == 1
    assert got[0] == {
        "stage_id": "s1", "policy": "stage1", "policy_id": "x", "parent_id": "base", "steps": 20, "groups": 40, "problems": 1,
        "hinted_groups": 0, "moved_hints": None,
        "zero_signal_share": pytest.approx((20 + 4 + 1) / 40), "mean_weight": pytest.approx(1.05),
        "first_accuracy": 0.0, "last_accuracy": pytest.approx((0.75 + 1.0) / 4),
        "first_reward": pytest.approx(0.075), "last_reward": pytest.approx(0.975),
        "all_right_share": 1 / 40, "all_wrong_share": 24 / 40, "unjudged_groups": 0,
        "timeout_share": 0.125, "extra_completions": 24, "extra_tokens": 270, "tokens": 2000,
        "gradient_clipped_share": 0.25, "ratio_bounded_share": None, "truncated_share": pytest.approx(0.025),
        "mean_length_right": 7.5, "mean_length_wrong": None, "first_entropy": 0.5, "last_entropy": 0.0, "last_kl": None,
    }  # fmt: skip


def test_a_problem_asked_with_its_hint_and_without_teaches_nothing_only_where_neither_group_can(tmp_path):
    drawn = [(1, True, 4), (1, False, 0), (2, True, 4), (2, False, 2), (3, False, 4), (3, False, 1)]  # the last step drew it twice
    groups = [{"step": step, "hinted": hinted, "correct": right, "accuracy": right / 4} for step, hinted, right in drawn]
    connection = warehouse(tmp_path, {"groups": groups}, wanted=["stage_summary", "stg_group_draws"])
    assert ask(connection, "select step, groups, group_size, is_zero_signal from stg_group_draws order by all") == [
        (1, 2, 8, True),
        (2, 2, 8, False),
        (3, 1, 4, False),
        (3, 1, 4, True),
    ]
    assert ask(connection, "select groups, zero_signal_share, all_right_share from stage_summary") == [(6, 0.5, 0.5)]


def test_stage_of_one_step_has_first_and_last(tmp_path):
    connection = warehouse(tmp_path, {"groups": [{"step": 1, "correct": 1, "accuracy": 0.25}], "metrics": [{"step": 1, "value": 0.5}]})
    got = ask(connection, "select steps, first_accuracy, last_accuracy, first_reward, last_reward, policy from stage_summary")
    assert got == [(1, 0.25, 0.25, 0.5, 0.5, None)]


def test_calibration_by_tenth_and_band(tmp_path):
    groups = [
        {"step": 1, "correct": 1, "accuracy": 0.25, "prior": 0.5},
        {"step": 1, "correct": 4, "accuracy": 1.0, "prior": 0.75},
        {"step": 1, "correct": 4, "accuracy": 1.0, "prior": None},
        {"step": 20, "correct": 2, "accuracy": 0.5, "prior": 0.5},
    ]
    connection = warehouse(tmp_path, {"groups": groups})
    got = ask(
        connection,
        """select step_bucket, band, first_step, last_step, groups, prior, accuracy, difference, absolute_difference
        from calibration order by 1, 2""",
    )
    assert got == [
        (0, "all", 1, 1, 2, 0.625, 0.625, 0.0, 0.25),
        (0, "easy", 1, 1, 1, 0.75, 1.0, 0.25, 0.25),
        (0, "medium", 1, 1, 1, 0.5, 0.25, -0.25, 0.25),
        (9, "all", 20, 20, 1, 0.5, 0.5, 0.0, 0.0),
        (9, "medium", 20, 20, 1, 0.5, 0.5, 0.0, 0.0),
    ]


def test_calibration_scores_the_prior(tmp_path):
    groups = [
        {"step": 1, "problem_id": "a", "correct": 1, "accuracy": 0.25, "prior": 0.25},
        {"step": 1, "problem_id": "b", "correct": 3, "accuracy": 0.75, "prior": 0.75},
        {"step": 1, "problem_id": "c", "G": 0, "correct": 0, "accuracy": None, "prior": 0.5},
    ]
    connection = warehouse(tmp_path, {"groups": groups})
    scores = "band, groups, problems, correlation, brier, brier_of_mean, skill, reliability"
    assert ask(connection, f"select {scores} from calibration order by band") == [
        ("all", 2, 2, pytest.approx(1.0), 0.1875, 0.25, 0.25, 0.0),
        ("easy", 1, 1, None, 0.1875, 0.1875, 0.0, 0.0),
        ("hard", 1, 1, None, 0.1875, 0.1875, 0.0, 0.0),
    ]


def test_a_prior_that_is_wrong_has_no_skill(tmp_path):
    groups = [
        {"step": 1, "correct": 4, "accuracy": 1.0, "prior": 0.25},
        {"step": 1, "correct": 0, "accuracy": 0.0, "prior": 0.75},
        {"step": 2, "correct": 4, "accuracy": 1.0, "prior": 0.75},
    ]
    connection = warehouse(tmp_path, {"groups": groups})
    got = ask(connection, "select step_bucket, correlation, brier, skill, reliability from calibration where band = 'all' order by 1")
    assert got == [(0, pytest.approx(-1.0), 0.5625, pytest.approx(-1.25), 0.5625), (5, None, 0.0625, None, 0.0625)]


def test_a_prior_goes_stale_as_the_policy_gets_better(tmp_path):
    """Two problems, at first solved as promised; the harder one becomes as easy as the other, by the same amount at each step."""
    groups = [
        row
        for step in range(1, 11)
        for row in (
            {"step": step, "problem_id": "hard", "G": 36, "correct": 8 + step, "accuracy": (8 + step) / 36, "prior": 0.25},
            {"step": step, "problem_id": "easy", "G": 36, "correct": 18, "accuracy": 0.5, "prior": 0.5},
        )
    ]
    [row] = warehouse(tmp_path, {"groups": groups}).table("prior_staleness").pl().to_dicts()
    assert (row["groups"], row["first_step"], row["last_step"]) == (20, 1, 10)
    assert row["first_correlation"] == pytest.approx(1.0) and row["last_correlation"] is None
    assert row["first_skill"] == pytest.approx(1 - (9 * 0.75**2 + 27 * 0.25**2 + 36 * 0.25) / 72 / (27 / 72 * 45 / 72))
    assert row["last_skill"] == pytest.approx(1 - (18 * 0.75**2 + 18 * 0.25**2 + 36 * 0.25) / 72 / 0.25)
    assert (row["first_difference"], row["last_difference"]) == (pytest.approx(0.0), pytest.approx(0.125))
    assert row["drift_per_100_steps"] == pytest.approx(100 / 72)
    assert row["error_growth_per_100_steps"] == pytest.approx(100 / 72)
    assert row["first_skill_by_chance"] == pytest.approx(1 - (36 * 0.25 * 0.75 + 36 * 0.25) / 72 / (27 / 72 * 45 / 72))
    assert row["last_difference_error"] == pytest.approx(0.25 / 2)
    assert row["stale_step"] is None  # two problems tell nothing for sure


@pytest.mark.parametrize(("moved", "stale"), [(0, None), (1, 6)])
def test_a_tenth_is_stale_where_the_prior_is_off_beyond_chance(tmp_path, moved, stale):
    """Forty problems at every step, of which three in four are a quarter above or below the prior; later ones are above it more often."""
    groups = [
        {"step": step, "problem_id": f"p{number}", "correct": correct, "accuracy": correct / 4, "prior": 0.5}
        for step in range(1, 11)
        for number in range(40)
        for correct in [(1, 2, 3, 2)[(number + step) % 4] + (moved if step > 5 and number % 4 != 1 else 0)]
    ]
    [row] = warehouse(tmp_path, {"groups": groups}).table("prior_staleness").pl().to_dicts()
    assert row["stale_step"] == stale
    assert (abs(row["drift_per_100_steps"]) > 3 * row["drift_error"]) == (stale is not None)


def test_a_stage_of_one_step_has_no_slopes(tmp_path):
    groups = [{"step": 1, "correct": 1, "accuracy": 0.25, "prior": 0.5}, {"step": 1, "correct": 1, "accuracy": 0.25, "prior": None}]
    got = ask(warehouse(tmp_path, {"groups": groups}), "select groups, drift_per_100_steps, stale_step from prior_staleness")
    assert got == [(1, None, None)]


EVALUATIONS = [
    *[{"policy_id": "b", "policy": "base", "problem_id": name, "n": 4, "k": k} for name, k in {"p": 0, "q": 2, "r": 4}.items()],
    *[{"policy_id": "s", "policy": "stage1", "problem_id": name, "n": 4, "k": k} for name, k in {"p": 2, "q": 3, "r": 4}.items()],
    *[
        {"policy_id": "s", "policy": "stage1", "hints": True, "problem_id": name, "n": 4, "k": k}
        for name, k in {"p": 4, "q": 3, "r": 4}.items()
    ],
    {"policy_id": "b", "policy": "base", "problem_id": "z", "dataset": "algebra", "n": 0, "k": 0},
    {"policy_id": "b", "policy": "base", "problem_id": "y", "dataset": "algebra", "n": 2, "k": 1},
]


def test_evaluation_is_clustered_and_paired_by_problem(tmp_path):
    got = warehouse(tmp_path, {"evaluations": EVALUATIONS}).table("evaluation").pl()
    base, everything, stage, _, hinted, _ = sorted(got.filter(~((got["policy"] == "base") & (got["dataset"] == "algebra"))).to_dicts(),
                                                   key=lambda row: (row["policy"], row["hints"], row["dataset"] == "all"))  # fmt: skip
    margin = Z * math.sqrt((0.5**2 * 4) / 4 / 5)  # of 0, 0.5 and 1, and of a 0 and a 1 beside them
    assert (base["problems"], base["samples"], base["accuracy"], base["difference"], base["paired_problems"]) == (3, 12, 0.5, None, 0)
    assert (base["accuracy_low"], base["accuracy_high"]) == (pytest.approx(0.5 - margin), pytest.approx(0.5 + margin))
    assert (everything["problems"], everything["unmeasured"], everything["samples"], everything["split"]) == (4, 1, 14, "all")
    differences = [0.5, 0.25, 0.0, -1, 1]
    assert (stage["accuracy"], stage["difference"], stage["paired_problems"]) == (0.75, 0.25, 3)
    spread = Z * math.sqrt(sum((value - 0.15) ** 2 for value in differences) / 4 / 5)
    assert (stage["difference_low"], stage["difference_high"]) == (pytest.approx(0.15 - spread), pytest.approx(0.15 + spread))
    assert stage["solved_share"] == 1.0 and base["solved_share"] == pytest.approx(2 / 3)
    assert hinted["difference"] == pytest.approx((1 + 0.25 + 0) / 3)


def test_hint_effect_is_paired(tmp_path):
    got = warehouse(tmp_path, {"evaluations": EVALUATIONS}).table("hint_effect").pl().to_dicts()
    assert [(row["policy"], row["dataset"], row["problems"]) for row in got] == [("stage1", "geometry", 3), ("stage1", "all", 3)]
    assert (got[0]["accuracy_off"], got[0]["accuracy_on"], got[0]["effect"]) == (0.75, pytest.approx(11 / 12), pytest.approx(1 / 6))
    margin = Z * math.sqrt(sum((value - 0.1) ** 2 for value in (0.5, 0, 0, -1, 1)) / 4 / 5)
    assert got[0]["effect_low"] == pytest.approx(0.1 - margin)


def test_evaluations_stay_apart(tmp_path):
    rows = [
        {"policy_id": "b", "policy": "base", "problem_id": "p", "n": 1, "k": k, "evaluation_id": name}
        for name, k in {"e1": 0, "e2": 1}.items()
    ]
    connection = warehouse(tmp_path, {"evaluations": rows})
    assert ask(connection, "select evaluation_id, accuracy from evaluation where dataset = 'all'") == [("e1", 0.0), ("e2", 1.0)]


def test_responses_cut_off_are_counted(tmp_path):
    rollouts = [
        {"problem_id": "p", "n_tokens": 10},
        {"problem_id": "p", "round": 1, "n_tokens": 30, "finish_reason": "length", "hint": "hard"},
        {"problem_id": "q", "n_tokens": 20},
        {"problem_id": "q", "round": 1, "n_tokens": 20},
        {"problem_id": "unknown", "n_tokens": 99},
    ]
    problems = [{"problem_id": "p"}, {"problem_id": "p", "gold_id": "new"}, {"problem_id": "q"}]
    connection = warehouse(tmp_path, {"problems": problems, "rollouts": rollouts})
    assert ask(connection, "from responses") == [("geometry", "train", "base", "warm", 2, 2, 4, 20.0, 30, 0.25, 0.25)]


def stops(tmp_path, letters, **changes):
    """The marts about stopping, over one verdict a round and problem: checkpoints after 2, 4 and 6 rounds of 8."""
    rows = [row for name, said in letters.items() for row in verdicts(name, said)]
    rule = AdaptiveSettings(rule="wilson", confidence=0.6, min_rounds=2, every=2, edges=(0.25, 0.75), **changes)
    return warehouse(tmp_path, {"problems": [{"problem_id": name} for name in letters], "verdicts": rows}, adaptive=rule)


def test_stopping_is_at_the_first_checkpoint_that_decides(tmp_path):
    connection = stops(tmp_path, {"never": "iiiiiiii", "edge": "ciiiiiii", "half": "cicicicc", "short": "cccc"})
    got = ask(connection, "select problem_id, drawn_rounds, decided_rounds, n, k, full_n, full_k from stopping order by 1")
    assert got == [
        ("edge", 8, None, 8, 1, 8, 1),
        ("half", 8, 4, 4, 2, 8, 5),
        ("never", 8, 4, 4, 0, 8, 0),
        ("short", 4, 4, 4, 4, None, None),
    ]


def test_stopping_counts_scored_samples_only(tmp_path):
    connection = stops(tmp_path, {"p": "ttiiiiii"})
    assert ask(connection, "select decided_rounds, n, full_n from stopping") == [(6, 4, 6)]


def test_adaptive_rounds_adds_up(tmp_path):
    connection = stops(tmp_path, {"never": "iiiiiiii", "edge": "ciiiiiii", "turns": "iiiicccc"})
    counts = "problems, stopped_early, mean_rounds, drawn_completions, used_completions, fixed_completions, saved_share"
    [found] = ask(connection, f"select {counts} from adaptive_rounds")
    assert found == (3, 2, pytest.approx(16 / 3), 24, 16, 24, pytest.approx(1 / 3))
    errors = "reference_problems, round(same_band_share, 3), round(same_difficulty_band_share, 3), round(mean_error, 3)"
    assert ask(connection, f"select {errors} from adaptive_rounds") == [(3, 0.667, 0.667, 0.167)]


def test_later_rounds_check_what_was_held_at_the_stop(tmp_path):
    connection = stops(tmp_path, {"never": "iiiiiiii", "edge": "ciiiiiii", "turns": "iiiicccc"})
    held = {row[0]: row[1:] for row in ask(connection, "select problem_id, p_mean, later_low, later_high, later_chance from stopping")}
    assert held["edge"] == (None, None, None, None)
    assert held["never"] == held["turns"]
    mean, low, high, chance = held["never"]
    assert 0 < mean < 0.4 and (low, chance) == (0, pytest.approx(0.975, abs=0.025)) and 0 < high <= 4
    asked = "checked_problems, later_difference, later_coverage, later_coverage_foreseen from adaptive_rounds"
    assert ask(connection, f"select {asked}") == [(2, pytest.approx(0.5 - mean), 0.5 if high < 4 else 1.0, pytest.approx(chance))]


def test_problems_that_stopped_are_no_reference_and_those_of_the_audit_are(tmp_path):
    letters = {f"p{number}": "iiii" for number in range(20)} | {f"q{number}": "iiiiiiii" for number in range(20)}
    connection = stops(tmp_path, letters, audit_share=0.3)
    [(audited,)] = ask(connection, "select count(*) from stopping where is_audit and problem_id like 'q%'")
    got = ask(connection, "select problems, stopped_early, reference_problems, checked_problems from adaptive_rounds")
    assert 0 < audited < 20
    assert got == [(40, 40, audited, audited)]


def test_what_is_known_at_each_look_needs_all_rounds_before_it(tmp_path):
    rows = [*verdicts("whole", "ciciciic"), *[row for row in verdicts("hole", "ccccccii") if row["round"] != 3]]
    rollouts = [{"problem_id": "whole", "round": place, "n_tokens": 8 if place < 4 else 900} for place in range(8)]
    given = {"problems": [{"problem_id": "whole"}, {"problem_id": "hole"}], "verdicts": rows, "rollouts": rollouts}
    for least, length in ((4, 6), (2, 0)):
        connection = warehouse(tmp_path, given, adaptive=AdaptiveSettings(min_rounds=least), wanted=["first_outcomes"])
        got = ask(connection, "select problem_id, checkpoint_n, checkpoint_k, length from checkpoint_counts order by 1")
        looks = [2, 4, 6][(least - 2) // 2 :]
        assert got[1] == ("whole", looks, [(look + 1) // 2 for look in looks], length)
        assert got[0] == ("hole", [2] if least == 2 else [], [2] if least == 2 else [], 0)


def test_grader_changes_follow_the_versions_of_graders(tmp_path):
    rows = [
        *verdicts("p", "ciii", grader_id="grader-9+x"),
        *verdicts("p", "ccci", grader_id="grader-10+x"),
        *verdicts("q", "cccc", grader_id="grader-9+x"),
        *verdicts("q", "cccc", grader_id="grader-10+x"),
        *verdicts("q", "tttt", grader_id="other"),
        *verdicts("once", "cccc", grader_id="grader-10+x"),
        *verdicts("p", "cccc", grader_id="grader-10+x", policy_id="else"),
    ]
    problems = [{"problem_id": name} for name in ("p", "q", "once")] + [{"problem_id": "p", "gold_id": "new"}]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows})
    got = ask(
        connection,
        "select problem_id, grader_id, later_grader_id, k, later_k, accuracy, later_accuracy, band, later_band, band_changed "
        "from grader_changes order by problem_id, grader_id desc",
    )
    assert got == [
        ("p", "grader-9+x", "grader-10+x", 1, 3, 0.25, 0.75, "hard", "easy", True),
        ("q", "other", "grader-9+x", 0, 4, None, 1.0, None, "trivial", True),
        ("q", "grader-9+x", "grader-10+x", 4, 4, 1.0, 1.0, "trivial", "trivial", False),
    ]


def test_selection_summary_says_why_problems_were_drawn_and_what_came(tmp_path):
    def draw(step, place, problem, why, correct, **more):
        expected = {"p_mean": 0.5, "p_deviation": 0.1, "signal": 0.75, "judged": 4, "correct": correct, "learnt": True}
        return {"step": step, "place": place, "problem_id": problem, "why": why} | expected | more

    draws = [
        draw(1, 1, "a", "prior", 4),
        draw(1, 2, "b", "explore", 0, learnt=False),
        draw(1, 3, "c", "refill", 2),
        draw(2, 1, "a", "prior", 4),
        draw(2, 2, "c", "prior", 0, judged=0),
        draw(11, 1, "a", "explore", 1),
        draw(11, 2, "b", "prior", 4),
    ]
    connection = warehouse(tmp_path, {"selections": draws}, wanted=["selection_summary"])
    columns = "draws, share, problems, judged_draws, learnt_draws, zero_signal_share, all_right_share, mastered_draws, mastered_again_share"
    got = ask(connection, f"select why, {columns} from selection_summary where step_bucket is null order by why")
    assert got == [
        ("all", 7, 1.0, 3, 6, 6, pytest.approx(4 / 6), pytest.approx(3 / 6), 2, 0.5),
        ("explore", 2, pytest.approx(2 / 7), 2, 2, 1, 0.5, 0.0, 1, 0.0),
        ("prior", 4, pytest.approx(4 / 7), 3, 3, 4, 1.0, 1.0, 1, 1.0),
        ("refill", 1, pytest.approx(1 / 7), 1, 1, 1, 0.0, 0.0, 0, None),
    ]
    tenths = ask(connection, "select step_bucket, why, draws, share from selection_summary where step_bucket is not null order by all")
    assert tenths == [
        (0, "all", 5, 1.0), (0, "explore", 1, 0.2), (0, "prior", 3, pytest.approx(0.6)), (0, "refill", 1, 0.2),
        (9, "all", 2, 1.0), (9, "explore", 1, 0.5), (9, "prior", 1, 0.5),
    ]  # fmt: skip
    assert ask(connection, "select distinct round(p_mean, 6), round(expected_zero_signal, 6) from selection_summary") == [(0.5, 0.25)]


def test_a_stage_that_asks_no_estimate_has_no_selections(tmp_path):
    connection = warehouse(tmp_path, {"groups": [{"step": 1, "correct": 1, "accuracy": 0.25}]}, wanted=["selection_summary"])
    assert ask(connection, "from selection_summary") == []
