"""What estimates are made with: the bands of difficulty, the confidence of intervals, and when enough rounds are drawn."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from tasks.base.settings import Settings

AUDITED = 0.02
VALUE_ONLY = ("ranges", "excess", "match_rounds", "budget")
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
    """Adaptive rounds: draw `min_rounds`, then `every` more at a time, only of problems that are not settled, up to `rounds`.

    `rule` "value" draws on where a batch is worth its tokens: where it most lowers the share of wrong decisions, whether the true accuracy
    lies in each of the `ranges` (None: what the recipe's stages keep) or above each of the `edges`. It spends as little as leaves at most
    `excess` more wrong decisions than `match_rounds` of every problem would (None: `rounds`), or as well as can be what `budget` gives, in
    rounds a problem. The other rules settle a problem whose k/n is surely in one band between the `edges` (None: `difficulty.low` and
    `high`): "wilson" and "beta" when the interval of that `confidence` (Wilson's; that of the Beta posterior) lies in one band,
    "predictive" when the share of all `rounds` will lie in that of k/n with that probability; `prior` is the last two's.

    A share `audit_share` of the problems gets all rounds whatever the rule says, to check it (None: 0.02 with "value", else none). All of
    it is ours.
    """

    rule: Literal["value", "predictive", "beta", "wilson"] = "value"
    confidence: float = Field(default=0.94, gt=0, lt=1)
    min_rounds: int = Field(default=4, ge=1)
    every: int = Field(default=2, ge=1)
    edges: tuple[float, ...] | None = None
    prior: tuple[float, float] = (0.5, 0.5)
    ranges: tuple[tuple[float, float], ...] | None = None
    excess: float = Field(default=0.01, ge=0, lt=1)
    match_rounds: int | None = Field(default=None, ge=1)
    budget: float | None = Field(default=None, gt=0)
    audit_share: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def numbers_fit(self) -> "AdaptiveSettings":
        edges = self.edges
        if edges is not None and (not edges or list(edges) != sorted(set(edges)) or edges[0] < 0 or edges[-1] > 1):
            raise ValueError(f"edges {list(edges)} must rise within 0 and 1; [0.084, 0.87] tells too hard, useful and too easy apart")
        if min(self.prior) <= 0:
            raise ValueError(f"prior {list(self.prior)} is no Beta distribution; give two positive numbers, [0.5, 0.5] is Jeffreys'")
        for low, high in self.ranges or ():
            if not 0 <= low < high <= 1:
                raise ValueError(f"ranges has [{low}, {high}], which is no range of accuracy; give [low, high] with 0 <= low < high <= 1")
        return self

    @model_validator(mode="after")
    def settings_go_together(self) -> "AdaptiveSettings":
        for name in self.unread:
            if name in self.model_fields_set and getattr(self, name) is not None:
                other = "predictive" if self.rule == "value" else "value"
                raise ValueError(f"the rule {self.rule!r} does not read {name}; leave it out, or name a rule that does, such as {other!r}")
        if self.ranges is not None and (self.edges is not None or not self.ranges):
            raise ValueError("ranges and edges both say what is to be told apart, and ranges must not be empty; give one of them")
        for name in ("match_rounds", "budget"):
            if (rounds := getattr(self, name)) is not None and rounds < self.min_rounds:
                raise ValueError(f"{name} {rounds:g} is below min_rounds {self.min_rounds}, which every problem gets; raise it")
        return self

    @model_serializer(mode="wrap")
    def as_before(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The settings that the rule reads: keys of the older rules stay as they were before there was "value" and an audit."""
        fields: dict[str, Any] = plain(self)
        unread = self.unread if self.rule == "value" or self.audit_share else (*self.unread, "audit_share")
        return {name: value for name, value in fields.items() if name not in unread}

    @property
    def unread(self) -> tuple[str, ...]:
        """The settings that only other rules read."""
        return ("confidence", "prior") if self.rule == "value" else VALUE_ONLY

    def kept(self, bands: DifficultySettings) -> tuple[tuple[float, float], ...]:
        """The ranges of accuracy that "value" decides on."""
        return self.ranges or tuple((edge, 1.0) for edge in self.edges or ()) or ((bands.low, bands.high),)

    def cuts(self, bands: DifficultySettings) -> tuple[float, ...]:
        """The edges between the bands that are told apart."""
        ends = sorted({end for ends in self.kept(bands) for end in ends} - {0.0, 1.0})
        return self.edges or tuple(ends) or (bands.low, bands.high)

    @property
    def audited(self) -> float:
        """The share of the problems that get all rounds."""
        return (AUDITED if self.rule == "value" else 0.0) if self.audit_share is None else self.audit_share


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
