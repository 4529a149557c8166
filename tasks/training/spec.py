"""What the training worker is told: everything that a stage is made of, as paths and settings."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.training.settings import StageSettings


class StageSpec(BaseModel):
    """Train `policy` on the stage file `problems`; `folder` takes checkpoints while it runs and then `policy/`, `groups/`, `metrics/`.

    `validation` is a file in the form of `problems`, for what `settings.validation` asks.
    `trackers` is where trackers write that write files; None leaves them their own places. `words` is where a
    judge's words are kept, where one is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage_id: str
    folder: Path
    policy: Policy
    problems: Path
    validation: Path | None = None
    settings: StageSettings
    prompting: PromptingSettings
    grading: GradingSettings
    seed: int
    trackers: Path | None = None
    words: Path | None = None
