"""The model card of the starter policy: what it is, how it was made, and what it must not be taken for."""

from tasks.starter.settings import Lesson, StarterSettings

CARD = """---
library_name: transformers
pipeline_tag: image-text-to-text
---
# Starter policy

A Qwen2.5-VL with {weights:,} weights that reads 48×48 pictures of labelled figures and bar charts. It exists so that the whole pipeline
can be run on two CPU cores in minutes. It knows nothing else: no language, no photographs.

## How it was made
Supervised training from random weights on {examples:,} synthetic examples, made by `difficulty-prior starter`. No other data, no other
model.

The examples were written by a *careless annotator*: the working is right, but the boxed answer is wrong the more often the harder the
problem is, in {hinted:.0%} of the batches somewhat less, as there the prompts carried a difficulty hint:

| lesson | steps × examples | wrong at levels 0 to 4 | times, with a hint | what is written then |
|---|---|---|---|---|
{lessons}

The U shape of this policy's accuracy, and the room that reinforcement learning finds to improve it, were put in on purpose; so is that
hints help. Gains measured with this policy show that the machinery works. They are no evidence about other models.

## Use
```python
from transformers import AutoModelForImageTextToText, AutoProcessor

processor = AutoProcessor.from_pretrained(folder)
model = AutoModelForImageTextToText.from_pretrained(folder, dtype="float32")
```
The weights are stored in bfloat16. `<think>` and `</think>` are ordinary tokens, so decoding keeps them.
"""


SAID = {"near": "a number near the right one", "on_the_way": "a number on the way to it"}
"""What `slips` stands for; of choices it is another letter in any case."""


def model_card(settings: StarterSettings, *, weights: int) -> str:
    """The card's text (Markdown) for a policy of so many weights made with these settings."""
    examples = sum(lesson.teaching.steps * lesson.teaching.batch for lesson in settings.lessons)
    lines = [row(number, lesson) for number, lesson in enumerate(settings.lessons, start=1)]
    return CARD.format(weights=weights, examples=examples, hinted=settings.lessons[-1].annotator.hinted, lessons="\n".join(lines))


def row(number: int, lesson: Lesson) -> str:
    """A lesson's line in the card's table."""
    teaching, annotator = lesson.teaching, lesson.annotator
    careless = ", ".join(map(str, annotator.carelessness))
    said = f"{teaching.steps} × {teaching.batch} | {careless} | {annotator.hinted_carelessness} | {SAID[annotator.slips]}"
    return f"| {number} (seed {teaching.seed}) | {said} |"
