"""Settings of grading: who judges, how much computing one expression may take, and how many children with how much memory work on them."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from tasks.base.settings import Settings
from tasks.sampling.settings import Servers

Refused = Literal["incorrect", "unparseable", "timeout"]
"""The verdicts that a judge may be asked about: those by which a response was not accepted."""


class SecondSettings(Servers):
    """A second opinion: a judge on OpenAI-compatible servers says yes or no to responses that the rules, or a verifier, did not accept.

    `model` is its name there. `prompt` is how it is asked: `plain` (any model), `xverify`, `compassverifier`, or the path of a file with
    {question}, {gold}, {response} and {choices} where they belong. `of` are the verdicts that are asked about, `limit` the largest share
    of a profile's responses that may be. `max_tokens` bounds what it says, and `max_characters` what it is shown of a response: the
    beginning, and more of the end. A stage that trains asks it only with `in_training`.
    """

    place: ClassVar[str] = "grading.second"
    wrong_model: ClassVar[str] = "Set grading.second.model to the judge's name there, or serve it and correct grading.second.base_urls"
    lengths: ClassVar[str] = "grading.second.max_characters"

    model: str = Field(min_length=1)
    prompt: str = Field(default="plain", min_length=1)
    of: tuple[Refused, ...] = Field(default=("incorrect", "unparseable"), min_length=1)
    limit: float = Field(default=0.1, gt=0, le=1)
    max_tokens: int = Field(default=32, ge=1, le=32_768)
    max_characters: int = Field(default=12_000, ge=200)
    concurrency: int = Field(default=16, ge=1)
    timeout_s: float = Field(default=120, gt=0)
    patience_s: float = Field(default=60, gt=0)
    in_training: bool = False

    @model_validator(mode="after")
    def servers_are_named(self) -> "SecondSettings":
        if not self.base_urls:
            raise ValueError("a second opinion needs base_urls, such as [http://127.0.0.1:8000/v1]")
        return self


class DatasetGrading(Settings):
    """Who judges the answers to one dataset's problems: a `verifier` of your own (null: our grader, whoever judges the others)."""

    verifier: str | None = None


class GradingSettings(Settings):
    """Limits of the grader: times in seconds, memory in MiB of address space per child process. `verifier` is a function of your own that
    judges in its place: `path/to/file.py:function` or `package.module:function` (see verifier.py). `by_dataset` names datasets that others
    judge; `second` asks a judge, a model, about what was refused.

    `timeout_s` is time of the processor, so that no verdict depends on what else the machine does. `wait_s` is time on the clock, for a
    child that does not compute: a verifier that waits for a network, say, is timed out after it."""

    verifier: str | None = None
    by_dataset: dict[str, DatasetGrading] = Field(default_factory=dict)
    second: SecondSettings | None = None
    timeout_s: float = Field(default=5.0, gt=0, le=600)
    wait_s: float = Field(default=120.0, gt=0, le=86_400)
    workers: int = Field(default=2, ge=1, le=256)
    memory_mib: int = Field(default=2048, ge=128)
    start_timeout_s: float = Field(default=120.0, gt=0)

    def verifier_of(self, dataset: str) -> str | None:
        """The verifier that judges a dataset; None where our grader does."""
        return self.by_dataset[dataset].verifier if dataset in self.by_dataset else self.verifier

    @property
    def verifiers(self) -> dict[str, str]:
        """Every verifier, by the place where these settings name it."""
        named = {"verifier": self.verifier, **{f"by_dataset.{name}.verifier": one.verifier for name, one in self.by_dataset.items()}}
        return {place: verifier for place, verifier in named.items() if verifier}

    @property
    def in_training(self) -> "GradingSettings":
        """How training judges: by the same verifiers; a judge is asked in its loop only where the settings say so."""
        return self if self.second is None or self.second.in_training else self.model_copy(update={"second": None})


WHO = {"verifier", "by_dataset", "second"}
"""The settings that say who judges, which `grader_id` names: a file's place is no part of it."""
