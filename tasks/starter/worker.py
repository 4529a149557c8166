"""Makes the starter policy: `python -m tasks.starter.worker SPEC.json`, a few minutes on two cores.

SPEC.json is `{"output": "<folder>", "settings": {...}}`, the settings those of `StarterSettings` and optional. The folder gets a policy
that `AutoProcessor` and `AutoModelForImageTextToText` load; the same settings, library versions and machine give the same weights.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import torch
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

from tasks.base.events import emit_progress, worker_main
from tasks.problems.marks import IMAGE_MARK
from tasks.starter.annotator import draw_example
from tasks.starter.card import model_card
from tasks.starter.model import build_model
from tasks.starter.settings import AnnotatorSettings, Lesson, StarterSettings, TeachingSpec
from tasks.starter.teaching import teach
from tasks.starter.tokenizer import build_processor

VOCABULARY_EXAMPLES = 4000


def _vocabulary_texts(annotator: AnnotatorSettings, seed: int) -> list[str]:
    rng = Random(f"vocabulary {seed}")
    examples = [draw_example(annotator, rng, hinted=number % 2 == 0) for number in range(VOCABULARY_EXAMPLES)]
    prompts = [example.prompt.replace(IMAGE_MARK, "") for example in examples]
    return prompts + [f"system\nuser\nassistant\n{example.completion}" for example in examples]


def taught(model: Qwen2_5_VLForConditionalGeneration, processor: Qwen2_5_VLProcessor, lesson: Lesson) -> Iterator[float]:
    """Teaches one lesson, to weights that bfloat16 holds; yields each step's loss."""
    yield from teach(model, processor, lesson)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(weight.bfloat16())  # and not the model's buffers, whose frequencies are computed anew on loading


def make_policy(output: Path, settings: StarterSettings) -> None:
    """Builds, teaches and saves the starter policy to the folder `output` (bfloat16, at most 4 MB in all)."""
    first = settings.lessons[0]
    processor = build_processor(_vocabulary_texts(first.annotator, first.teaching.seed))
    model = build_model(processor, seed=first.teaching.seed)
    losses = (loss for lesson in settings.lessons for loss in taught(model, processor, lesson))
    for step, loss in enumerate(losses, start=1):
        emit_progress(step, sum(lesson.teaching.steps for lesson in settings.lessons), f"steps, loss {loss:.3f}")
    model.bfloat16().save_pretrained(output)
    processor.save_pretrained(output)
    (output / "README.md").write_text(model_card(settings, weights=model.num_parameters()), encoding="utf-8")


def run(spec_text: str) -> None:
    """Make the policy that a spec (JSON of `TeachingSpec`) asks for."""
    spec = TeachingSpec.model_validate_json(spec_text)
    make_policy(spec.output, spec.settings)


if __name__ == "__main__":
    worker_main(run)
