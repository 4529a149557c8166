"""Which problems each training stage gets: a rule (a SQL file), its thresholds, and how many."""

from typing import Literal

from pydantic import Field, model_validator

from tasks.base.settings import Settings


class StageRule(Settings):
    """The problems of one stage: at most `size` of those with an accuracy from `low` to `high`.

    `rule` is a name in `sql/curation/` or the path of a SQL file of your own (see `medium.sql` for what it reads, and `rules.py` for what
    it must give). `by_dataset` takes the datasets in turn, so that a large one does not crowd out the others; `subject` is the field of
    the problems' metadata that `balanced_by_subject` balances, `target` the accuracy that `target_pass_rate` seeks.
    """

    rule: str = "medium"
    size: int = Field(default=2000, ge=1)
    low: float = Field(default=0.084, ge=0, le=1)
    high: float = Field(default=0.87, ge=0, le=1)
    by_dataset: bool = False
    target: float = Field(default=0.5, ge=0, le=1)
    subject: str = "subject"

    @model_validator(mode="after")
    def thresholds_are_ordered(self) -> "StageRule":
        if self.low >= self.high:
            raise ValueError(f"thresholds the wrong way round: low {self.low} is not below high {self.high}; low cuts what is too hard")
        return self


class HarderStageRule(StageRule):
    """A stage's problems from the middle down. Its own class, so that a recipe that sets one key keeps these defaults for the others."""

    rule: str = "medium_to_hard"
    size: int = Field(default=600, ge=1)
    high: float = Field(default=0.5, ge=0, le=1)


class CurationSettings(Settings):
    """Both stages' problems. Sizes (about 2,000 and 600) and stage 1's thresholds are the paper's; stage 2's upper end is ours.

    A problem may be in both stages; a stage that is null is not chosen for. `on_shortage` says what happens when a rule finds fewer
    problems than `size`: an error, or a warning and a smaller stage. A stage without any problem is always an error.
    """

    stage1: StageRule | None = StageRule()
    stage2: HarderStageRule | None = HarderStageRule()
    on_shortage: Literal["error", "warn"] = "error"

    @property
    def stages(self) -> dict[str, StageRule]:
        """The rules by the name of their stage."""
        return {name: rule for name, rule in (("stage1", self.stage1), ("stage2", self.stage2)) if rule}

    def only(self, *names: str) -> "CurationSettings":
        """The rules of these stages, and of no other."""
        return self.model_copy(update={name: None for name in self.stages if name not in names})
