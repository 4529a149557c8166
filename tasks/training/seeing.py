"""TRL's GRPO trainer for vision-language models of any family: what its processor makes of images reaches the model whole.

TRL knows the layouts of some processors, drops what it does not know, and takes a batch that mixes prompts with one, several and no images
for another layout where the numbers agree. So it is told of no images at all: they travel in the prompts, each prompt is prepared alone
(tasks/policy/seeing.py), and every forward pass is given what belongs to its rows just before the model runs.
"""

from typing import Any

import torch
from trl import GRPOTrainer
from trl.data_utils import prepare_multimodal_messages

from tasks.policy.seeing import Seen, image_fields, padded, see, token_kinds

TRAVELS_AS = "num_images"  # the one list, a row a completion, that TRL shuffles, splits and hands to the forward pass as it is


class SeeingTrainer(GRPOTrainer):
    """A trainer whose prompts hold their images."""

    _is_vlm: bool

    def __init__(self, **options: Any) -> None:
        self.seen: list[Seen] = []  # the prompts of this process that are answered, or were last
        self.shown: dict[str, torch.Tensor] = {}  # what the forward pass in hand is given beside its tokens
        super().__init__(**options)
        for policy in filter(None, (self.model, self.ref_model)):
            policy.register_forward_pre_hook(self.with_what_is_shown, with_kwargs=True)

    def with_what_is_shown(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Give a forward pass what its rows see."""
        return args, {**kwargs, **self.shown}

    def with_images_in_prompts(self, examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The examples of a vision-language model with their images in their prompts, where TRL does not look for them."""
        if not self._is_vlm:
            return examples
        kept = [{name: value for name, value in example.items() if name != "images"} for example in examples]
        return [
            {**row, "prompt": prepare_multimodal_messages(example["prompt"], images=example.get("images"))}
            for row, example in zip(kept, examples, strict=True)
        ]

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[Any, Any, Any]:
        if not self._is_vlm:
            return super()._tokenize_prompts(prompts)
        known: dict[tuple[Any, ...], Seen] = {}
        self.seen = [self.look(prompt, known) for prompt in prompts]
        return [seen.tokens for seen in self.seen], None, {**image_fields(self.seen), **token_kinds(self.seen)}

    def look(self, prompt: Any, known: dict[tuple[Any, ...], Seen]) -> Seen:
        """A prompt as the model sees it, each prepared once."""
        processor: Any = self.processing_class
        text = processor.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
        parts = [part for message in prompt for part in message["content"] if isinstance(part, dict)]
        pictures = [part["image"] for part in parts if part["type"] == "image"]
        key = (text, *map(id, pictures))
        if key not in known:
            known[key] = see(processor, text, pictures)
        return known[key]

    def _generate_single_turn(self, prompt_ids: Any, images: Any, *args: Any, **kwargs: Any) -> Any:
        """vLLM is given the images themselves, None for a prompt without any, and inside this process each as a single token."""
        if self._is_vlm and self.use_vllm:
            pictures = [list(seen.pictures) or None for seen in self.seen]
            images = pictures if any(pictures) else None
            if images and self.vllm_mode == "colocate":
                prompt_ids = [seen.asked for seen in self.seen]
        return super()._generate_single_turn(prompt_ids, images, *args, **kwargs)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        output = super()._generate_and_score_completions(self.with_images_in_prompts(inputs))
        return {**output, TRAVELS_AS: self.seen} if self._is_vlm else output

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int, **options: Any
    ) -> Any:
        if not self._is_vlm:
            return super()._get_per_token_logps_and_entropies(model, input_ids, attention_mask, logits_to_keep, **options)
        seen, size = options.pop(TRAVELS_AS, None) or self.seen, options.pop("batch_size", None) or len(input_ids)
        parts = []
        for rows in (slice(start, start + size) for start in range(0, len(input_ids), size)):
            self.shown = self.fields_of(seen[rows], input_ids.shape[1], logits_to_keep, input_ids.device)
            try:
                part = super()._get_per_token_logps_and_entropies(model, input_ids[rows], attention_mask[rows], logits_to_keep, **options)
            finally:
                self.shown = {}
            parts.append(part)
        logps, entropies, losses = zip(*parts, strict=True)
        return torch.cat(logps), *(together(values, join) for values, join in ((entropies, torch.cat), (losses, mean_of)))

    def fields_of(self, seen: list[Seen], width: int, answered: int, device: torch.device) -> dict[str, torch.Tensor]:
        """What the model is given beside the tokens [rows, width] of these prompts with `answered` tokens of completions after each."""
        kinds = {name: padded([[*row, *[0] * answered] for row in rows], width) for name, rows in token_kinds(seen).items()}
        return {name: value.to(device) for name, value in {**image_fields(seen), **kinds}.items()}


def together(values: tuple[Any, ...], join: Any) -> Any:
    """The parts' values as one; None where there are none."""
    return None if values[0] is None else join(values)


def mean_of(losses: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The mean of the parts' losses."""
    return torch.stack(losses).mean()
