"""What changed from one policy to another."""

import json
import math

import numpy as np
import pytest

from tasks.estimates.posterior import Posterior
from tasks.estimates.prior import prior_of
from tests.sql.rows import ask, verdicts, warehouse

# four problems under three policies, of which `x` descends from none and was asked once
SAID = {
    "base": {"a": "iiiiiiii", "b": "iiiiiiii", "c": "cccccccc", "d": "cciiiiii"},
    "s1": {"a": "cccccccc", "b": "iiiiiiii", "c": "iiiiiiii", "d": "cciiiiii"},
    "x": {"a": "i"},
}
MARTS = ["policy_drift", "band_transitions"]
PAIR = "policy = 'base' and later_policy = 'stage1'"


@pytest.fixture
def compared(tmp_path):
    rows = [row for policy, said in SAID.items() for name, letters in said.items() for row in verdicts(name, letters, policy_id=policy)]
    policies = [
        {"policy_id": "base", "name": "base"},
        {"policy_id": "s1", "name": "stage1", "parent_id": "base"},
        {"policy_id": "x", "name": "stranger"},
    ]
    problems = [{"problem_id": name} for name in SAID["base"]]
    return warehouse(tmp_path, {"problems": problems, "verdicts": rows, "policies": policies}, wanted=MARTS)


def test_gained_and_lost_beside_what_chance_gives(compared):
    counts = "problems, up, down, never, gained, solved, lost, round(difference, 4), gained_share, lost_share"
    assert ask(compared, f"select {counts} from policy_drift where {PAIR}") == [(4, 1, 1, 2, 1, 2, 1, 0.0, 0.5, 0.5)]
    prior = prior_of([0, 8, 2], [8, 8, 8], [2, 1, 1])
    solved = 1 - Posterior(np.array([0.0]), np.array([8.0]), prior).predictive(8)[0, 0]
    unsolved = Posterior(np.array([2.0, 8.0]), np.array([8.0, 8.0]), prior).predictive(8)[:, 0].mean()
    columns = "gained_by_chance, lost_by_chance, gained_excess_low, gained_excess_high"
    [(gained, lost, low, high)] = ask(compared, f"select {columns} from policy_drift where {PAIR}")
    assert (gained, lost) == (pytest.approx(solved), pytest.approx(unsolved))
    assert low < 0.5 - solved < high and high - low > 2 * 1.96 * (solved * (1 - solved) / 2) ** 0.5


def test_what_the_counts_fix_no_prior_of_is_not_foreseen(compared):
    columns = "up, up_by_chance, gained_by_chance, p_value, drifted"
    assert ask(compared, f"select {columns} from policy_drift where policy = 'stranger' and later_policy = 'base'") == [(None,) * 5]
    assert ask(compared, "select share_by_chance, excess from band_transitions where policy = 'stranger' and later_policy = 'base'") == [
        (None, None)
    ]


def test_what_was_not_asked_equally_often_is_not_foreseen(tmp_path):
    """How often the second policy was asked depends on what it answered, so only the test of the mean holds."""
    right = {"a": (0, 4), "b": (4, 8), "c": (3, 16), "d": (8, 8), "e": (5, 16), "f": (1, 8)}
    letters = {name: "c" * k + "i" * (n - k) for name, (k, n) in right.items()}
    rows = [row for name in right for row in verdicts(name, "cccciiii" if name < "d" else "iiiiiiic")]
    rows += [row for name, said in letters.items() for row in verdicts(name, said, policy_id="s1")]
    connection = warehouse(tmp_path, {"problems": [{"problem_id": name} for name in right], "verdicts": rows}, wanted=MARTS)
    columns = "policy_id, gained_by_chance is null, lost_by_chance is null, p_value is null, up_by_chance is null"
    assert ask(connection, f"select {columns} from policy_drift order by 1") == [
        ("base", True, True, False, False),
        ("s1", False, False, False, False),
    ]


def test_a_pair_is_there_both_ways_round(compared):
    assert ask(compared, "select policy, later_policy, problems, gained, lost from policy_drift order by 1, 2") == [
        ("base", "stage1", 4, 1, 1),
        ("base", "stranger", 1, 0, 0),
        ("stage1", "base", 4, 1, 1),
        ("stage1", "stranger", 1, 0, 1),
        ("stranger", "base", 1, 0, 0),
        ("stranger", "stage1", 1, 1, 0),
    ]


def test_the_difference_is_paired(compared):
    [(low, difference, high)] = ask(compared, f"select difference_low, difference, difference_high from policy_drift where {PAIR}")
    margin = 1.959963984540054 * (4 / 5 / 6) ** 0.5  # of 1, 0, -1, 0, and of a 1 and a -1 beside them
    assert (low, difference, high) == (pytest.approx(-margin), pytest.approx(0), pytest.approx(margin))


@pytest.mark.parametrize(("named", "clusters", "between"), [("1122", 2, "clusters"), ("1111", 1, "one cluster"), ("1234", 4, "problems")])
def test_versions_of_one_problem_count_as_one_change(tmp_path, named, clusters, between):
    """Two problems that changed alike are no more than one where they are versions of it; nor have bands or pass@k an interval then."""
    said = {"base": ["iiiiiiii", "iiiiiiii", "cciiiiii", "cciiiiii"], "s1": ["cccciiii", "cccciiii", "cciiiiii", "cciiiiii"]}
    rows = [row for policy in said for n, letters in enumerate(said[policy]) for row in verdicts(f"p{n}", letters, policy_id=policy)]
    problems = [{"problem_id": f"p{place}", "metadata": json.dumps({"version_of": version})} for place, version in enumerate(named)]
    connection = warehouse(tmp_path, {"problems": problems, "verdicts": rows}, wanted=[*MARTS, "pass_at_k"])
    [found] = connection.sql("from policy_drift where policy_id = 'base'").pl().iter_rows(named=True)
    assert (found["problems"], found["clusters"], found["interval_between"], found["difference"]) == (4, clusters, between, 0.25)
    ends = (found["difference_low"], found["difference_high"])
    if clusters < 4:
        assert ends == ((-1, 1) if clusters == 2 else (None, None))  # by Student's t two clusters tell nothing
    else:
        assert -1 < ends[0] < ends[1] < 1
    is_apart = between == "problems"
    for mart, column in (("band_transitions", "share_low"), ("pass_at_k", "pass_high")):
        assert ask(connection, f"select distinct {column} is not null from {mart}") == [(is_apart,)]


def test_the_matrix_of_bands(compared):
    cells = "band, later_band, problems, share, round(share_low, 4), round(share_high, 4)"
    assert ask(compared, f"select {cells} from band_transitions where {PAIR} order by 1, 2") == [
        ("hard", "hard", 1, 1.0, 0.2065, 1.0),
        ("hopeless", "hopeless", 1, 0.5, 0.0945, 0.9055),
        ("hopeless", "trivial", 1, 0.5, 0.0945, 0.9055),
        ("trivial", "hopeless", 1, 1.0, 0.2065, 1.0),
    ]
    back = ask(compared, "select band, later_band, problems from band_transitions where policy = 'stage1' and later_policy = 'base'")
    assert sorted(back) == [("hard", "hard", 1), ("hopeless", "hopeless", 1), ("hopeless", "trivial", 1), ("trivial", "hopeless", 1)]


def inverted(tmp_path, weak: str, strong: str, problems: int = 40):
    """The inversions where two policies answer `doubt` so, and of so many other problems the strong one solves more."""
    said = {"weak": {"doubt": weak}, "strong": {"doubt": strong}}
    for place in range(problems):
        said["weak"][f"p{place}"] = "ciiiciii" if place % 2 else "iiiiiiii"
        said["strong"][f"p{place}"] = "ccccicic"
    rows = [row for policy, of in said.items() for name, letters in of.items() for row in verdicts(name, letters, policy_id=policy)]
    rows += verdicts("p0", "c" * 8, policy_id="weak", sampling_id="hinted") + verdicts(
        "p0", "i" * 8, policy_id="strong", sampling_id="hinted"
    )
    given = {"problems": [{"problem_id": name, "source_id": name} for name in said["weak"]], "verdicts": rows}
    given |= {
        "policies": [{"policy_id": name, "name": f"the {name} one"} for name in said],
        "samplings": [{"sampling_id": "hinted", "hints": True}],
    }
    return warehouse(tmp_path, given, wanted=["suspect_labels"])


def test_a_surely_weaker_policy_that_solves_what_a_better_one_fails_makes_a_label_worth_a_look(tmp_path):
    connection = inverted(tmp_path, "c" * 8, "i" * 8)
    columns = "reason, source_id, policy_id, weaker_policy_id, weaker_policy, weaker_accuracy, n, k, voted, round(probability, 3)"
    luck = 1 / math.comb(16, 8)  # all eight right answers of sixteen on one side, of 41 problems compared
    assert ask(connection, f"select {columns} from suspect_labels") == [
        ("inversion", "doubt", "strong", "weak", "the weak one", 1.0, 8, 0, None, round(1 - 41 * luck, 3))
    ]
    [(compared, found, share)] = ask(connection, "select compared, luck, false_share from inversions")
    assert compared == 41 and found == pytest.approx(luck) and share == pytest.approx(41 * luck)


@pytest.mark.parametrize(
    ("weak", "strong", "problems"), [("cccccccc", "iicccici", 40), ("cciccccc", "iiciiiii", 40), ("c" * 8, "i" * 8, 3)]
)
def test_no_inversion_where_luck_or_too_few_problems_explain_it(tmp_path, weak, strong, problems):
    assert ask(inverted(tmp_path, weak, strong, problems), "select * from inversions") == []


def test_a_gold_answer_that_cannot_be_compared_with_is_suspect(tmp_path):
    connection = warehouse(tmp_path, {"problems": [{"problem_id": "p"}], "verdicts": verdicts("p", "ssss")}, wanted=["suspect_labels"])
    assert ask(connection, "select reason, n, k, vote_share from suspect_labels") == [("unscorable", 0, 0, None)]
