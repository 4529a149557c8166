"""What draws a stage's problems, against simulation: groups without a signal, and errors of the forecast, with an oracle as the limit.

PROBLEMS problems of Beta(0.5, 0.4) are profiled so many rounds (0: the stage starts blind), and curated (k of n within 0.084 … 0.87) or
not. A stage of STEPS steps
draws GROUPS groups of GROUP_SIZE each. Problem i gains speed_i × gain logits by the end, speed_i of Gamma(4, 1/4), in one of two ways.
`common`: evenly with the steps, whatever is drawn. `taught`: groups with a signal alone teach, all problems a little and their own ten
times as much beside; a shuffled stage with a signal in two of three groups would gain as much as `common`, and its drawn problems more.
Errors are those beyond what the true p itself would have: the mean of (forecast - p)², and of the divergence of the forecast from p, in
nats. `python -m tests.bench.live` runs it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, rel_entr
from scipy.stats import bootstrap, t

from tasks.estimates.live.belief import Belief, Forecast, blind, prior_of
from tasks.estimates.live.breadth import Breadth
from tasks.estimates.live.choice import Moment, choose
from tasks.estimates.live.samplers import belief_of
from tasks.estimates.posterior import posterior_of
from tasks.estimates.prior import prior_of as fitted
from tests.bench.row import Row

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
PROBLEMS, STEPS, GROUPS, GROUP_SIZE, SEEDS = 288, 80, 8, 8, 12
FIRST_SEED = 100  # the constants of the models and of the choice were chosen on seeds below
LOW, HIGH = 0.084, 0.87
GAINS, ROUNDS, FROM_BLIND = (0, 1, 2, 3, 4), (4, 8, 16), (0, 1, 2, 4, 8, 16)
NARROW, SHIPPED = 1.0, Breadth().floor
OWN, TEACHING = 10.0, 2 / 3
SAMPLERS = ("shuffled", "learnability", "pools", "beta", "live", "oracle")
TOLD = ("static", "pools", "beta", "live")  # those that forecast; `static` is the shuffled stage's
OF_SHUFFLED, OF_BETA, BRIER, POINTS, MILLISECONDS, MANY = 0.6, 0.75, 0.5, 0.02, 50.0, 100_000


@dataclass(frozen=True)
class Setup:
    """A simulated stage: how many logits problems gain, the rounds of their profile (0: none), whether they are curated, and how they
    learn; and the floor of the samplers that rank."""

    gain: float = 3
    rounds: int = 8
    is_curated: bool = True
    schedule: str = "common"
    floor: float = SHIPPED

    @property
    def words(self) -> str:
        """What a row says of it beside its gain."""
        narrow = "" if self.floor == SHIPPED else f", floor {self.floor:g}"
        return f"{'curated' if self.is_curated else 'not curated'}, {self.schedule}{narrow}"


@dataclass
class Stage:
    """A stage on its way: the logits of its problems at first and now, their speeds, and the profile's mean and variance of the logits."""

    setup: Setup
    start: Numbers
    speed: Numbers
    mean: Numbers
    variance: Numbers

    def __post_init__(self) -> None:
        self.logits = self.start.copy()

    def begin(self, step: int) -> Numbers:
        """The true accuracies at a step, 0 first."""
        if self.setup.schedule == "common":
            self.logits = self.start + self.setup.gain * self.speed * step / STEPS
        return expit(self.logits)

    def teach(self, drawn: Places) -> None:
        """What groups with a signal teach, where that is what teaches."""
        if self.setup.schedule == "taught":
            step = self.setup.gain * self.speed / (STEPS * GROUPS * TEACHING)
            self.logits = self.logits + step * (len(drawn) + OWN * np.bincount(drawn, minlength=len(step)))


@dataclass(frozen=True)
class Found:
    """What one simulated stage showed: the share of groups without a signal, the mean squared errors and divergences of the forecast over
    the drawn groups and over all problems, the mean accuracy at the end, and how many different problems were drawn."""

    dead: float
    brier_drawn: float
    brier_all: float
    loss_drawn: float
    loss_all: float
    accuracy: float
    different: float


def stage_of(setup: Setup, seed: int) -> Stage:
    """A stage with its profile, by the fit that a dataset's profile gets."""
    numbers = np.random.default_rng([seed, setup.rounds])
    p = np.clip(numbers.beta(0.5, 0.4, PROBLEMS), 1e-9, 1 - 1e-9)
    right, speed = numbers.binomial(setup.rounds, p), numbers.gamma(4, 1 / 4, PROBLEMS)
    if not setup.rounds:
        nothing = blind(PROBLEMS)
        return Stage(setup, logit(p), speed, -nothing.difficulty, nothing.variance)
    k, place, problems = np.unique(right, return_inverse=True, return_counts=True)
    n = np.full(len(k), setup.rounds)
    mean, variance = (values[place] for values in posterior_of(k, n, fitted(k, n, problems)).logit)
    is_kept = (right / setup.rounds >= LOW) & (right / setup.rounds <= HIGH) if setup.is_curated else np.ones(PROBLEMS, dtype=bool)
    return Stage(setup, *(values[is_kept] for values in (logit(p), speed, mean, variance)))


def drawer(setup: Setup, sampler: str, seed: int, problems: int) -> Callable[[Forecast, Numbers, int], Places]:
    """What draws the problems of a step, of a forecast and the true accuracies."""
    turns = np.concatenate([np.random.default_rng([seed, turn]).permutation(problems) for turn in range(STEPS * GROUPS // problems + 1)])
    breadth = Breadth(setup.floor) if sampler in ("live", "beta") else Breadth(explore=0.0)

    def drawn(forecast: Forecast, p: Numbers, step: int) -> Places:
        if sampler == "shuffled":
            return turns[step * GROUPS : (step + 1) * GROUPS]
        if sampler == "oracle":
            return np.argsort(p**GROUP_SIZE + (1 - p) ** GROUP_SIZE, kind="stable")[:GROUPS]
        return np.array([draw.index for draw in choose(forecast, GROUPS, Moment(seed, step), breadth)])

    return drawn


def simulated(setup: Setup, sampler: str, seed: int) -> Found:
    """One stage."""
    stage = stage_of(setup, seed)
    belief: Belief = belief_of("static" if sampler in ("shuffled", "oracle") else sampler, prior_of(stage.mean, stage.variance), GROUP_SIZE)
    draw, numbers = drawer(setup, sampler, seed, len(stage.start)), np.random.default_rng([seed, 1])
    draws, errors = np.zeros(len(stage.start)), list[list[float]]()
    for step in range(STEPS):
        is_new = (draws == 0) & (not setup.rounds)
        p, forecast = stage.begin(step), replace(belief.forecast(), drawn=draws, is_new=is_new)
        drawn = draw(forecast, p, step)
        right = numbers.binomial(GROUP_SIZE, p[drawn])
        has_signal = (right > 0) & (right < GROUP_SIZE)
        errors.append([1 - has_signal.mean(), *missed(forecast.mean, p, drawn)])
        draws[drawn] += 1
        belief.observe(step, drawn, right, np.full(GROUPS, GROUP_SIZE))
        stage.teach(drawn[has_signal])
    return Found(*np.mean(errors, axis=0), float(stage.begin(STEPS).mean()), float((draws > 0).sum()))


def missed(mean: Numbers, p: Numbers, drawn: Places) -> list[float]:
    """The mean squared error over the drawn and over all, and the mean divergence over both."""
    squared, divergence = (mean - p) ** 2, rel_entr(p, mean) + rel_entr(1 - p, 1 - mean)
    return [float(values.mean()) for values in (squared[drawn], squared, divergence[drawn], divergence)]


@cache
def of_seeds(setup: Setup, sampler: str, figure: str) -> Numbers:
    """A figure of every seed."""
    return np.array([getattr(found, figure) for found in simulations(setup, sampler)])


@cache
def simulations(setup: Setup, sampler: str) -> list[Found]:
    """The stages of all seeds."""
    return [simulated(setup, sampler, seed) for seed in range(FIRST_SEED, FIRST_SEED + SEEDS)]


def shown(setups: list[Setup], samplers: tuple[str, ...], figure: str, form: str = ".1%") -> str:
    """The means over seeds, a sampler after the other, each over the setups."""
    values = {name: [of_seeds(setup, "shuffled" if name == "static" else name, figure).mean() for setup in setups] for name in samplers}
    return "; ".join(f"{name} {' / '.join(format(value, form) for value in row)}" for name, row in values.items())


def ratio_row(what: str, setups: list[Setup], against: str, figure: str, most: float) -> Row:
    """The mean of `live` over that of another sampler, with its paired 95% interval, for several setups."""
    ratios, told = [], []
    for setup in setups:
        pair = of_seeds(setup, "live", figure), of_seeds(setup, against, figure)
        ratios.append(pair[0].mean() / pair[1].mean())
        found = bootstrap(pair, lambda a, b, axis: a.mean(axis) / b.mean(axis), paired=True, method="percentile", rng=0)
        low, high = found.confidence_interval
        told.append(f"{setup.words} {ratios[-1]:.2f} ({low:.2f} – {high:.2f})")
    return Row(f"{what}, gain {setups[0].gain}, {SEEDS} seeds", "; ".join(told), f"≤ {most}", max(ratios) <= most)


def unharmed_row(setups: list[Setup]) -> Row:
    """How much more of the groups of `live` have no signal than of a shuffled stage, where nobody learns anything."""
    told, worst = [], -1.0
    for setup in setups:
        more = of_seeds(setup, "live", "dead") - of_seeds(setup, "shuffled", "dead")
        half = t.ppf(0.975, SEEDS - 1) * more.std(ddof=1) / SEEDS**0.5
        told.append(f"{setup.rounds} rounds, {setup.words} {100 * more.mean():+.1f} ± {100 * half:.1f}")
        worst = max(worst, more.mean())
    what = f"live's groups without a signal less the shuffled stage's where nobody learns, in points, {SEEDS} seeds"
    return Row(what, "; ".join(told), f"≤ {100 * POINTS:.0f} points", worst <= POINTS)


def time_row() -> Row:
    """What one step of `live` costs over many problems: forecast, choice and observation, the median of several. Processor time, as one
    core does it all and other processes are no part of it."""
    numbers = np.random.default_rng(0)
    belief, took = belief_of("live", prior_of(numbers.normal(0, 2, MANY), numbers.gamma(2, 0.5, MANY)), GROUP_SIZE), []
    for step in range(12):
        started = time.process_time()
        drawn = np.array([draw.index for draw in choose(belief.forecast(), 64, Moment(0, step))])
        belief.observe(step, drawn, numbers.binomial(GROUP_SIZE, 0.5, 64), np.full(64, GROUP_SIZE))
        took.append(1000 * (time.process_time() - started))
    middle = float(np.median(took[1:]))
    what = f"a step of live over {MANY:,} problems (forecast, choice of 64, observation), median of {len(took) - 1}"
    return Row(what, f"{middle:.0f} ms of one core", f"≤ {MILLISECONDS:.0f} ms", middle <= MILLISECONDS)


def tables(setup: Setup) -> list[Row]:
    """What each sampler shows over gains and rounds, in numbers without goals."""
    over_gains = [replace(setup, gain=gain) for gain in GAINS]
    over_rounds = [replace(setup, rounds=rounds) for rounds in ROUNDS]
    gains, where = f"gains {' / '.join(map(str, GAINS))}", f"{setup.words} schedule"
    rows = [
        Row(f"groups without a signal, {gains}, 8 rounds; {where}", shown(over_gains, SAMPLERS, "dead")),
        Row(f"the same at gain 3, profiles of 4 / 8 / 16 rounds; {where}", shown(over_rounds, SAMPLERS, "dead")),
        Row(f"Brier score beyond the truth's, drawn groups, {gains}; {where}", shown(over_gains, TOLD, "brier_drawn", ".4f")),
        Row(f"the same over all problems; {where}", shown(over_gains, TOLD, "brier_all", ".4f")),
        Row(f"log loss beyond the truth's, drawn groups, {gains}; {where}", shown(over_gains, TOLD, "loss_drawn", ".3f")),
        Row(f"the same over all problems; {where}", shown(over_gains, TOLD, "loss_all", ".3f")),
        Row(f"different problems in {STEPS * GROUPS} draws, gain 3; {where}", shown([setup], SAMPLERS, "different", ".0f")),
    ]
    taught = Row(f"mean accuracy at the end, {gains}; {where}", shown(over_gains, SAMPLERS, "accuracy"))
    return [*rows, taught] if setup.schedule == "taught" else rows


def from_blind(setup: Setup) -> Row:
    """What a shorter profile, or none, costs those that keep an estimate."""
    over_rounds = [replace(setup, rounds=rounds) for rounds in FROM_BLIND]
    what = f"groups without a signal at gain {setup.gain}, none of the problems profiled / {' / '.join(map(str, FROM_BLIND[1:]))} rounds"
    return Row(f"{what}; {setup.words} schedule", shown(over_rounds, SAMPLERS[2:5], "dead"))


def rows() -> list[Row]:
    """All of it."""
    setups = [Setup(is_curated=is_curated, schedule=schedule) for is_curated, schedule in product((True, False), ("common", "taught"))]
    narrow = [replace(setup, floor=NARROW) for setup in setups]
    still = [Setup(0, rounds, is_curated) for rounds, is_curated in product(ROUNDS, (True, False))]
    return [
        ratio_row("groups without a signal, live over shuffled", setups, "shuffled", "dead", OF_SHUFFLED),
        ratio_row("groups without a signal, live over beta", setups, "beta", "dead", OF_BETA),
        ratio_row("the same where each draws the most promising alone", narrow, "beta", "dead", OF_BETA),
        Row("different problems drawn by these", shown(narrow, SAMPLERS[-3:], "different", ".0f")),
        ratio_row("Brier score beyond the truth's over all problems, live over beta", setups, "beta", "brier_all", BRIER),
        ratio_row("Brier score beyond the truth's over the drawn groups, live over beta", setups, "beta", "brier_drawn", BRIER),
        unharmed_row(still),
        *(row for setup in setups for row in tables(setup)),
        *(from_blind(setup) for setup in setups if not setup.is_curated),
        time_row(),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.what}: {row.measured} (goal {row.goal or 'none'}{'' if row.ok is None else ', met' if row.ok else ', missed'})")
