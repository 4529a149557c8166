"""Adaptive rounds against fixed ones: how many problems are kept or dropped wrongly by their *true* accuracy, and for how many completions.

On simulated accuracies of several shapes, where the truth is known, by the very rule that the marts are made with; and on the starter's
datasets, sampled through the flow, where the posterior of twice as many rounds says how likely each decision is wrong. Beside them stands
the most that any rule could save: the optimum for a known prior, without a limit of rounds. `python -m tests.bench adaptive` runs it.
"""

import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.estimates.fit import PROFILE
from tasks.estimates.posterior import Posterior, posterior_of
from tasks.estimates.prior import Prior, prior_of
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.estimates.stopping import bands_of, stopping_rule
from tasks.estimates.value import First, Outlook, plan_at
from tasks.lake.lake import Lake
from tasks.sampling.settings import SamplingSettings
from tasks.warehouse.querying import query
from tests.bench.row import Row
from tests.flows.runs import run

ROUNDS, WORSE, SAVED, OF_MOST = 16, 0.01, 0.6, 0.75
PROBLEMS = 50_000
EDGES = DifficultySettings()
FIVE = (EDGES.low, EDGES.hard_below, EDGES.medium_below, EDGES.high)
SHAPES = {
    "U Beta(0.4, 0.4)": Prior("fit", (1.0,), (0.4,), (0.4,)),
    "rising Beta(0.8, 0.4)": Prior("fit", (1.0,), (0.8,), (0.4,)),
    "falling Beta(0.5, 1.5)": Prior("fit", (1.0,), (0.5,), (1.5,)),
    "20% impossible, else Beta(6, 2)": Prior("mixture", (0.2, 0.8), (0.05, 6.0), (20.0, 2.0)),
}
RULES = {
    "value, the default": AdaptiveSettings(),
    "value, two points": AdaptiveSettings(excess=0.02),
    "value, one round at a time from two on, 6.4 a problem": AdaptiveSettings(min_rounds=2, every=1, budget=0.4 * ROUNDS),
    "predictive": AdaptiveSettings(rule="predictive"),
    "Beta interval, 70%": AdaptiveSettings(rule="beta", confidence=0.7, every=4),
    "Wilson interval, 70%": AdaptiveSettings(rule="wilson", confidence=0.7, every=4),
}

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


def accuracies(prior: Prior, problems: int, seed: int = 0) -> Numbers:
    """True accuracies of so many problems."""
    numbers = np.random.default_rng([seed, problems])
    part = numbers.choice(len(prior.weights), problems, p=prior.weights)
    return numbers.beta(np.asarray(prior.alphas)[part], np.asarray(prior.betas)[part])


def drawn(p: Numbers, rounds: int, seed: int = 0) -> Counts:
    """How many of the first 0, 1, … rounds are right: problems × rounds + 1."""
    right = np.random.default_rng([seed, rounds]).random((len(p), rounds)) < p[:, None]
    return np.pad(right.cumsum(axis=1), ((0, 0), (1, 0)))


@dataclass(frozen=True)
class Held:
    """What is known of each problem at its stop: k of n right."""

    n: Counts
    k: Counts

    @cached_property
    def outcomes(self) -> tuple[Counts, Counts, Counts]:
        """The different n and k, and which of them each problem has."""
        pairs, which = np.unique(np.stack([self.n, self.k]), axis=1, return_inverse=True)
        return pairs[0], pairs[1], which.ravel()

    @cached_property
    def posterior(self) -> Posterior:
        """The posteriors of the outcomes, as they are published: by the prior of all that was drawn."""
        n, k, which = self.outcomes
        return posterior_of(k, n, prior_of(k, n, np.bincount(which)))

    @property
    def mean_rounds(self) -> float:
        """Completions a problem."""
        return float(self.n.mean())

    @cached_property
    def is_kept(self) -> NDArray[np.bool_]:
        """Whether a problem more likely than not lies between the paper's thresholds."""
        return (self.posterior.between(EDGES.low, EDGES.high) >= 0.5)[self.outcomes[2]]

    def wrong(self, p: Numbers) -> float:
        """The share of problems kept or dropped wrongly."""
        return float(np.mean(self.is_kept != ((p >= EDGES.low) & (p <= EDGES.high))))

    def misplaced(self, p: Numbers, edges: tuple[float, ...]) -> float:
        """The share of problems whose most probable band is not that of their true accuracy."""
        size = len(self.outcomes[0])
        reached = [np.zeros(size), *(self.posterior.below(edge) for edge in edges), np.ones(size)]
        return float(np.mean(np.diff(np.stack(reached), axis=0).argmax(axis=0)[self.outcomes[2]] != bands_of(p, edges)))


def fixed(right: Counts, rounds: int) -> Held:
    """So many rounds of every problem."""
    return Held(np.full(len(right), rounds), right[:, rounds])


def stopped(right: Counts, rule: AdaptiveSettings) -> Held:
    """Each problem at its stop, by the table that the marts are made with; the first few are the audit's, which never stop."""
    rounds = right.shape[1] - 1
    *looks, last = SamplingSettings(rounds=rounds, adaptive=rule).checkpoints()
    first = pl.DataFrame({"k": right[:, looks[0]]}).group_by("k").len("problems").sort("k")
    profile = {name: pl.lit("") for name in PROFILE}
    first = first.with_columns(max_rounds=pl.lit(rounds), length=pl.lit(0), n=pl.lit(looks[0]), **profile)
    decided = np.zeros((rounds + 1, rounds + 1), bool)
    for n, k, is_decided in stopping_rule(first, rule, EDGES).select("n", "k", "is_decided").iter_rows():
        decided[n, k] = is_decided
    n = np.full(len(right), last)
    for look in reversed(looks):
        n = np.where(decided[look, right[:, look]], look, n)
    n[: round(rule.audited * len(n))] = last
    return Held(n, right[np.arange(len(right)), n])


def most_saved(prior: Prior, wrong: float, rounds: int = 40) -> float:
    """The largest share of ROUNDS completions that any rule can save and be wrong no more often: the optimum, one round at a time from the
    first, for a known prior."""
    outlook, first = Outlook(prior, ((EDGES.low, EDGES.high),), rounds, 1), First(*(np.array([one]) for one in (1.0, 0, 0, 0, 1.0)))
    plans = [plan_at(price, outlook, first.tokens) for price in np.geomspace(1e-3, 0.05, 60)]
    ends = np.array([(plan.mean_wrong(first), plan.mean_rounds(first)) for plan in plans])
    return 1 - float(np.interp(wrong, ends[:, 0], ends[:, 1])) / ROUNDS


def simulated(shape: str, problems: int = PROBLEMS) -> list[Row]:
    """Every rule on problems of a shape, and the default's savings beside the most that any rule can reach."""
    p = accuracies(SHAPES[shape], problems)
    right = drawn(p, ROUNDS)
    all_wrong = fixed(right, ROUNDS).wrong(p)
    stops = {name: stopped(right, rule) for name, rule in RULES.items()}
    rows = [row_of(f"{shape} ({name})", stops[name], fixed(right, round(stops[name].mean_rounds)), p, all_wrong) for name in RULES]
    default = stops[next(iter(RULES))]
    rows[0] = judged(rows[0], default, default.wrong(p) - all_wrong)
    most = most_saved(SHAPES[shape], max(default.wrong(p), all_wrong))
    said = f"{saved(default) / most:.0%} of {most:.1%}"
    what = f"adaptive rounds, {shape}: the default's savings of the most that any rule can have at its share of wrong decisions"
    return [*rows, Row(what, said, f"≥ {OF_MOST:.0%}", saved(default) >= OF_MOST * most)]


def judged(row: Row, held: Held, more: float) -> Row:
    """A line with its goal, where so many `more` decisions are wrong than after ROUNDS of every problem."""
    is_met = saved(held) >= SAVED and more <= WORSE
    return replace(row, goal=f"≥ {SAVED:.0%} fewer, at most {100 * WORSE:.0f} point more wrong", ok=is_met)


def saved(held: Held) -> float:
    """The share of completions that ROUNDS of every problem would have needed, and this did not."""
    return 1 - held.mean_rounds / ROUNDS


def row_of(what: str, held: Held, beside: Held, p: Numbers, all_wrong: float) -> Row:
    """A rule's line, with as many rounds of every problem `beside` it."""
    said = f"{said_of(held, held.wrong(p), all_wrong)}, {held.misplaced(p, FIVE):.1%} in another of five bands; "
    said += f"{beside.n[0]} rounds of every problem: {beside.wrong(p):.1%} and {beside.misplaced(p, FIVE):.1%}"
    return Row(f"adaptive rounds, {what}", said)


def said_of(held: Held, wrong: float, all_wrong: float) -> str:
    """How many completions were saved, and how many decisions are wrong, against those of ROUNDS of every problem."""
    more = f"{100 * (wrong - all_wrong):+.1f} points against {ROUNDS} rounds of every problem"
    return f"{saved(held):.1%} fewer completions ({held.mean_rounds:.1f} rounds a problem), {wrong:.1%} wrong ({more})"


def on_the_starter() -> list[Row]:
    """The rules on the starter's two datasets, sampled through the flow with the shipped policy twice as often as they may draw."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        done = run(home, Path("starter"), Path(folder) / "prefect", f"sampling.rounds={2 * ROUNDS}", flow="profile")
        assert done.returncode == 0, done.stdout + done.stderr
        asked = "select dataset, problem_id, round, verdict = 'correct' as is_right from answers where split = 'train' order by all"
        answers = query(Lake(home), asked)
    return [row for (dataset,), rows in answers.group_by("dataset", maintain_order=True) for row in replayed(str(dataset), rows)]


def replayed(dataset: str, answers: pl.DataFrame) -> list[Row]:
    """Every rule over a dataset's stored answers. How likely a decision is wrong is what the posterior of all of them says."""
    right = np.pad(answers["is_right"].to_numpy().reshape(-1, 2 * ROUNDS).cumsum(axis=1), ((0, 0), (1, 0)))
    truth = fixed(right, 2 * ROUNDS)
    inside = truth.posterior.between(EDGES.low, EDGES.high)[truth.outcomes[2]]

    def wrong(held: Held) -> float:
        return float(np.where(held.is_kept, 1 - inside, inside).mean())

    all_wrong = wrong(fixed(right, ROUNDS))
    rows = []
    for name, rule in RULES.items():
        held = stopped(right[:, : ROUNDS + 1], rule)
        beside = fixed(right, round(held.mean_rounds))
        said = f"{said_of(held, wrong(held), all_wrong)}; {beside.n[0]} rounds of every problem: {wrong(beside):.1%} wrong"
        rows.append(Row(f"adaptive rounds, {dataset}, {len(right)} problems ({name})", said))
        if name == next(iter(RULES)):
            rows = [judged(rows[0], held, wrong(held) - all_wrong)]
    return rows


def rows() -> list[Row]:
    """All of it."""
    return [*(row for shape in SHAPES for row in simulated(shape)), *on_the_starter()]


if __name__ == "__main__":
    for line in rows():
        print(line)
