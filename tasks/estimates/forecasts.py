"""What each belief would have said of a stage's groups before it saw them: a recorded stage is shown to it step by step.

A forecast for a step is made of the steps before it alone, so a stage can be replayed and scored whatever drew its problems, and without
training anything. Only groups without a hint are shown, as the profile was measured without any.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.estimates.live.belief import Belief, Prior, prior_by_dataset
from tasks.estimates.live.samplers import belief_of

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
BELIEFS = ("static", "beta", "live")
"""The beliefs that are scored: the profile alone, each problem's own counts, one ability for all. (What `learnability` forecasts is
`static`; `pools` forecasts nothing.)"""
GROUPS = {"stage_id": pl.String, "step": pl.Int64, "problem_id": pl.String, "group_size": pl.Int64, "correct": pl.Int64}
NUMBERS = ("p_mean", "p_deviation", "signal", "brier", "log_loss")
FORECAST = GROUPS | {"belief": pl.String} | dict.fromkeys(NUMBERS, pl.Float64)
SURE = 1e-6  # a forecast is held this far from 0 and 1 where its logarithm is taken


@dataclass(frozen=True)
class Recorded:
    """A stage as it was recorded: its groups without hints (columns of GROUPS; `group_size` counts the answers that could be judged), its
    problems with `problem_id`, `logit_mean` and `logit_variance` (null where one was not profiled) and perhaps `p_mean` and `dataset`, and
    a group's `completions`."""

    groups: pl.DataFrame
    problems: pl.DataFrame
    completions: int

    @property
    def is_profiled(self) -> bool:
        """Whether anything is known of its problems' accuracies before the first step."""
        return self.problems.select(pl.all_horizontal(pl.col("logit_mean", "logit_variance").is_finite())).to_series().any()


def replayed(stage: Recorded) -> pl.DataFrame:
    """The table `forecast` of a stage: for each group and belief what was to be expected of p, and how far off that was. Groups of problems
    that are not in the stage's file have no row, and a stage of which nothing was profiled has none at all.

    `brier` is the mean squared error of p_mean as the probability that a completion is right (G. Brier, Monthly Weather Review 78, 1950),
    `log_loss` minus the mean logarithm of what it gave to the answers that came (I. Good, JRSS B 14, 1952); null where none was judged.
    `signal` is that of a whole group, and null of a smaller one.
    """
    groups, _ = placed(stage)
    if groups.is_empty() or not stage.is_profiled:
        return pl.DataFrame(schema=FORECAST)
    prior = profile_of(stage)
    expected = {name: foreseen(belief_of(name, prior, stage.completions), groups) for name in BELIEFS}
    expected["static"][0] = stored_mean(groups, stage.problems, expected["static"][0])
    is_whole = groups["group_size"].to_numpy() == stage.completions
    for found in expected.values():
        found[2] = np.where(is_whole, found[2], np.nan)
    return pl.concat(told(groups, name, found) for name, found in expected.items())


def stored_mean(rows: pl.DataFrame, problems: pl.DataFrame, otherwise: Numbers) -> Numbers:
    """What the profile itself says of the problem at each row's `place`, its `p_mean`; `otherwise` where its file says none. A Beta with
    the mean and variance of its logits may have another mean, where the fit of the dataset is a mixture."""
    if "p_mean" not in problems.columns:
        return otherwise
    stored = problems["p_mean"].cast(pl.Float64).fill_null(np.nan).to_numpy()[rows["place"].to_numpy()]
    return np.where(np.isnan(stored), otherwise, stored)


def expected_now(stage: Recorded) -> pl.DataFrame:
    """What each belief that has seen all groups of a stage expects of every problem of its file for the step to come: problem_id, belief,
    p_mean, p_deviation, signal. No row where nothing was profiled."""
    groups, places = placed(stage)
    if not stage.is_profiled:
        return pl.DataFrame(schema={"problem_id": pl.String, "belief": pl.String, **dict.fromkeys(NUMBERS[:3], pl.Float64)})
    prior, at, tables = profile_of(stage), places["place"].to_numpy(), []
    for name in BELIEFS:
        belief = belief_of(name, prior, stage.completions)
        for step, drawn, right, judged in by_step(groups) if len(groups) else ():
            belief.observe(step, drawn, right, judged)
        told = belief.forecast()
        mean = stored_mean(places, stage.problems, told.mean[at]) if name == "static" else told.mean[at]
        values = {"p_mean": mean, "p_deviation": told.deviation[at], "signal": told.signal[at]}
        tables.append(places.select("problem_id", pl.lit(name).alias("belief"), **{key: pl.Series(found) for key, found in values.items()}))
    return pl.concat(tables)


def placed(stage: Recorded) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A stage's groups in the order of their steps with the `place` of their problem in its file, and the places of its problems."""
    places = stage.problems.select("problem_id").with_row_index("place").cast({"place": pl.Int64}).unique("problem_id", keep="first")
    places = places.sort("place")
    return stage.groups.join(places, on="problem_id").sort("step", "place", "correct", "group_size"), places


def profile_of(stage: Recorded) -> Prior:
    """What the profile knew of a stage's problems; those that it did not know are filled in as the trainer does."""
    held = stage.problems
    datasets = held["dataset"].to_list() if "dataset" in held.columns else [""] * len(held)
    mean, variance = (held[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("logit_mean", "logit_variance"))
    return prior_by_dataset(mean, variance, datasets)


def foreseen(belief: Belief, groups: pl.DataFrame) -> Numbers:
    """The mean and deviation of p, and the chance of a signal, of each group before its step, shape (3, groups). `groups` are in the order
    of their steps, with the `place` of their problem."""
    found = []
    for step, at, right, judged in by_step(groups):
        expected = belief.forecast()
        found.append(np.stack([expected.mean[at], expected.deviation[at], expected.signal[at]]))
        belief.observe(step, at, right, judged)
    return np.concatenate(found, axis=1)


def by_step(groups: pl.DataFrame) -> Iterator[tuple[int, Places, Places, Places]]:
    """Each step with the places of its groups, their right answers, and their judged ones."""
    steps, first = np.unique(groups["step"].to_numpy(), return_index=True)
    columns = (np.split(groups[name].to_numpy(), first[1:]) for name in ("place", "correct", "group_size"))
    yield from zip(steps.tolist(), *columns, strict=True)


def told(groups: pl.DataFrame, belief: str, expected: Numbers) -> pl.DataFrame:
    """The rows of a belief."""
    mean, right, judged = expected[0], groups["correct"].to_numpy(), groups["group_size"].to_numpy()
    sure = np.clip(mean, SURE, 1 - SURE)
    with np.errstate(invalid="ignore", divide="ignore"):
        brier = (right * (1 - mean) ** 2 + (judged - right) * mean**2) / judged
        log_loss = -(right * np.log(sure) + (judged - right) * np.log1p(-sure)) / judged
    values = dict(zip(NUMBERS, (*expected, brier, log_loss), strict=True))
    scored = groups.with_columns(pl.Series(name, value, nan_to_null=True) for name, value in values.items())
    return scored.select(*GROUPS, pl.lit(belief).alias("belief"), *NUMBERS)
