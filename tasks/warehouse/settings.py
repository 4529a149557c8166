"""What the marts are made with."""

from pathlib import Path

from pydantic import Field

from tasks.base.settings import Settings
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings


class MartSettings(Settings):
    """The bands and intervals of `difficulty`; `adaptive`, the rule that the marts about stopping early follow (None: the default one), up
    to `max_rounds` rounds (None: as many as a profile has); and which verdicts count.

    Those count of the first `rounds` rounds (None: of all), and of a problem in `round_limits` (a Parquet file with problem_id and rounds)
    only those of so many. More than one of `threads` is for marts of whole numbers alone: sums of floats would differ from run to run.
    """

    difficulty: DifficultySettings = DifficultySettings()
    adaptive: AdaptiveSettings | None = None
    max_rounds: int | None = None
    rounds: int | None = None
    round_limits: Path | None = None
    threads: int = Field(default=1, ge=1)

    @property
    def rule(self) -> AdaptiveSettings:
        """The rule of stopping early, told or the default one."""
        return self.adaptive or AdaptiveSettings()
