"""The model card of the starter policy: what it is, how it was made, and what it must not be taken for."""

from tasks.starter.settings import StarterSettings

CARD = """---
library_name: transformers
pipeline_tag: image-text-to-text
---
# Starter policy

A Qwen2.5-VL with {weights:,} weights that reads 48×48 pictures of labelled figures and bar charts. It exists so that the whole pipeline
can be run on two CPU cores in minutes. It knows nothing else: no language, no photographs.

## How it was made
Supervised training from random weights on {examples:,} synthetic examples ({steps} steps of {batch}, seed {seed}), made by
`difficulty-prior starter`. No other data, no other model.

The examples were written by a *careless annotator*: the working is right, but the boxed answer is wrong with probability
{carelessness} at difficulty levels 0 to 4. The U shape of this policy's accuracy, and the room that reinforcement learning finds to
improve it, were put in on purpose. {hinted:.0%} of the prompts carried a difficulty hint, and there the annotator erred
{hinted_carelessness} times as often; so that hints help is put in, too. Gains measured with this policy show that the machinery works.
They are no evidence about other models.

## Use
```python
from transformers import AutoModelForImageTextToText, AutoProcessor
processor = AutoProcessor.from_pretrained(folder)
model = AutoModelForImageTextToText.from_pretrained(folder, dtype="float32")
```
The weights are stored in bfloat16. `<think>` and `</think>` are ordinary tokens, so decoding keeps them.
"""


def model_card(settings: StarterSettings, *, weights: int) -> str:
    """The card's text (Markdown) for a policy of so many weights made with these settings."""
    teaching, annotator = settings.teaching, settings.annotator
    return CARD.format(
        weights=weights,
        examples=teaching.steps * teaching.batch,
        steps=teaching.steps,
        batch=teaching.batch,
        seed=teaching.seed,
        carelessness=", ".join(map(str, annotator.carelessness)),
        hinted=annotator.hinted,
        hinted_carelessness=annotator.hinted_carelessness,
    )
