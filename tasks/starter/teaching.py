"""The supervised run that makes the starter policy: it imitates the careless annotator, token by token, in plain PyTorch.

Each half of a batch has a thread of its own and PyTorch's own threads are off: cores that wait for each other in every small operation
are far slower where the machine is shared, and the weights depend on the number of cores. Two gradients add up the same in either order,
so that a run is repeatable.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import torch
from transformers import BatchFeature, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

from tasks.prompting.prompt import chat_messages
from tasks.starter.annotator import Example, draw_example
from tasks.starter.settings import AnnotatorSettings, Lesson, TeachingSettings

IGNORED = -100


def _texts(processor: Qwen2_5_VLProcessor, example: Example) -> tuple[str, str]:
    prompt = processor.apply_chat_template(chat_messages(example.prompt), tokenize=False, add_generation_prompt=True)
    return prompt, f"{example.completion}{processor.tokenizer.eos_token}"


def collate(processor: Qwen2_5_VLProcessor, examples: list[Example]) -> BatchFeature:
    """Tensors of a batch, padded on the left; `labels` (batch × tokens) are -100 everywhere but on the completions."""
    texts = [_texts(processor, example) for example in examples]
    images = [example.picture.draw() for example in examples]
    batch = processor(text=["".join(pair) for pair in texts], images=images, padding=True, return_tensors="pt")
    labels = torch.full_like(batch["input_ids"], IGNORED)
    for row, (_, completion) in enumerate(texts):
        length = len(processor.tokenizer(completion)["input_ids"])
        labels[row, -length:] = batch["input_ids"][row, -length:]
    batch["labels"] = labels
    return batch


Halves = tuple[BatchFeature, BatchFeature]


def _batches(processor: Qwen2_5_VLProcessor, annotator: AnnotatorSettings, teaching: TeachingSettings) -> Iterator[Halves]:
    rng = Random(f"annotated {teaching.seed}")
    half = teaching.batch // 2
    for _ in range(teaching.steps):
        hinted = rng.random() < annotator.hinted
        examples = [draw_example(annotator, rng, hinted=hinted) for _ in range(2 * half)]
        yield collate(processor, examples[:half]), collate(processor, examples[half:])


def _share_of_rate(step: int, teaching: TeachingSettings) -> float:
    if step < teaching.warmup:
        return (step + 1) / teaching.warmup
    done = (step - teaching.warmup) / max(1, teaching.steps - teaching.warmup)
    return 0.5 * (1 + math.cos(math.pi * done))


def _half_gradient(model: Qwen2_5_VLForConditionalGeneration) -> Callable[[BatchFeature], float]:
    def add_gradient(half: BatchFeature) -> float:
        loss = model(**half).loss / 2
        loss.backward()
        return loss.item()

    return add_gradient


def teach(model: Qwen2_5_VLForConditionalGeneration, processor: Qwen2_5_VLProcessor, lesson: Lesson) -> Iterator[float]:
    """Trains `model` in place; yields each step's loss (nats per completion token)."""
    teaching = lesson.teaching
    optimizer = torch.optim.AdamW(model.parameters(), lr=teaching.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share_of_rate(step, teaching))
    model.train()
    torch.set_num_threads(1)
    with ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for halves in _batches(processor, lesson.annotator, teaching):
            loss = sum(pool.map(_half_gradient(model), halves))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            yield loss
