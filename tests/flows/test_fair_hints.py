"""Hints on held-out problems go by draws that no arm is counted by: by those that are compared a hint that does nothing would help."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from flows.commands.plan import plan_flow
from flows.pipeline import pipeline
from flows.recipe import load_recipe
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.policy.identity import Policy
from tasks.prompting.settings import HintSettings, PromptingSettings
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.task import SampleRequest
from tasks.steps.planning import Step
from tests.sql.rows import ask, problems_artifact, verdicts, warehouse

SAMPLES, PROBLEMS = 8, 400_000
EDGES = DifficultySettings()
HINTED = EDGES.medium_below
"""Problems below this accuracy carry a hint by default."""


def gain(apart: bool) -> tuple[float, float]:
    """What a hint that does nothing seems to give on problems like the starter's, in points, and its standard error: bands by draws `apart`
    from those that are compared, or by the very draws."""
    chance = np.random.default_rng(5)
    p = chance.beta(0.55, 0.5, PROBLEMS)  # solved in half of all tries, and a U
    plain, anew, others = (chance.binomial(SAMPLES, p) / SAMPLES for _ in range(3))
    differences = np.where((others if apart else plain) < HINTED, anew - plain, 0.0)  # without a hint the plain answers count again
    return 100 * differences.mean(), 100 * differences.std() / PROBLEMS**0.5


def test_the_default_hints_are_those_that_are_simulated() -> None:
    assert set(HintSettings().by_band) == {"hopeless", "hard", "medium"}


def test_a_hint_that_does_nothing_gains_by_bands_of_the_compared_draws_alone() -> None:
    reused, _ = gain(apart=False)
    fresh, error = gain(apart=True)
    assert 1.3 < reused < 2.3
    assert error < 0.05 and abs(fresh) < 3 * error


@pytest.fixture
def steps(tmp_path: Path) -> list[Step]:
    """What a run of the starter's recipe would do."""
    return plan_flow(pipeline, load_recipe("starter"), tmp_path / "runs").steps


def made_from(steps: list[Step], step: Step, name: str) -> list[Step]:
    """The steps that a step takes an input from."""
    return [steps[int(place.removeprefix("step ")) - 1] for place in np.atleast_1d(step.inputs[name])]


def test_bands_rest_on_draws_that_no_arm_is_counted_by(steps: list[Step]) -> None:
    hinted = [step for step in steps if step.task == "sample" and " and hints, " in step.name]
    measured = [made_from(steps, step, "hints_from")[0] for step in hinted]
    assert len(hinted) == 3 and all(one is other for one, other in pairwise(measured))  # every policy by the same
    [graded] = made_from(steps, measured[0], "graded")
    [drawn] = made_from(steps, graded, "profile")
    assert "(heldout) with base for the bands of hints, rounds 1–8" in drawn.name
    [evaluation] = [step for step in steps if step.task == "evaluate"]
    assert graded.number not in {step.number for step in made_from(steps, evaluation, "arms")}


def test_a_plan_without_hints_draws_none_for_bands(tmp_path: Path) -> None:
    found = plan_flow(pipeline, load_recipe("starter", ["evaluation.hints=false"]), tmp_path / "runs").steps
    assert not [step for step in found if "hints" in step.name]


def request(home: Path, **more: bool) -> SampleRequest:
    """Two rounds of a held-out problem."""
    policy = Policy(policy_id="b", name="base", kind="base", model="m")
    problems: tuple[Artifact, ...] = (problems_artifact(home, [{"problem_id": "p"}]),)
    return SampleRequest(
        home=home, policy=policy, problems=problems, prompting=PromptingSettings(), sampling=SamplingSettings(rounds=2), seed=3, **more
    )


def test_draws_for_bands_are_another_sampling_with_other_seeds(tmp_path: Path) -> None:
    plain, apart = request(tmp_path), request(tmp_path, for_bands=True)
    assert plain.spec().seed == 3 != apart.spec().seed
    assert plain.spec().sampling_id != apart.spec().sampling_id and plain.target().key != apart.target().key


POLICIES = [{"policy_id": "base", "name": "base"}, {"policy_id": "s1", "name": "stage1", "parent_id": "base"}]
PROBLEM_ROWS = [{"problem_id": name, "split": "heldout"} for name in "abcd"]
PLAIN = [row for place, name in enumerate("abcd") for row in verdicts(name, "c" * place + "i" * (8 - place))]
LATER = [row | {"policy_id": "s1", "verdict": "correct"} for row in PLAIN]
APART = [row | {"sampling_id": "apart"} for row in PLAIN]
WAYS = [{"sampling_id": "warm", "temperature": 1.0, "template": "plain", "max_tokens": 9}]
FOR_BANDS = WAYS[0] | {"sampling_id": "apart", "for_bands": True}


def test_what_compares_policies_sees_no_draws_for_bands(tmp_path: Path) -> None:
    """Nor are the others called differently."""
    marts = ["policy_drift", "difficulty_drift", "band_transitions", "stg_samplings", "difficulty"]
    given = {"problems": PROBLEM_ROWS, "policies": POLICIES, "verdicts": [*PLAIN, *LATER], "samplings": WAYS}
    both = {**given, "verdicts": [*PLAIN, *LATER, *APART], "samplings": [*WAYS, FOR_BANDS]}
    without, beside = (warehouse(tmp_path / name, rows, wanted=marts) for name, rows in (("without", given), ("both", both)))
    for mart in marts[:3]:
        assert beside.table(mart).pl().equals(without.table(mart).pl()) and len(beside.table(mart).pl())
    assert ask(beside, "select distinct n from difficulty") == [(8,)]
    assert ask(beside, "select sampling, for_bands from stg_samplings order by for_bands") == [
        ("t=1.0 max 9 tokens plain", False),
        ("t=1.0 max 9 tokens plain for the bands of hints", True),
    ]
