"""What re-curation finds of a policy that has not changed, and of one that has."""

import numpy as np
import polars as pl
import pytest

from tasks.curation.candidates import Candidates
from tasks.curation.drift import StageDrift
from tasks.curation.drift_task import drift_of_stages
from tasks.curation.rules import choose
from tasks.curation.settings import StageRule
from tasks.curation.unchanged import Before
from tests.bench.drift import moved_by
from tests.curation.measured import EDGES, candidates_of

PROBLEMS, RULE = 300, StageRule()


def answers(policy: str, p: np.ndarray, numbers: np.random.Generator) -> Candidates:
    """The candidates of a policy that was asked eight times."""
    rows = {"problem_id": [f"p{place}" for place in range(len(p))], "policy_id": policy, "n": 8, "k": numbers.binomial(8, p)}
    return candidates_of(pl.DataFrame(rows))


def found(before: Candidates, now: Candidates) -> StageDrift:
    """The drift of a set chosen from `before`, as `compare_sets` has it."""
    [stage] = drift_of_stages({"stage": (choose(before, RULE, 0), RULE)}, now, Before(before, EDGES), 0)
    return stage


def test_an_unchanged_policy_exchanges_a_fifth_of_a_set_and_none_of_it_is_drift():
    numbers = np.random.default_rng(1)
    p = numbers.beta(0.4, 0.4, PROBLEMS)
    stage = found(answers("a", p, numbers), answers("b", p, numbers))
    assert stage.share("membership") > 0.15 and stage.chance("membership") == pytest.approx(stage.share("membership"), abs=0.08)
    assert stage.excess("membership") == 0.0


def test_a_policy_that_moved_is_seen_to_have_moved_and_by_how_much():
    numbers = np.random.default_rng(2)
    p = numbers.beta(0.4, 0.4, PROBLEMS)
    before, same, better = (answers(name, q, numbers) for name, q in (("a", p), ("b", p), ("c", moved_by(p, 0.5))))
    profile, used = Before(before, EDGES), set(choose(before, RULE, 0)["problem_id"])
    assert profile.is_asked_anew(same) and not profile.is_asked_anew(before)
    assert profile.shift(same).p_value > 0.01
    shift = profile.shift(better)
    assert shift.p_value < 1e-4 and shift.logits == pytest.approx(0.5, abs=0.2)
    after, places = moved_by(p, 0.5), [int(name[1:]) for name in used]
    left = np.mean(within(p[places])) - np.mean(within(after[places]))
    assert profile.moved(used, RULE.low, RULE.high, shift.logits) == pytest.approx(left, abs=0.03)
    assert profile.moved(used, RULE.low, RULE.high, 0.0) == 0.0


def within(p: np.ndarray) -> np.ndarray:
    """Which accuracies lie between the rule's thresholds."""
    return (p >= RULE.low) & (p <= RULE.high)
