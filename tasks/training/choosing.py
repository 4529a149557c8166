"""The problems of each step, chosen when it begins by what the steps before it taught: the trainer's side of beliefs.

What is drawn follows from the seed, the step and the recorded draws, so a resumed stage shows its belief what its checkpoint holds and goes
on as if nothing had happened. Where hints are live, the forecast that problems are drawn by also says in which band each lies. Several
processes take the forecast and the draws of the first one: their own numbers may differ in the last digit.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray

from tasks.base.errors import InputError
from tasks.estimates.chance import band_places
from tasks.estimates.live.belief import Forecast, Prior, blind, prior_by_dataset
from tasks.estimates.live.breadth import Breadth
from tasks.estimates.live.choice import Draw, Moment, choose, refills
from tasks.estimates.live.samplers import belief_of
from tasks.estimates.settings import BANDS, DifficultySettings
from tasks.training.problems import Difficulty, Problems
from tasks.training.records import Records
from tasks.training.settings import StageSettings

LOG = logging.getLogger(__name__)
FAR_OFF = 0.03  # in an accuracy that an estimate begins with
Found = TypeVar("Found")


@dataclass(frozen=True)
class Outcome:
    """What came of a draw: how many answers could be judged and how many of them were right, and whether the stage learns from them."""

    problem_id: str
    judged: int
    correct: int
    learnt: bool = True

    def with_more(self, other: "Outcome | None") -> "Outcome":
        """This and another group of the same draw as one: a problem may be asked in two ways."""
        return replace(self, judged=self.judged + other.judged, correct=self.correct + other.correct) if other else self


class Chooser:
    """What chooses the problems of a stage's steps. A step is begun, perhaps refilled, and then taught, in this order.

    A problem's expected signal counts as often as it is likely that its answers can be judged, (j + 1) / (n + 1) of n groups of which j
    could be (Laplace's rule, but that none was asked is no doubt): one that nobody can judge would stay the most promising for ever. It is
    multiplied by the problem's weight, where the stage's rule gives some.
    """

    def __init__(
        self, settings: StageSettings, problems: Problems, records: Records, seed: int, edges: DifficultySettings | None = None
    ) -> None:
        """As the records left it; `edges` are those of the bands that live hints go by (None: the default ones). Raises InputError where a
        step cannot draw so many different problems."""
        check_enough(settings, len(problems))
        self.records, self.seed = records, seed
        self.breadth = Breadth(settings.sampler.floor, settings.sampler.explore)
        self.edges = (edges or DifficultySettings()) if settings.hints == "live" else None
        self.count = settings.batch // settings.group_size
        is_blind = settings.sampler.is_blind
        prior = blind(len(problems)) if is_blind else stage_prior(problems)
        self.is_profiled = np.zeros(len(problems), dtype=np.bool_) if is_blind else has_profile(problems)
        self.belief = belief_of(settings.sampler.model, prior, settings.group_size)
        self.ids = [row["problem_id"] for row in problems.rows]
        self.stored = [row["band"] for row in problems.rows]
        self.places = {problem_id: place for place, problem_id in enumerate(self.ids)}
        self.weights = np.ones(len(problems)) if problems.weights is None else np.array(problems.weights)
        self.asked, self.judged = np.zeros(len(problems)), np.zeros(len(problems))
        self.step, self.draws, self.forecast = 0, list[Draw](), self.belief.forecast()
        if not settings.sampler.is_blind:
            say_how_far_off(settings.sampler.model, self.forecast.mean, problems)
        for step, outcomes in recorded(records.selections):
            self.observe(step, outcomes)

    def begin(self, step: int) -> list[int]:
        """The places of the problems of a step (1 first), which differ."""
        self.step, self.forecast = step, agreed(self.belief.forecast())
        self.draws = agreed(choose(self.wanted(), self.count, Moment(self.seed, step), self.breadth))
        return [draw.index for draw in self.draws]

    def replacements(self, taken: set[int]) -> Iterator[int]:
        """The places of the other problems, in the order in which they are to replace those of the step that cannot teach."""
        already = np.array(sorted(taken), dtype=np.int64)
        others = refills(self.wanted(), Moment(self.seed, self.step), already, self.breadth.floor)
        return iter(agreed(others.tolist()))

    def expected(self, problem_ids: Iterable[str]) -> np.ndarray:
        """The accuracy that was expected of problems when the step began."""
        return self.forecast.mean[[self.places[problem_id] for problem_id in problem_ids]]

    def difficulty(self, place: int) -> Difficulty | None:
        """How hard the problem at a place was expected to be when the step began; None where hints are not to go by that."""
        if self.edges is None:
            return None
        accuracy = self.forecast.mean[[place]]
        [band] = band_places(accuracy, self.edges)
        return Difficulty(BANDS[band], float(accuracy[0]))

    def hints_told(self, problem_ids: Iterable[str]) -> dict[str, float]:
        """Of the step's problems with a hint, the share that is in each band, and the share whose band is another than their file has."""
        places = sorted({self.places[problem_id] for problem_id in problem_ids})
        known = [found.band for place in places if (found := self.difficulty(place))]
        if not known:
            return {}
        moved = sum(band != self.stored[place] for place, band in zip(places, known, strict=True)) / len(known)
        return {**{f"hints/{band}": known.count(band) / len(known) for band in BANDS}, "hints/moved": moved}

    def taught(self, outcomes: Iterable[Outcome]) -> None:
        """Learn what came of the step's draws, and write them down in the order in which they were drawn, replacements last."""
        why = {self.ids[draw.index]: draw.why for draw in self.draws}
        came: dict[str, Outcome] = {}
        for outcome in outcomes:
            came[outcome.problem_id] = outcome.with_more(came.get(outcome.problem_id))
        ordered = [came[problem_id] for problem_id in (*why, *(problem_id for problem_id in came if problem_id not in why))]
        self.records.add_selections(self.step, [self.row(why.get(outcome.problem_id, "refill"), outcome) for outcome in ordered])
        self.observe(self.step, ordered)

    def row(self, why: str, outcome: Outcome) -> dict[str, Any]:
        """A draw's row of `selections`, but for stage, step and place."""
        place, forecast = self.places[outcome.problem_id], self.forecast
        named = {"p_mean": forecast.mean, "p_deviation": forecast.deviation, "signal": forecast.signal}
        foreseen = {name: float(values[place]) for name, values in named.items()}
        came = {"judged": outcome.judged, "correct": outcome.correct, "learnt": outcome.learnt}
        return {"problem_id": outcome.problem_id, "why": why, **foreseen, **came}

    def observe(self, step: int, outcomes: list[Outcome]) -> None:
        """Show the belief a step's draws."""
        places = np.array([self.places[outcome.problem_id] for outcome in outcomes], dtype=np.int64)
        correct, judged = (np.array([getattr(outcome, name) for outcome in outcomes]) for name in ("correct", "judged"))
        self.belief.observe(step, places, correct, judged)
        self.asked[places] += 1
        self.judged[places] += judged > 0

    def wanted(self) -> Forecast:
        """The forecast by which is drawn: its signal, and the weights where it draws by chance, times what each problem counts, how often
        each was drawn, and of which nothing is known."""
        factor = self.weights * (self.judged + 1) / (self.asked + 1)
        weights = None if self.forecast.weights is None else self.forecast.weights * factor
        is_new = ~self.is_profiled & (self.asked == 0)
        return replace(self.forecast, signal=self.forecast.signal * factor, weights=weights, drawn=self.asked, is_new=is_new)


def chooser_of(
    settings: StageSettings, problems: Problems, records: Records, seed: int, edges: DifficultySettings | None = None
) -> Chooser | None:
    """What chooses a stage's problems; None where they come in turn."""
    return Chooser(settings, problems, records, seed, edges) if settings.sampler.chooses else None


def check_enough(settings: StageSettings, problems: int) -> None:
    """Raise InputError where the stage has fewer problems than a step draws, none of them twice."""
    if (count := settings.batch // settings.group_size) > problems:
        raise InputError(
            f"sampler {settings.sampler.model}: a step draws {count} different problems (batch {settings.batch} / group_size "
            f"{settings.group_size}), and the stage has {problems}; lower batch, widen the stage's bands, or take sampler shuffled, which "
            "draws a problem several times"
        )


def stage_prior(problems: Problems) -> Prior:
    """What the profile knows of a stage's problems; one that it does not know is like the others of its dataset, or, where none of those is
    known either, like all others."""
    if unknown := int((~has_profile(problems)).sum()):
        LOG.warning("%d of %d problems have no profile: they are taken to be like the others of their dataset", unknown, len(problems))
    datasets = [row.get("dataset") for row in problems.rows]
    return prior_by_dataset(column(problems, "logit_mean"), column(problems, "logit_variance"), datasets)


def has_profile(problems: Problems) -> NDArray[np.bool_]:
    """Which problems of a stage have a profile."""
    return ~(np.isnan(column(problems, "logit_mean")) | np.isnan(column(problems, "logit_variance")))


def column(problems: Problems, name: str) -> np.ndarray:
    """The numbers of a column of the stage's file, NaN where there is none."""
    return np.array([row.get(name) for row in problems.rows], dtype=np.float64)


def say_how_far_off(sampler: str, expected: np.ndarray, problems: Problems) -> None:
    """Warn where an estimate begins with other accuracies than the profile's `p_mean`: it knows of a problem the mean and the variance of
    log(p / (1 - p)) alone, and of a posterior with two humps, or a long tail, that is not all."""
    off = np.nan_to_num(np.abs(expected - column(problems, "p_mean")))
    if off[most := int(off.argmax())] > FAR_OFF:
        row, many = problems.rows[most], int((off > FAR_OFF).sum())
        LOG.warning(
            "sampler %s begins off the profile by more than %g for %d of %d problems, most for %s: it expects %.3f, and the profile %.3f",
            *(sampler, FAR_OFF, many, len(off), row["problem_id"], expected[most], row["p_mean"]),
        )


def recorded(selections: Iterable[dict[str, Any]]) -> Iterator[tuple[int, list[Outcome]]]:
    """The draws of each recorded step, in order."""
    steps = defaultdict[int, list[Outcome]](list)
    for row in selections:
        steps[row["step"]].append(Outcome(*(row[name] for name in ("problem_id", "judged", "correct", "learnt"))))
    yield from steps.items()


def agreed(found: Found) -> Found:
    """What the first process found or drew, in all of them."""
    [first] = broadcast_object_list([found])
    return first
