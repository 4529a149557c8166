"""How the starter's datasets are drawn and how the starter policy was taught. The shipped policy was made with the defaults."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tasks.base.settings import Settings

STARTER_DATASETS = ("starter-figures", "starter-charts")
Chance = Annotated[float, Field(ge=0, le=1)]


class AnnotatorSettings(Settings):
    """The careless annotator who wrote the examples the starter policy is taught with.

    `carelessness` is the chance of a wrong answer at each level, 0 to 4. With a hint in the prompt (in `hinted` of the
    batches, all prompts carry one) that chance is multiplied by `hinted_carelessness`. `slips` says what is written then where an answer is
    a number: one "near" the right one, or one "on_the_way" to it, where the working has any.
    """

    carelessness: tuple[Chance, Chance, Chance, Chance, Chance] = (0.02, 0.1, 0.4, 0.65, 0.92)
    hinted: Chance = 0.2
    hinted_carelessness: Chance = 0.8
    slips: Literal["near", "on_the_way"] = "near"


class TeachingSettings(Settings):
    """The supervised run: `steps` of `batch` fresh examples, AdamW, cosine learning rate after `warmup` steps."""

    steps: int = Field(1200, ge=1)
    batch: int = Field(64, ge=2, multiple_of=2)
    learning_rate: float = Field(2e-3, gt=0)
    warmup: int = Field(40, ge=0)
    seed: int = 0


SHARPER = AnnotatorSettings(carelessness=(0.02, 0.1, 0.34, 0.87, 0.98), hinted_carelessness=0.9, slips="on_the_way")
SHORTER = TeachingSettings(steps=300, learning_rate=6e-4, warmup=20, seed=1)
"""The shipped policy's second lesson."""


class StarterDatasetSettings(Settings):
    """How the two synthetic datasets are drawn: problems a split, each dataset, and the seed. Validation changes no other split."""

    seed: int = 0
    n_train: int = Field(384, ge=1)
    n_heldout: int = Field(320, ge=0)
    n_validation: int = Field(0, ge=0)


class Lesson(Settings):
    """Who wrote the examples, and the run that imitates them."""

    annotator: AnnotatorSettings = AnnotatorSettings()
    teaching: TeachingSettings = TeachingSettings()


class StarterSettings(Settings):
    """What makes the policy: its lessons in order, each from the weights that the one before it left, rounded to bfloat16 as they are kept.

    The first teaches it to read and to answer. The second is what its U comes from: a policy this small hardly learns to avoid the right
    answer among those near it, and solves the hardest problems more often than the first annotator did; to copy another number it learns.
    """

    lessons: tuple[Lesson, ...] = Field((Lesson(), Lesson(annotator=SHARPER, teaching=SHORTER)), min_length=1)


class TeachingSpec(Settings):
    """What the process that makes the policy is told: the folder to leave it in, and the settings."""

    output: Path
    settings: StarterSettings = StarterSettings()
