"""What counts as hard: the bands of difficulty and the confidence of intervals."""

from pydantic import model_validator

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
