"""What the training worker is told: everything that a stage is made of, as paths and settings."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.estimates.settings import DifficultySettings
from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.training.settings import StageSettings
from tasks.training.succession import HandedOver


class StageSpec(BaseModel):
    """Train `policy` on the stage file `problems`; `folder` takes checkpoints while it runs and then `policy/`, `groups/`, `metrics/`.

    `validation` is a file in the form of `problems`, for what `settings.validation` asks. `adam` and `masters` are what the stage before
    handed over: Adam's state, and the folder of its weights in float32; `hands_over` is what this stage is to keep for the next.
    `bands` has the edges of the bands that live hints go by.
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
    bands: DifficultySettings = DifficultySettings()
    adam: Path | None = None
    masters: Path | None = None
    hands_over: HandedOver = "policy"
    trackers: Path | None = None
    words: Path | None = None
