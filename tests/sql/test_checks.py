"""Each check is silent over sound rows and catches the fault it is for."""

import pytest

from tasks.warehouse.checking import CheckFailed, check
from tasks.warehouse.relations import catalogue, sql_files
from tests.sql.rows import rollouts_of, verdicts, warehouse

READ = sorted({name for check in sql_files("checks") for name in catalogue()[check].inputs})  # made before anything is changed in them

SOUND_VERDICTS = [*verdicts("p", "cit"), *verdicts("p", "cc", policy_id="later")]
RUN = {"study_id": "st", "arm": "base", "place": 0, "seed": 0, "is_baseline": True, "policy_id": "b", "evaluation_id": "e"}
SOUND = {
    "problems": [{"problem_id": "p"}],
    "rollouts": rollouts_of(SOUND_VERDICTS),
    "verdicts": SOUND_VERDICTS,
    "curated": [{"problem_id": "p", "rank": 1}, {"problem_id": "q", "rank": 2}],
    "groups": [{"step": 1, "correct": 1, "accuracy": 0.25}],
    "selections": [{"step": 1, "place": 1, "judged": 4, "correct": 1}],
    "evaluations": [{"policy_id": "b", "policy": "base", "problem_id": "p", "n": 2, "k": 1}],
    "studies": [RUN],
    "near_pairs": [{"problem_id": "p", "other_id": "q", "kind": "near", "text_similarity": 0.9, "image_distance": None}],
}

# the rows of one relation that each check must refuse
FAULTS = {
    "rollouts_are_unique": ("rollouts", [*SOUND["rollouts"], SOUND["rollouts"][0]]),
    "verdicts_are_sound": ("verdicts", [*SOUND_VERDICTS, {**SOUND_VERDICTS[0], "verdict": "incorrect"}]),
    "verdicts_have_rollouts": ("rollouts", SOUND["rollouts"][1:]),
    "curated_are_unique": ("curated", [{"problem_id": "p", "rank": 1}, {"problem_id": "p", "rank": 2}]),
    "groups_add_up": ("groups", [{"step": 1, "correct": 1, "accuracy": 0.5}]),
    "selections_add_up": ("selections", [{"step": 1, "place": 1, "judged": 4, "correct": 5}]),
    "evaluations_add_up": ("evaluations", [{"policy_id": "b", "policy": "base", "problem_id": "p", "n": 2, "k": 3}]),
    "evaluations_are_unique": ("evaluations", SOUND["evaluations"] * 2),
    "studies_have_evaluations": ("studies", [RUN | {"policy_id": "not evaluated"}]),
    "pairs_are_ordered": ("near_pairs", [SOUND["near_pairs"][0] | {"problem_id": "q", "other_id": "p"}]),
}

# marts are computed, so their faults are planted by a changed mart
CHANGES = {
    "difficulty_adds_up": "update problem_counts set k = n + 1",
    "intervals_hold_accuracy": "update problem_counts set accuracy_low = accuracy + 0.1",
    "histogram_adds_up": "delete from difficulty_histogram where problems > 0",
    "passes_rise": "update posteriors set p_none = list_reverse(p_none)",
    "estimates_are_sound": "update posteriors set p_hard = p_hard + 0.1",
    "features_are_complete": "delete from problem_features",
    "slices_add_up": "delete from slice_difficulty where slice = 'subject'",
    "transitions_add_up": "update band_transitions set problems = problems + 1",
    "costs_add_up": "update cost set tokens = tokens + 1 where band = 'all'",
}


def test_every_check_has_its_fault():
    assert set(FAULTS) | set(CHANGES) == set(sql_files("checks"))


def test_sound_rows_pass(tmp_path):
    check(warehouse(tmp_path, SOUND, wanted=READ))


def test_an_unknown_verdict_is_caught(tmp_path):
    unknown = [{**SOUND_VERDICTS[0], "verdict": "maybe"}, *SOUND_VERDICTS[1:]]
    connection = warehouse(tmp_path, SOUND | {"verdicts": unknown}, wanted=READ)
    with pytest.raises(CheckFailed, match=r"verdicts_are_sound[\s\S]*'too_many_or_unknown': 1"):
        check(connection)


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_rows_are_caught(tmp_path, name):
    relation, rows = FAULTS[name]
    connection = warehouse(tmp_path, SOUND | {relation: rows}, wanted=READ)
    assert connection.execute(sql_files("checks")[name].read_text()).fetchall()
    with pytest.raises(CheckFailed):
        check(connection)


@pytest.mark.parametrize("name", CHANGES)
def test_faulty_marts_are_caught(tmp_path, name):
    connection = warehouse(tmp_path, SOUND, wanted=READ)
    connection.execute(CHANGES[name])
    with pytest.raises(CheckFailed, match=name):
        check(connection)


def test_two_problems_of_one_rank_are_caught(tmp_path):
    rows = [{"problem_id": "p", "rank": 1}, {"problem_id": "q", "rank": 1}]
    with pytest.raises(CheckFailed, match="rank 1"):
        check(warehouse(tmp_path, SOUND | {"curated": rows}, wanted=READ))
