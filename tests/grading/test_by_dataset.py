"""Another verifier for a dataset: in profiles, in training, under one name, and asked anew only where something of its own has changed."""

from pathlib import Path

import polars as pl
import pytest

from flows.recipe import Recipe, load_recipe
from tasks.base.errors import InputError
from tasks.grading.graders import called
from tasks.grading.judges import Judges
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import Gold, Verdict, grader_id
from tasks.lake.compaction import CompactionSettings, compact
from tasks.lake.lake import Lake
from tasks.training.rewards import Rewards
from tests.grading.grading_lakes import answered, graded, verdicts

pytestmark = pytest.mark.process

PROBLEMS = [
    {"problem_id": "s", "dataset": "sums", "answer": "4"},
    {"problem_id": "c", "dataset": "charts", "answer": "blue"},
    {"problem_id": "p", "dataset": "proofs", "answer": "by induction"},
]
SAID = {"s": ["\\boxed{4}", "\\boxed{5}"], "c": ["it is blue", "red"], "p": ["by induction", "obvious"]}
SAYS = """
from pathlib import Path

def judge(response, gold, problem):
    with Path(__file__).with_suffix(".log").open("a") as log:
        log.write(response + "\\n")
    return {verdict}
"""


def verifier(folder: Path, name: str, verdict: str = "gold in response") -> str:
    """A verifier in a file of its own, which writes down what it is asked."""
    (folder / f"{name}.py").write_text(SAYS.format(verdict=verdict))
    return f"{folder / name}.py:judge"


def asked(folder: Path, name: str) -> list[str]:
    """What a verifier was asked since this was last looked at: each response once, as the first few are asked twice."""
    log = folder / f"{name}.log"
    lines = sorted(set(log.read_text().splitlines())) if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def by_dataset(**verifiers: str) -> GradingSettings:
    return GradingSettings(workers=1, by_dataset={name: {"verifier": verifier} for name, verifier in verifiers.items()})


def test_each_dataset_is_judged_by_its_own_and_all_under_one_name(tmp_path: Path) -> None:
    settings = by_dataset(charts=verifier(tmp_path, "charts"), proofs=verifier(tmp_path, "proofs", "'unparseable'"))
    made = graded(tmp_path, answered(tmp_path, SAID), PROBLEMS, settings)
    found = verdicts(tmp_path, grader_id(settings))
    assert {key: verdict for key, (verdict, _) in found.items()} == {
        ("s", 0): "correct",
        ("s", 1): "incorrect",
        ("c", 0): "correct",
        ("c", 1): "incorrect",
        ("p", 0): "unparseable",
        ("p", 1): "unparseable",
    }
    assert found["c", 0][1].startswith("verifier-judge-") and found["s", 0][1] == "same_text"
    assert made.manifest["grader_id"] == grader_id(settings)
    assert called(settings).endswith("charts by charts.py:judge, proofs by proofs.py:judge")


def test_only_what_depends_on_a_change_is_judged_anew(tmp_path: Path) -> None:
    charts, proofs = verifier(tmp_path, "charts"), verifier(tmp_path, "proofs")
    profile, first = answered(tmp_path, SAID, per_shard=2), by_dataset(charts=charts, proofs=proofs)
    known = grader_id(first)
    graded(tmp_path, profile, PROBLEMS, first)
    assert asked(tmp_path, "charts") == sorted(SAID["c"]) and asked(tmp_path, "proofs") == sorted(SAID["p"])
    verifier(tmp_path, "charts", "not gold in response")
    assert grader_id(first) != known
    graded(tmp_path, profile, PROBLEMS, first)
    assert asked(tmp_path, "charts") == sorted(SAID["c"]) and asked(tmp_path, "proofs") == []
    before, after = verdicts(tmp_path, known), verdicts(tmp_path, grader_id(first))
    assert {key for key in before if before[key] != after[key]} == {("c", 0), ("c", 1)} and len(after) == 6
    compact(Lake(tmp_path), CompactionSettings(min_shards=2))
    without = by_dataset(proofs=proofs)
    graded(tmp_path, profile, PROBLEMS, without)
    assert asked(tmp_path, "proofs") == [] and verdicts(tmp_path, grader_id(without))["p", 0] == before["p", 0]


def test_what_a_name_does_not_tell_is_judged_anew(tmp_path: Path) -> None:
    """Of verdicts by our rules beside a verifier that judges all else, the name does not say by which rules."""
    mine, profile = verifier(tmp_path, "mine", "True"), answered(tmp_path, SAID)
    one = GradingSettings(workers=1, verifier=mine, by_dataset={"sums": {}})
    graded(tmp_path, profile, PROBLEMS, one)
    rows = Lake(tmp_path).scan("verdicts").collect().with_columns(verdict=pl.lit("incorrect"))
    [shard] = Lake(tmp_path).home.glob("verdicts/verifier*/*.parquet")
    rows.write_parquet(shard)
    other = GradingSettings(workers=1, verifier=mine, by_dataset={"sums": {}, "charts": {}})
    graded(tmp_path, profile, PROBLEMS, other)
    found = verdicts(tmp_path, grader_id(other))
    assert found["s", 0][0] == "correct" and found["p", 0][0] == "incorrect"  # the first anew, the second taken over as it was stored


def test_a_name_changes_only_with_who_judges(tmp_path: Path) -> None:
    mine = verifier(tmp_path, "mine")
    assert grader_id(by_dataset()) == grader_id(GradingSettings(by_dataset={"sums": {}})) == grader_id()
    assert grader_id(GradingSettings(verifier=mine, by_dataset={"sums": {"verifier": mine}})) == grader_id(GradingSettings(verifier=mine))
    names = [grader_id(by_dataset(charts=mine)), grader_id(by_dataset(proofs=mine)), grader_id(by_dataset(charts=mine, proofs=mine))]
    assert len({*names, grader_id()}) == 4


def test_training_gives_the_rewards_that_a_profile_gives(tmp_path: Path) -> None:
    with Judges(by_dataset(charts=verifier(tmp_path, "charts", "problem['question'] == 'which?'"))) as judges:
        batch = {"answer": ["4", "4"], "choices": [[], []], "precision": [None, None], "question": ["which?"] * 2}
        rewards = Rewards(judges).accuracy(completions=["\\boxed{5}"] * 2, dataset=["sums", "charts"], **batch)
        [grade] = judges.grade(["red"], [Gold("4", question="which?", dataset="charts")])
    assert rewards == [0.0, 1.0] and grade.verdict == Verdict.correct


def test_a_dataset_that_no_problem_is_of_is_an_error_with_the_near_name(tmp_path: Path) -> None:
    mine = verifier(tmp_path, "mine")
    with pytest.raises(InputError, match=r"names 'starter-chart', which is no dataset of problems \(did you mean `starter-charts`"):
        load_recipe("starter", [f"grading.by_dataset={{starter-chart: {{verifier: '{mine}'}}}}"])
    recipe = load_recipe("starter", [f"grading.by_dataset={{starter-charts: {{verifier: '{mine}'}}}}"])
    assert isinstance(recipe, Recipe) and recipe.grading.verifier_of("starter-charts") == mine
    with pytest.raises(InputError, match=r"grading\.by_dataset\.starter-charts\.verifier 'gone\.py:judge': there is no file"):
        load_recipe("starter", ["grading.by_dataset={starter-charts: {verifier: 'gone.py:judge'}}"])
