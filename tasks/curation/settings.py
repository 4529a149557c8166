"""Which problems each training stage gets: a rule (a SQL file), its thresholds, and how many."""

from typing import Any, Literal

from pydantic import Field, model_serializer, model_validator

from tasks.base.settings import Settings


class StageRule(Settings):
    """The problems of one stage: at most `size` of those between the thresholds `low` and `high`.

    `estimate` says by what a rule decides how hard a problem is. "posterior": by what the fit of its dataset and its own answers say of its
    true accuracy p; a problem lies between the thresholds where p does, more likely than not. "share": by the raw share k / n, as the
    paper has it; the noise of few rounds decides, too. `rule` is a name in `sql/curation/` or the path of a SQL file of your own (see
    `medium.sql` for what it reads, and `rules.py` for what it must give). `by_dataset` takes the datasets in turn, so that a large one does
    not crowd out the others; `subject` is the field of the problems' metadata that `balanced_by_subject` balances, `target` the accuracy
    that `target_pass_rate` seeks.
    """

    rule: str = "medium"
    size: int = Field(default=2000, ge=1)
    low: float = Field(default=0.084, ge=0, le=1)
    high: float = Field(default=0.87, ge=0, le=1)
    estimate: Literal["posterior", "share"] = "posterior"
    by_dataset: bool = False
    target: float = Field(default=0.5, ge=0, le=1)
    subject: str = "subject"

    @model_validator(mode="after")
    def thresholds_are_ordered(self) -> "StageRule":
        if self.low >= self.high:
            raise ValueError(f"thresholds the wrong way round: low {self.low} is not below high {self.high}; low cuts what is too hard")
        return self

    @property
    def between(self) -> str:
        """Where its problems lie, and by which estimate, in words that follow "problems"."""
        place = f"from {self.low:g} to {self.high:g}"
        return f"with a raw share {place}" if self.estimate == "share" else f"whose p lies {place} more likely than not"


class CurationSettings(Settings):
    """What holds for the choice of every stage: `on_shortage` says what happens when a rule finds fewer problems than `size`, an error, or
    a warning and a smaller stage. A stage that is chosen when the one before it is trained, by what that has left, is never an error for
    it: how many it finds, nobody could know before the hours were spent. A stage without any problem is always one.
    """

    on_shortage: Literal["error", "warn"] = "error"


class SetSettings(CurationSettings):
    """What one set is chosen by: the rule of every stage of a recipe by the stage's name, in the order of training.

    Null stands for a stage that is not chosen for in this set. A problem may be in several stages.
    """

    rules: dict[str, StageRule | None]

    @property
    def stages(self) -> dict[str, StageRule]:
        """The rules of the stages that are chosen for."""
        return {name: rule for name, rule in self.rules.items() if rule}

    @model_serializer
    def flat(self) -> dict[str, Any]:
        """The stages beside what holds for all of them: what keys and lineage hold, as they did when there were always two."""
        return {**self.rules, "on_shortage": self.on_shortage}
