import json

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.evaluation import task
from tasks.evaluation.comparison import EvaluationArm
from tasks.lake.artifacts import artifact, building
from tasks.lake.lake import RELATIONS
from tasks.sampling.holes import write_missing
from tests.sql.rows import graded_artifact, problems_artifact, verdicts

NAMES = ("p", "q", "r")


def asked(home, arms, problems) -> task.EvaluationRequest:
    return task.EvaluationRequest(home=home, arms=arms, problems=problems)


def evaluate(home, arms, problems):
    return task.evaluate_policies.fn(asked(home, arms, problems))


def heldout(home):
    return (problems_artifact(home, [{"problem_id": name, "split": "test"} for name in NAMES], name="heldout"),)


def graded(home, name: str, **letters: str):
    rows = [row for problem, said in letters.items() for row in verdicts(problem, said)]
    return graded_artifact(home, rows, name=name)


def arms_of(home) -> tuple[EvaluationArm, ...]:
    base, stage = graded(home, "base", p="iiii", q="ccii", r="cccc"), graded(home, "stage", p="ccii", q="ccci", r="cccc")
    hinted = graded(home, "hinted", p="cccc")
    return (
        EvaluationArm(policy="base", policy_id="b", hints=False, graded=base),
        EvaluationArm(policy="stage1", policy_id="s", hints=False, graded=stage),
        EvaluationArm(policy="stage1", policy_id="s", hints=True, graded=hinted, fallback=stage),
    )


def test_evaluate_counts_sums_and_pairs(tmp_path):
    made = evaluate(tmp_path, arms_of(tmp_path), heldout(tmp_path))
    rows = pl.read_parquet(made.file("evaluations.parquet"))
    assert dict(rows.schema) == RELATIONS["evaluations"] and set(rows["evaluation_id"]) == {made.key}
    assert rows.filter(policy="stage1", hints=True).select("problem_id", "n", "k").rows() == [("p", 4, 4), ("q", 4, 3), ("r", 4, 4)]
    summary = pl.read_parquet(made.file("summary.parquet")).filter(dataset="all")
    assert summary.select("policy", "hints", "problems", "samples", "accuracy", "difference").rows() == [
        ("base", False, 3, 12, 0.5, None),
        ("stage1", False, 3, 12, 0.75, 0.25),
        ("stage1", True, 3, 12, pytest.approx(11 / 12), pytest.approx(5 / 12)),
    ]
    effect = pl.read_parquet(made.file("hint_effect.parquet")).filter(dataset="all")
    assert effect.select("policy", "problems", "effect").rows() == [("stage1", 3, pytest.approx(1 / 6))]


def test_hints_that_no_problem_carries_fall_back_whole(tmp_path):
    plain = graded(tmp_path, "plain", p="ci", q="ci", r="ci")
    none = graded(tmp_path, "none")
    arm = EvaluationArm(policy="base", policy_id="b", hints=True, graded=none, fallback=plain)
    rows = pl.read_parquet(evaluate(tmp_path, (arm,), heldout(tmp_path)).file("evaluations.parquet"))
    assert rows["k"].to_list() == [1, 1, 1]


def test_plan_follows_every_arm(tmp_path):
    arms, problems = arms_of(tmp_path), heldout(tmp_path)
    keys = {
        asked(tmp_path, chosen, problems).target().key
        for chosen in (arms, arms[:2], arms[:1], (arms[0].model_copy(update={"policy": "x"}),))
    }
    keys.add(asked(tmp_path, (*arms[:2], arms[2].model_copy(update={"fallback": None})), problems).target().key)
    assert len(keys) == 5
    assert asked(tmp_path, arms, problems).target().key in keys


def test_an_arm_without_answers_is_an_error(tmp_path):
    arm = EvaluationArm(policy="stage1", policy_id="s", hints=False, graded=graded(tmp_path, "others", x="cc"))
    with pytest.raises(InputError, match="policy stage1 has no graded answer"):
        evaluate(tmp_path, (arm,), heldout(tmp_path))


def test_hinted_answers_that_could_not_be_had_are_not_taken_from_those_without_hints(tmp_path):
    profile = artifact(tmp_path, "profiles", {"name": "hinted"})
    with building(profile, {}) as folder:
        write_missing(pl.DataFrame({"problem_id": ["q"], "round": [0], "sample": [0], "reason": ["too long"]}), folder)
    plain, hinted = graded(tmp_path, "plain", p="ci", q="ci", r="ci"), graded(tmp_path, "hinted", p="cc")
    manifest = hinted.path / "manifest.json"
    manifest.write_text(json.dumps({**hinted.manifest, "profile": profile.key}))
    arm = EvaluationArm(policy="base", policy_id="b", hints=True, graded=hinted, fallback=plain)
    rows = pl.read_parquet(evaluate(tmp_path, (arm,), heldout(tmp_path)).file("evaluations.parquet"))
    assert rows.select("problem_id", "k").rows() == [("p", 2), ("r", 1)]


def test_problems_that_are_versions_of_one_are_a_cluster(tmp_path):
    rows = [
        {"problem_id": name, "split": "test", "metadata": metadata}
        for name, metadata in (("p", '{"version_of": "one"}'), ("q", '{"version_of": "one", "level": 2}'), ("r", "{}"))
    ]
    made = evaluate(tmp_path, arms_of(tmp_path)[:2], (problems_artifact(tmp_path, rows, name="versions"),))
    assert pl.read_parquet(made.file("evaluations.parquet")).filter(policy="base")["cluster"].to_list() == ["one", "one", None]
    assert pl.read_parquet(made.file("summary.parquet")).select("problems", "clusters").rows() == [(3, 2)] * 4
