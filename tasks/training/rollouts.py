"""Answers of the policy in training outside TRL's own step: for validation, and for problems that are drawn to refill a batch.

They take TRL's road (its tokenizing, its engine, its decoding), so the policy is asked just as in a step; metrics of the step and the
count of tokens do not see them.
"""

from dataclasses import dataclass
from typing import Any

from trl import GRPOTrainer
from trl.data_utils import prepare_multimodal_messages


@dataclass(frozen=True)
class Rollouts:
    """One answer to each of some prompts: its tokens, their log-probabilities where the engine tells them, its text, and the number of
    tokens of prompt and answer together."""

    ids: list[list[int]]
    logprobs: list[list[float | None]] | None
    texts: list[str]
    tokens: list[int]


def answer(trainer: GRPOTrainer, examples: list[dict[str, Any]]) -> Rollouts:
    """An answer to each example's prompt. With several processes all of them must call this together, each with its own examples."""
    prompts = [prepare_multimodal_messages(row["prompt"], images=row["images"]) if "images" in row else row["prompt"] for row in examples]
    prompt_ids, images, fields = trainer._tokenize_prompts(prompts)
    ids, logprobs = trainer._generate_single_turn(prompt_ids, images, fields, 1)  # each prompt is asked once, however often it is given
    processor: Any = trainer.processing_class
    texts = processor.batch_decode(ids, skip_special_tokens=True)
    return Rollouts(ids, logprobs, texts, [len(prompt) + len(answered) for prompt, answered in zip(prompt_ids, ids, strict=True)])
