"""A recorded stage shown to the beliefs step by step: what they say of a step rests on the steps before it alone, and is scored by hand."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from polars.testing import assert_frame_equal

from tasks.estimates.forecasts import BELIEFS, GROUPS, Recorded, expected_now, replayed
from tasks.estimates.live.belief import prior_of
from tasks.estimates.live.breadth import Breadth
from tasks.estimates.live.choice import Moment, choose
from tasks.estimates.live.samplers import belief_of

G = 8
Group = tuple[int, str, int, int]  # step, problem, judged, right


def recorded(groups: Sequence[Group], logits: dict[str, float | None], variance: float = 0.5) -> Recorded:
    """A stage with these groups, of problems whose profile says these logits (None: none)."""
    rows = [("s", step, name, judged, right) for step, name, judged, right in groups]
    known = {name: None if mean is None else variance for name, mean in logits.items()}
    problems = {"problem_id": list(logits), "logit_mean": list(logits.values()), "logit_variance": list(known.values())}
    schema = {"problem_id": pl.String, "logit_mean": pl.Float64, "logit_variance": pl.Float64}
    return Recorded(pl.DataFrame(rows, schema=GROUPS, orient="row"), pl.DataFrame(problems, schema=schema), G)


def simulated(gain: float, seed: int = 0, steps: int = 40) -> Recorded:
    """A stage of 60 problems whose policy gains so many logits on its way, each problem at its own speed."""
    numbers = np.random.default_rng(seed)
    logits, speed = numbers.normal(-0.5, 1.0, 60), numbers.lognormal(0.0, 0.5, 60)
    groups = []
    for step in range(1, steps + 1):
        for place in numbers.choice(60, 6, replace=False):
            p = 1 / (1 + math.exp(-(logits[place] + gain * speed[place] * step / steps)))
            groups.append((step, f"p{place}", G, int(numbers.binomial(G, p))))
    return recorded(groups, {f"p{place}": float(logit) for place, logit in enumerate(logits)}, 0.3)


def mean_brier(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.group_by("belief").agg(pl.col("brier").mean()).iter_rows())


def test_scores_are_those_of_the_definitions() -> None:
    found = replayed(recorded([(1, "a", 8, 6), (1, "b", 4, 0)], {"a": 1.0, "b": -2.0})).filter(pl.col("belief") == "static")
    for row, k, n in zip(found.iter_rows(named=True), (6, 0), (8, 4), strict=True):
        p = row["p_mean"]
        assert row["brier"] == pytest.approx((k * (1 - p) ** 2 + (n - k) * p**2) / n)
        assert row["log_loss"] == pytest.approx(-(k * math.log(p) + (n - k) * math.log(1 - p)) / n)


def test_the_stored_profile_is_taken_at_its_word() -> None:
    stage = recorded([(1, "a", 8, 0), (1, "b", 8, 0)], {"a": -5.0, "b": 0.0}, variance=9.0)
    told = Recorded(stage.groups, stage.problems.with_columns(p_mean=pl.Series([0.01, None])), G)
    static = pl.col("belief") == "static"
    (mean, other), (_, fitted) = (replayed(one).filter(static)["p_mean"].to_list() for one in (told, stage))
    assert (mean, other) == (0.01, fitted)


def test_every_group_has_a_row_of_each_belief() -> None:
    stage = simulated(2.0)
    found = replayed(stage)
    assert found.group_by("belief").len().sort("belief").rows() == sorted((belief, len(stage.groups)) for belief in BELIEFS)


def test_what_is_expected_now_is_the_forecast_of_the_next_step() -> None:
    stage = simulated(2.0)
    step = int(stage.groups["step"].max()) + 1  # type: ignore[call-overload]
    asked = pl.DataFrame([("s", step, name, G, 4) for name in stage.problems["problem_id"]], schema=GROUPS, orient="row")
    next_step = replayed(replace(stage, groups=pl.concat([stage.groups, asked]))).filter(pl.col("step") == step)
    now = expected_now(stage)
    assert_frame_equal(now, next_step.select(now.columns), check_row_order=False)
    assert len(now) == len(BELIEFS) * len(stage.problems)


def test_before_any_group_the_profile_is_expected_and_nothing_without_one() -> None:
    now = expected_now(recorded([], {"a": 1.0, "b": None}))
    assert now.filter(belief="static")["problem_id"].to_list() == ["a", "b"]
    assert expected_now(recorded([], {"a": None})).is_empty()


@pytest.mark.parametrize("last", [1, 7, 39])
def test_later_steps_change_nothing_earlier(last: int) -> None:
    stage = simulated(2.0)
    later = stage.groups["step"] > last
    others = stage.groups.with_columns(correct=pl.when(later).then(G - pl.col("correct")).otherwise("correct"))
    others = pl.concat([others.filter(~later), others.filter(later).sample(fraction=0.5, shuffle=True, seed=1)])
    until = pl.col("step") <= last + 1
    kept = others.filter(until).select("step", "problem_id")
    before, after = (replayed(Recorded(groups, stage.problems, G)).filter(until) for groups in (stage.groups, others))
    before = before.join(kept, on=["step", "problem_id"], how="semi")
    for name in ("p_mean", "p_deviation", "signal"):
        assert_array_equal(before[name].to_numpy(), after[name].to_numpy())


def test_the_order_of_a_steps_rows_says_nothing() -> None:
    stage = simulated(2.0)
    mixed = stage.groups.sample(fraction=1.0, shuffle=True, seed=2)
    assert_frame_equal(replayed(stage), replayed(Recorded(mixed, stage.problems, G)))


def test_one_ability_foresees_a_policy_that_learns() -> None:
    scores = [mean_brier(replayed(simulated(3.0, seed))) for seed in range(3)]
    assert all(score["live"] < score["beta"] < score["static"] for score in scores)


def test_a_policy_that_stays_is_foreseen_by_its_profile() -> None:
    score = mean_brier(replayed(simulated(0.0)))
    assert score["static"] == min(score.values()) and score["live"] < score["static"] + 0.01


def test_a_group_that_could_not_be_judged_is_forecast_and_teaches_nothing() -> None:
    logits: dict[str, float | None] = {"a": 0.0, "b": 0.0}
    with_it = replayed(recorded([(1, "a", 0, 0), (2, "b", 8, 4)], logits))
    assert with_it.filter(pl.col("step") == 1).select("brier", "log_loss").null_count().row(0) == (3, 3)
    assert with_it["p_mean"].null_count() == 0
    alone = replayed(recorded([(2, "b", 8, 4)], logits)).filter(pl.col("belief") != "live")  # for which time has passed
    assert_frame_equal(with_it.filter(pl.col("step") == 2, pl.col("belief") != "live"), alone)


def test_what_has_no_profile_is_not_made_up() -> None:
    groups = [(1, "a", 8, 4), (1, "gone", 8, 4)]
    assert replayed(recorded(groups, {"a": None})).is_empty()
    assert set(replayed(recorded(groups, {"a": 0.0}))["problem_id"]) == {"a"}
    filled = replayed(recorded([(1, "b", 8, 4)], {"a": 1.0, "b": None}))  # as the others of its dataset, and less sure
    assert filled.filter(pl.col("belief") == "static")["p_mean"].item() == pytest.approx(0.7, abs=0.05)


def test_what_has_no_profile_is_like_the_others_of_its_dataset() -> None:
    stage = recorded([(1, "c", 8, 4)], {"a": 3.0, "b": -1.0, "c": None})
    told = replace(stage, problems=stage.problems.with_columns(dataset=pl.Series(["one", "other", "other"])))
    alone = recorded([(1, "c", 8, 4)], {"b": -1.0, "c": None})
    assert_frame_equal(replayed(told), replayed(alone))


def test_a_stage_that_chose_by_the_live_estimate_is_replayed_to_the_bit() -> None:
    numbers = np.random.default_rng(4)
    logits = numbers.normal(0, 1, 30)
    belief, groups, expected = belief_of("live", prior_of(logits, np.full(30, 0.5)), G), [], []
    for step in range(1, 16):
        found = belief.forecast()
        drawn = [draw.index for draw in choose(found, 4, Moment(seed=0, step=step), Breadth(explore=0.25))]
        right = [int(numbers.binomial(G, 1 / (1 + np.exp(-logits[place] - step / 10)))) for place in drawn]
        groups += [(step, f"p{place}", G, k) for place, k in zip(drawn, right, strict=True)]
        expected += [(step, f"p{place}", found.mean[place], found.signal[place]) for place in drawn]
        belief.observe(step, drawn, right, [G] * len(drawn))
    stage = recorded(groups, {f"p{place}": float(logit) for place, logit in enumerate(logits)})
    said = replayed(stage).filter(pl.col("belief") == "live").select("step", "problem_id", "p_mean", "signal")
    assert sorted(said.rows()) == sorted(expected)
