import polars as pl
import pytest
from pydantic import ValidationError

from tasks.base.errors import InputError
from tasks.difficulty import task
from tasks.estimates.settings import DifficultySettings
from tests.sql.rows import graded_artifact, problems_artifact, verdicts

SETTINGS = DifficultySettings()


def asked(home, graded, problems, settings) -> task.DifficultyRequest:
    return task.DifficultyRequest(home=home, graded=graded, problems=problems, settings=settings)


def measure(*given):
    return task.measure_difficulty.fn(asked(*given))


def test_measure_sees_its_problems_golds_and_rounds_only(tmp_path):
    problems = problems_artifact(tmp_path, [{"problem_id": "p"}, {"problem_id": "q"}])
    rows = [*verdicts("p", "ccii"), *verdicts("q", "iiii"), *verdicts("q", "cccc", gold_id="old"), *verdicts("other", "cccc")]
    made = measure(tmp_path, graded_artifact(tmp_path, rows, rounds=3), (problems,), SETTINGS)
    difficulty = pl.read_parquet(made.file("difficulty.parquet"))
    assert difficulty.select("problem_id", "n", "k").rows() == [("p", 3, 2), ("q", 3, 0)]
    assert pl.read_parquet(made.file("histogram.parquet")).select("bin", "problems").rows() == [(0, 1), (1, 0), (2, 1), (3, 0)]
    assert pl.read_parquet(made.file("u_shape.parquet"))["problems"].to_list() == [2]
    manifest = made.manifest
    assert (manifest["policy_id"], manifest["sampling_id"], manifest["grader_id"], manifest["rounds"]) == ("base", "warm", "strict", 3)
    assert manifest["counts"] == {"geometry/train": {"easy": 1, "hopeless": 1}}


def test_measuring_again_gives_the_same_bytes(tmp_path):
    made = []
    for home in (tmp_path / "a", tmp_path / "b"):
        problems = problems_artifact(home, [{"problem_id": str(name)} for name in range(50)])
        rows = [row for name in range(50) for row in verdicts(str(name), "c" * (name % 5) + "i" * (4 - name % 5))]
        made.append(measure(home, graded_artifact(home, rows), (problems,), SETTINGS))
    assert made[0].key == made[1].key and made[0].content == made[1].content


def test_plan_follows_content_settings_and_sql(tmp_path, monkeypatch):
    problems = problems_artifact(tmp_path, [{"problem_id": "p"}])
    graded = graded_artifact(tmp_path, verdicts("p", "ci"))
    plan = asked(tmp_path, graded, (problems,), SETTINGS).target()
    assert asked(tmp_path, graded, (problems,), SETTINGS).target() == plan
    assert asked(tmp_path, graded, (problems,), DifficultySettings(low=0.1)).target().key != plan.key
    less = graded_artifact(tmp_path, verdicts("p", "ci"), rounds=1, name="less")
    assert asked(tmp_path, less, (problems,), SETTINGS).target().key != plan.key
    monkeypatch.setattr(task, "sql_digests", lambda *marts: {"marts/difficulty.sql": "edited"})
    assert asked(tmp_path, graded, (problems,), SETTINGS).target().key != plan.key


def test_a_profile_of_other_problems_is_an_error(tmp_path):
    problems = problems_artifact(tmp_path, [{"problem_id": "p"}])
    with pytest.raises(InputError, match="no verdict on any of the given problems"):
        measure(tmp_path, graded_artifact(tmp_path, verdicts("other", "ci")), (problems,), SETTINGS)


def test_a_shard_that_is_gone_is_named(tmp_path):
    problems, graded = problems_artifact(tmp_path, [{"problem_id": "p"}]), graded_artifact(tmp_path, verdicts("p", "ci"))
    (shard,) = (tmp_path / "verdicts").glob("[!_]*/*.parquet")
    shard.unlink()
    with pytest.raises(InputError, match=str(shard)):
        measure(tmp_path, graded, (problems,), SETTINGS)


@pytest.mark.parametrize("wrong", [{"low": 0.5}, {"high": 1.2}, {"low": -0.1}, {"hard_below": 0.65}, {"confidence": 1.0}, {"hihg": 0.9}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        DifficultySettings(**wrong)
