"""What a sweep recommends is what its pair gives, put into the recipe."""

import polars as pl
import pytest

from tasks.curation.settings import SetSettings, StageRule
from tasks.curation.sweep import Sweep, SweepSettings, sweep
from tasks.curation.task import CurationRequest, curate_sets
from tasks.difficulty.task import DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tests.sql.rows import graded_artifact, problems_artifact, verdicts

SOLVED = (15, 18, 15, 11, 7, 8, 11, 20, 23)  # problems solved 0 … 8 times in 8 rounds, a quarter of what the starter's are
CASES = [("medium_to_hard", "posterior"), ("medium_to_hard", "share"), ("medium", "posterior")]

Measured = tuple[Lake, Artifact, Artifact]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """A published lake with problems as hard as the starter's, these problems, and their difficulty."""
    lake = Lake(tmp_path_factory.mktemp("swept") / "runs")
    right = [times for times, problems in enumerate(SOLVED) for _ in range(problems)]
    problems = problems_artifact(lake.home, [{"problem_id": f"p{place}", "row": place} for place in range(len(right))])
    rows = [row for place, times in enumerate(right) for row in verdicts(f"p{place}", "c" * times + "i" * (8 - times))]
    graded, bands = graded_artifact(lake.home, rows), DifficultySettings()
    lake.record("policies", {"policy_id": "base", "name": "base", "kind": "base", "model": "m", "parent_id": "", "stage_id": ""})
    lake.record("samplings", {"sampling_id": "warm", "template": "plain", "hints": False, "temperature": 1.0, "max_tokens": 120})
    publish(lake, bands)
    return lake, problems, measure_difficulty.fn(DifficultyRequest(home=lake.home, graded=graded, problems=(problems,), settings=bands))


def swept(measured: Measured, rule: StageRule) -> tuple[Sweep, dict]:
    """A sweep of a stage of that rule, and its row of the recommended pair."""
    found = sweep(measured[0], SweepSettings(stage="stage2", rule=rule, seed=3))
    return found, found.pairs.filter(low=found.recommended[0], high=found.recommended[1]).row(0, named=True)


def curated(measured: Measured, rule: StageRule, pair: tuple[float, float]) -> int:
    """How many problems the stage has when the pair stands in its recipe."""
    lake, problems, difficulty = measured
    settings = SetSettings(rules={"stage2": rule.model_copy(update={"low": pair[0], "high": pair[1]})})
    made = curate_sets.fn(CurationRequest(home=lake.home, difficulty=difficulty, problems=(problems,), settings=settings, seed=3))
    return pl.read_parquet(made.file("curated.parquet")).height


@pytest.mark.parametrize(("name", "estimate"), CASES)
def test_the_recommended_pair_fills_the_set_as_promised(measured: Measured, name: str, estimate: str) -> None:
    rule = StageRule(rule=name, size=36, low=0.084, high=0.51, estimate=estimate)
    found, best = swept(measured, rule)
    assert best["chosen"] == 36 == curated(measured, rule, found.recommended)
    enough = found.pairs.filter(pl.col("chosen") == 36)
    assert best["zero_signal_share"] == enough["zero_signal_share"].min()
    decided = "the raw share" if estimate == "share" else "the posterior"
    assert f"rule '{name}' chooses 36 problems for stage2" in found.reason and found.reason.endswith(f"What decides is {decided}")


def test_where_no_pair_fills_the_set_the_size_that_is_said_does(measured: Measured) -> None:
    rule = StageRule(rule="medium_to_hard", size=150, low=0.084, high=0.51, estimate="share")
    found, best = swept(measured, rule)
    assert f"no pair gives the 150 problems asked for; rule 'medium_to_hard' chooses {best['chosen']} problems" in found.reason
    assert best["chosen"] == sum(SOLVED[:8])  # its upper end is left out, so that those always solved are never chosen by the share
    assert curated(measured, rule.model_copy(update={"size": best["chosen"]}), found.recommended) == best["chosen"]


def test_what_is_told_of_a_choice_is_of_the_chosen(measured: Measured) -> None:
    """Of learnability, which chooses the best: fewer are better, and all are like the grid says."""
    found, _ = swept(measured, StageRule(rule="learnability", size=24))
    sizes = found.sizes.filter(low=0.0, high=1.0).sort("size")
    assert sizes["size"].to_list() == [12, 24, 48] == sizes["chosen"].to_list()
    assert sizes["zero_signal_share"].is_sorted() and sizes["reward_variance"].is_sorted(descending=True)
