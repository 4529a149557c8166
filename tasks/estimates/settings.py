"""What estimates are made with: the bands of difficulty, the confidence of intervals, and when enough rounds are drawn."""

from typing import Literal

from pydantic import Field, model_validator

from tasks.base.settings import Settings

BANDS = ("hopeless", "hard", "medium", "easy", "trivial")


class DifficultySettings(Settings):
    """Edges of the five bands of accuracy p: hopeless < low <= hard < hard_below <= medium < medium_below <= easy <= high < trivial.

    `low` and `high` are the paper's thresholds ("too hard", "too easy"); the two edges between them and the confidence are ours.
    """

    low: float = 0.084
    hard_below: float = 0.35
    medium_below: float = 0.65
    high: float = 0.87
    confidence: float = 0.95

    @model_validator(mode="after")
    def edges_are_ordered(self) -> "DifficultySettings":
        edges = {name: getattr(self, name) for name in ("low", "hard_below", "medium_below", "high")}
        if list(edges.values()) != sorted(set(edges.values())) or self.low < 0 or self.high > 1:
            raise ValueError(f"the bands' edges must rise from 0 to 1, but they are {edges}: put low < hard_below < medium_below < high")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence {self.confidence} is not between 0 and 1; 0.95 means a 95% interval")
        return self


def band_ranges(edges: DifficultySettings) -> list[tuple[str, str]]:
    """Each band with its range of accuracy, in words."""
    low, hard, medium, high = (f"{edge:g}" for edge in (edges.low, edges.hard_below, edges.medium_below, edges.high))
    ranges = (f"below {low}", f"{low} to {hard}", f"{hard} to {medium}", f"{medium} to {high}", f"above {high}")
    return list(zip(BANDS, ranges, strict=True))


class AdaptiveSettings(Settings):
    """Adaptive rounds: draw `min_rounds`, then `every` more at a time, only of problems whose band is not settled, up to `rounds`.

    `rule` says when k of n settle it: "wilson" or "beta" when the interval of that `confidence` (Wilson's; the equal-tailed one of the
    Beta posterior) lies wholly inside one band; "predictive" when the accuracy over all `rounds` will be in the band of k/n with that
    probability, which for the same error saves more. `prior` is the Beta prior of the last two (Jeffreys' by default). `edges` cut
    [0, 1] into the bands to tell apart; None: `difficulty.low` and `difficulty.high`, what curation drops and keeps. All of it is ours.
    """

    rule: Literal["predictive", "beta", "wilson"] = "predictive"
    confidence: float = Field(default=0.94, gt=0, lt=1)
    min_rounds: int = Field(default=4, ge=1)
    every: int = Field(default=2, ge=1)
    edges: tuple[float, ...] | None = None
    prior: tuple[float, float] = (0.5, 0.5)

    @model_validator(mode="after")
    def numbers_fit(self) -> "AdaptiveSettings":
        edges = self.edges
        if edges is not None and (not edges or list(edges) != sorted(set(edges)) or edges[0] < 0 or edges[-1] > 1):
            raise ValueError(f"edges {list(edges)} must rise within 0 and 1; [0.084, 0.87] tells too hard, useful and too easy apart")
        if min(self.prior) <= 0:
            raise ValueError(f"prior {list(self.prior)} is no Beta distribution; give two positive numbers, [0.5, 0.5] is Jeffreys'")
        return self


class PowerSettings(Settings):
    """What is asked of the power of a profile, an evaluation and a study; every default is ours.

    `right`: the share of decisions that rounds are to make rightly. `within`: half the width of the interval that held-out problems are to
    give, and `effect`: the difference over seeds that is to be found, with so much
    `chance`; all are shares. `completions` of held-out
    problems, and `runs` of a study, are to be shared out in the best way (None: as many as there are).
    """

    right: float = Field(default=0.9, gt=0.5, lt=1)
    within: float = Field(default=0.02, gt=0, lt=0.5)
    effect: float = Field(default=0.02, gt=0, lt=1)
    chance: float = Field(default=0.8, ge=0.5, lt=1)
    completions: int | None = Field(default=None, ge=1, le=1_000_000_000)
    runs: int | None = Field(default=None, ge=4, le=100_000)
