"""How the starter's datasets are drawn and how the starter policy was taught. The shipped policy was made with the defaults."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from tasks.base.settings import Settings

STARTER_DATASETS = ("starter-figures", "starter-charts")
Chance = Annotated[float, Field(ge=0, le=1)]


class AnnotatorSettings(Settings):
    """The careless annotator who wrote the examples the starter policy is taught with.

    `carelessness` is the chance of a wrong answer at each level, 0 to 4. With a hint in the prompt (in `hinted` of the
    batches, all prompts carry one) that chance is multiplied by `hinted_carelessness`.
    """

    carelessness: tuple[Chance, Chance, Chance, Chance, Chance] = (0.02, 0.1, 0.4, 0.65, 0.92)
    hinted: Chance = 0.2
    hinted_carelessness: Chance = 0.8


class TeachingSettings(Settings):
    """The supervised run: `steps` of `batch` fresh examples, AdamW, cosine learning rate after `warmup` steps."""

    steps: int = Field(1200, ge=1)
    batch: int = Field(64, ge=2, multiple_of=2)
    learning_rate: float = Field(2e-3, gt=0)
    warmup: int = Field(40, ge=0)
    seed: int = 0


class StarterDatasetSettings(Settings):
    """How the two synthetic datasets are drawn: problems a split, each dataset, and the seed. Validation changes no other split."""

    seed: int = 0
    n_train: int = Field(384, ge=1)
    n_heldout: int = Field(320, ge=0)
    n_validation: int = Field(0, ge=0)


class StarterSettings(Settings):
    """What makes the policy: who wrote the examples, and the run that imitates them."""

    annotator: AnnotatorSettings = AnnotatorSettings()
    teaching: TeachingSettings = TeachingSettings()


class TeachingSpec(Settings):
    """What the process that makes the policy is told: the folder to leave it in, and the settings."""

    output: Path
    settings: StarterSettings = StarterSettings()
