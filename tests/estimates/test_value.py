"""What another batch of rounds is worth: against simulation, against what it is asked to meet, and over what no rule can learn from."""

import numpy as np
import polars as pl
import pytest

from tasks.estimates.fit import PROFILE
from tasks.estimates.prior import Prior
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.estimates.stopping import stopping_rule
from tasks.estimates.value import First, Outlook, best_plan, plan_at
from tasks.sampling.settings import SamplingSettings
from tests.bench.adaptive import OF_MOST, ROUNDS, SHAPES, accuracies, drawn, fixed, most_saved, saved, stopped

U = Prior("fit", (1.0,), (0.4,), (0.4,))
RANGES = ((0.084, 0.87),)
BANDS = DifficultySettings()


def first(tokens=(1.0,), n=4):
    """Each outcome of the first n rounds once for each length, as often as a U gives it."""
    place, k = (part.ravel() for part in np.indices((len(tokens), n + 1)))
    chances = Outlook(U, RANGES, n, n).right_among(n, 0)[0]
    return First(np.array(tokens), place, np.full(len(k), n), k, 1000 * chances[k])


def outcomes(k, n, rounds, **columns):
    """Rows of `first_outcomes`, a problem each."""
    rows = pl.DataFrame({"n": n, "k": k}, schema={"n": pl.Int64, "k": pl.Int64})
    filled = {name: pl.lit("") for name in PROFILE} | {"max_rounds": pl.lit(rounds), "length": pl.lit(0), "problems": pl.lit(1)}
    return rows.with_columns(**filled | columns)


def test_a_plan_costs_and_errs_as_simulation_says():
    outlook = Outlook(U, RANGES, 16, 2)
    plan = plan_at(0.006, outlook, np.ones(1))
    p = accuracies(U, 50_000)
    right = drawn(p, 16)
    n = np.full(len(p), 16)
    for look in range(14, 3, -2):
        n = np.where(~plan.goes_on[look, 0, right[:, look]], look, n)
    k = right[np.arange(len(p)), n]
    assert n.mean() == pytest.approx(plan.mean_rounds(first()), abs=0.06)
    assert outlook.wrong[n, k].mean() == pytest.approx(plan.mean_wrong(first()), abs=0.003)


def test_no_other_plan_does_better_at_its_price():
    outlook, tokens = Outlook(U, RANGES, 10, 2), np.ones(1)

    def spent(plan, price):
        return plan.mean_wrong(first()) + price * plan.mean_rounds(first())

    plans = {price: plan_at(price, outlook, tokens) for price in (0.0, 0.002, 0.006, 0.02, 1.0)}
    for price, best in plans.items():
        assert spent(best, price) <= min(spent(other, price) for other in plans.values()) + 1e-12
    assert not plans[1.0].goes_on.any()


def test_looking_one_batch_ahead_is_not_enough():
    """After 2 of 4 no single round turns the decision to keep, and several may."""
    near, far = (plan_at(1e-5, Outlook(U, RANGES, rounds, 1), np.ones(1)).goes_on[4, 0, 2] for rounds in (5, 16))
    assert (near, far) == (False, True)


def test_long_responses_are_drawn_less():
    plan = best_plan(Outlook(U, RANGES, 16, 2), first(tokens=(64.0, 1024.0)), AdaptiveSettings())
    assert (plan.goes_on[:, 0] | ~plan.goes_on[:, 1]).all()
    assert plan.goes_on[:, 0].sum() > plan.goes_on[:, 1].sum()


@pytest.mark.parametrize("budget", [5.0, 6.4, 9.0])
def test_a_budget_is_kept_and_spent(budget):
    plan = best_plan(Outlook(U, RANGES, 16, 1), first(), AdaptiveSettings(budget=budget))
    assert budget - 0.7 < plan.mean_rounds(first()) <= budget


def test_more_excess_saves_more():
    outlook = Outlook(U, RANGES, 16, 2)
    found = [best_plan(outlook, first(), AdaptiveSettings(excess=excess)).mean_rounds(first()) for excess in (0.0, 0.01, 0.03)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3


@pytest.mark.parametrize("shape", SHAPES)
def test_a_point_more_wrong_decisions_save_most_of_what_any_rule_can(shape):
    p = accuracies(SHAPES[shape], 40_000)
    right = drawn(p, ROUNDS)
    all_rounds, early = fixed(right, ROUNDS), stopped(right, AdaptiveSettings())
    before = stopped(right, AdaptiveSettings(rule="predictive"))
    worse = early.wrong(p) - all_rounds.wrong(p)
    assert worse <= (0.013 if SHAPES[shape].kind == "fit" else 0.02)  # one point, and the noise of 40,000; one Beta fits no mixture
    assert saved(early) >= OF_MOST * most_saved(SHAPES[shape], all_rounds.wrong(p) + worse)
    assert early.mean_rounds < before.mean_rounds - 0.5
    assert early.wrong(p) < fixed(right, round(early.mean_rounds)).wrong(p) - 0.01


@pytest.mark.parametrize(
    ("k", "n", "rounds", "rule"),
    [
        ([4] * 30, [4] * 30, 16, AdaptiveSettings()),
        ([0] * 30, [4] * 30, 16, AdaptiveSettings()),
        ([0, 2, 4], [4, 4, 4], 16, AdaptiveSettings()),
        ([0, 1, 1], [1, 1, 1], 8, AdaptiveSettings(min_rounds=1)),
        ([0, 0, 2], [0, 3, 4], 8, AdaptiveSettings()),
        ([1] * 20, [2] * 20, 64, AdaptiveSettings(min_rounds=2, every=30)),
        ([0, 1], [1, 1], 2, AdaptiveSettings(min_rounds=1, budget=1)),
    ],
    ids=["all solved", "none solved", "three problems", "one round", "rounds that do not count", "sixty rounds on", "the least budget"],
)
def test_whatever_the_first_rounds_say_there_is_a_rule(k, n, rounds, rule):
    table = stopping_rule(outcomes(k, n, rounds), rule, BANDS)
    assert table.select("n", "k").rows() == [(n, k) for n in range(1, rounds) for k in range(n + 1)]
    assert table["is_decided"].null_count() == 0
    assert table.filter(~pl.col("p_mean").is_between(0, 1) | (pl.col("later_low") > pl.col("later_high"))).is_empty()
    assert table["later_chance"].is_between(BANDS.confidence - 1e-9, 1 + 1e-9).all()


def test_no_outcomes_make_an_empty_rule():
    assert stopping_rule(outcomes([], [], 8), AdaptiveSettings(), BANDS).is_empty()


def test_where_nothing_can_change_nothing_is_drawn():
    table = stopping_rule(outcomes([4] * 200 + [0], [4] * 201, 16), AdaptiveSettings(ranges=((0.0, 1.0),)), BANDS)
    assert table["is_decided"].all()


def test_the_stages_decide_together():
    both = AdaptiveSettings(ranges=((0.084, 0.87), (0.084, 0.5)))
    numbers = np.random.default_rng(0)
    k = numbers.binomial(4, numbers.beta(0.4, 0.4, 500))
    one, two = (stopping_rule(outcomes(k, [4] * 500, 16), rule, BANDS) for rule in (AdaptiveSettings(), both))
    middle = (pl.col("n") == 8) & (pl.col("k") == 4)  # sure to be kept by the first range, not by the second
    assert one.filter(middle)["is_decided"].item() and not two.filter(middle)["is_decided"].item()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ranges": ((0.9, 0.1),)}, "ranges"),
        ({"ranges": ()}, "ranges"),
        ({"ranges": ((0.1, 0.9),), "edges": (0.5,)}, "ranges and edges"),
        ({"budget": 3}, "budget 3 is below min_rounds 4"),
        ({"match_rounds": 2}, "match_rounds 2 is below min_rounds 4"),
        ({"rule": "wilson", "excess": 0.02}, "does not read excess"),
        ({"confidence": 0.9}, "does not read confidence; leave it out, or name a rule that does, such as 'predictive'"),
        ({"audit_share": 1.5}, "audit_share"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        AdaptiveSettings(**wrong)


def test_rounds_to_match_are_among_those_there_are():
    with pytest.raises(ValueError, match="match_rounds 16 is above rounds 8"):
        SamplingSettings(rounds=8, adaptive=AdaptiveSettings(match_rounds=16))


def test_older_rules_are_written_as_they_were():
    written = AdaptiveSettings(rule="predictive").model_dump()
    assert written == {"rule": "predictive", "confidence": 0.94, "min_rounds": 4, "every": 2, "edges": None, "prior": (0.5, 0.5)}
    assert AdaptiveSettings.model_validate(AdaptiveSettings().model_dump()) == AdaptiveSettings()
