"""What a vision-language model is given of a prompt: its tokens, and what its processor makes of its images.

Prompts are prepared one by one and put together into batches here. Processors lay images out in many ways (a row an image, a tile, a patch,
or a prompt), so that a part of a batch cannot be cut out of what was made of the whole, and some refuse prompts without images beside
others that have them. Imports torch: for worker processes only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import pad

from tasks.policy.loading import Processor, tokenizer_of

KINDS = ("token_type_ids", "mm_token_type_ids")
"""What processors say of each token; models of the first one want it of every prompt."""


@dataclass(frozen=True)
class Seen:
    """A prompt as a model reads it: its `tokens`; `asked`, the same with one token for an image; what `kinds` its tokens are of, by the
    model's names; and the `fields` that its images make, each [rows, …]."""

    tokens: list[int]
    asked: list[int]
    kinds: dict[str, list[int]]
    fields: dict[str, torch.Tensor]
    pictures: tuple[Image.Image, ...]


def see(processor: Processor, text: str, pictures: Sequence[Image.Image]) -> Seen:
    """A prompt, written by the chat template, with its images."""
    asked = list(tokenizer_of(processor)(text, add_special_tokens=False)["input_ids"])
    if not pictures:
        return Seen(asked, asked, {name: [0] * len(asked) for name in KINDS[:1] if name in processor.model_input_names}, {}, ())
    made: Any = processor(text=[text], images=[list(pictures)], return_tensors="pt")
    kinds = {name: made[name][0].tolist() for name in KINDS if name in made}
    taken = {"input_ids", "attention_mask", *kinds}
    fields = {name: value for name, value in made.items() if name not in taken and isinstance(value, torch.Tensor)}
    return Seen(made["input_ids"][0].tolist(), asked, kinds, fields, tuple(pictures))


def image_fields(prompts: Sequence[Seen]) -> dict[str, torch.Tensor]:
    """What the images of some prompts make, in their order; nothing where there are none."""
    names = dict.fromkeys(name for prompt in prompts for name in prompt.fields)
    return {name: joined([prompt.fields[name] for prompt in prompts if name in prompt.fields]) for name in names}


def joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Tensors one after the other, each filled up with zeros to the size of the largest."""
    sizes = [max(size) for size in zip(*(part.shape[1:] for part in parts), strict=True)]
    return torch.cat(
        [pad(part, [end for size, own in zip(sizes[::-1], part.shape[:0:-1], strict=True) for end in (0, size - own)]) for part in parts]
    )


def token_kinds(prompts: Sequence[Seen]) -> dict[str, list[list[int]]]:
    """What kinds the tokens of some prompts are of; zeros where a prompt does not say."""
    names = dict.fromkeys(name for prompt in prompts for name in prompt.kinds)
    return {name: [prompt.kinds.get(name) or [0] * len(prompt.tokens) for prompt in prompts] for name in names}


def padded(rows: Sequence[Sequence[int]], width: int, filling: int = 0) -> torch.Tensor:
    """Rows of numbers as one tensor [rows, width], filled up on the left."""
    return torch.tensor([[filling] * (width - len(row)) + list(row) for row in rows])
