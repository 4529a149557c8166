"""The `transformers` engine: batched generation in this process, every response with its own seed.

One uniform number a token, drawn from the response's own generator, picks the token by inverse transform: what a response becomes does
not depend on which others share its batch. (`generate(do_sample=True)` draws a whole batch from one stream and cannot promise that.)
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from transformers import BatchEncoding, BatchFeature, GenerationConfig, LogitsProcessor, PreTrainedTokenizerBase

from tasks.policy.identity import Policy
from tasks.policy.loading import Processor, context_length, end_tokens, load_model, load_processor, sees_images, tokenizer_of
from tasks.prompting.pictures import open_picture
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.memory import fit_in_memory
from tasks.sampling.engines.prompts import Reader
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings


class SeededSampling(LogitsProcessor):
    """Turns greedy search into sampling with given uniform numbers.

    `uniforms` is (batch, max_tokens) in [0, 1); at each step every row keeps the one token whose cumulative probability, after
    temperature and top-p, passes its number.
    """

    def __init__(self, uniforms: torch.Tensor, prompt_tokens: int, temperature: float, top_p: float) -> None:
        self.uniforms, self.prompt_tokens, self.temperature, self.top_p = uniforms, prompt_tokens, temperature, top_p

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (batch, vocabulary) → the same shape, -inf everywhere but at the token drawn."""
        probabilities = torch.softmax(scores.float() / self.temperature, dim=-1)
        if self.top_p < 1:
            probabilities = nucleus(probabilities, self.top_p)
        cumulative = probabilities.double().cumsum(dim=-1)
        number = self.uniforms[:, input_ids.shape[1] - self.prompt_tokens, None] * cumulative[:, -1:]
        token = torch.searchsorted(cumulative, number, right=True).clamp(max=scores.shape[-1] - 1)
        return torch.full_like(scores, -torch.inf).scatter_(1, token, 0.0)


def nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """The probabilities (batch, vocabulary) with all but the smallest set of tokens that holds `top_p` of the mass set to zero."""
    ordered, order = probabilities.sort(dim=-1, descending=True)
    outside = ordered.cumsum(dim=-1) - ordered >= top_p
    return probabilities.masked_fill(outside.gather(1, order.argsort(dim=-1)), 0.0)


class TransformersEngine:
    """Loads the policy once and works through each shard batch by batch."""

    def __init__(self, policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> None:
        self.sampling = sampling
        self.batch_size = sampling.batch_size
        self.processor: Processor = load_processor(policy, prompting)
        self.reader = Reader(self.processor, sees_images(policy), context_length(policy), sampling.max_tokens)
        self.tokenizer = tokenizer_of(self.processor)
        self.model = load_model(policy).eval()
        ends = end_tokens(self.model, self.tokenizer)
        self.generation = generation_config(self.model.generation_config, self.tokenizer, ends, sampling.max_tokens)
        self.ends = torch.tensor(ends, dtype=torch.long, device=self.model.device)

    def generate(self, shards: Iterable[Sequence[Request]]) -> Iterator[tuple[int, list[Completion]]]:
        """The shards one after the other."""
        for place, shard in enumerate(shards):
            yield place, self.complete(shard)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion for each request, in order."""
        size = self.sampling.batch_size
        return [done for start in range(0, len(requests), size) for done in self.complete_batch(requests[start : start + size])]

    def complete_batch(self, requests: Sequence[Request]) -> list[Completion]:
        """One batch of requests, cut into smaller ones where memory runs out. The size that fits is kept for the batches to come."""

        def attempt(size: int) -> list[Completion]:
            return [done for start in range(0, len(requests), size) for done in self.generate_batch(requests[start : start + size])]

        size, completions = fit_in_memory(attempt, min(self.batch_size, len(requests)), "sampling.batch_size")
        if size < len(requests):
            self.batch_size = size
        return completions

    @torch.inference_mode()
    def generate_batch(self, requests: Sequence[Request]) -> list[Completion]:
        """One forward batch. A prompt that several of its requests share is read once: its cached keys and values serve them all."""
        prompts = {(request.prompt, request.images): request for request in requests}
        places = {prompt: place for place, prompt in enumerate(prompts)}
        index = torch.tensor([places[request.prompt, request.images] for request in requests], device=self.model.device)
        inputs: Any = self.encode(list(prompts.values())).to(self.model.device)
        if len(prompts) < len(requests):
            inputs = self.shared(inputs, index)
        prompt_tokens = inputs["input_ids"].shape[1]
        tokens = self.model.generate(**inputs, generation_config=self.generation, logits_processor=self.draws(requests, prompt_tokens))
        return self.decode(tokens[:, prompt_tokens:])

    def shared(self, inputs: Any, index: torch.Tensor) -> dict[str, Any]:
        """Inputs for `index` (batch,) into the prompts of `inputs`, all but their last token already in the cache."""
        once = GenerationConfig(**{**self.generation.to_diff_dict(), "max_new_tokens": 1, "return_dict_in_generate": True})
        cache = self.model.generate(**inputs, generation_config=once).past_key_values
        cache.crop(-1)
        cache.batch_select_indices(index)
        base = self.model.base_model
        if getattr(base, "rope_deltas", None) is not None:  # how far an image shifts the positions after it, a row each
            base.rope_deltas = base.rope_deltas[index]
        return {"input_ids": inputs["input_ids"][index], "attention_mask": inputs["attention_mask"][index], "past_key_values": cache}

    def encode(self, requests: Sequence[Request]) -> BatchFeature | BatchEncoding:
        """The model's inputs for a batch, padded on the left."""
        self.reader.check_can_see(requests)
        texts = [self.reader.chat_text(request.prompt) for request in requests]
        pictures = [[open_picture(path) for path in request.images] for request in requests]
        if any(pictures):
            inputs = self.processor(text=texts, images=pictures, return_tensors="pt", padding=True)
        else:
            inputs = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        for request, tokens in zip(requests, inputs["attention_mask"].sum(dim=1).tolist(), strict=True):
            self.reader.check_fits(request, tokens)
        return inputs

    def draws(self, requests: Sequence[Request], prompt_tokens: int) -> list[LogitsProcessor]:
        """The seeded sampler of a batch; none for temperature 0, which is greedy."""
        if self.sampling.temperature == 0:
            return []
        streams = [np.random.Generator(np.random.Philox(request.seed)).random(self.sampling.max_tokens) for request in requests]
        uniforms = torch.from_numpy(np.stack(streams)).to(self.model.device)
        return [SeededSampling(uniforms, prompt_tokens, self.sampling.temperature, self.sampling.top_p)]

    def decode(self, tokens: torch.Tensor) -> list[Completion]:
        """Completions from generated tokens (batch, steps): text up to the first end token, which counts as one of its tokens."""
        ended = torch.isin(tokens, self.ends)
        stops = ended.any(dim=1)
        lengths = torch.where(stops, ended.int().argmax(dim=1) + 1, tokens.shape[1])
        texts = self.tokenizer.batch_decode([row[:length] for row, length in zip(tokens, lengths, strict=True)], skip_special_tokens=True)
        ends = ["stop" if stop else "length" for stop in stops.tolist()]
        return [Completion(*done) for done in zip(texts, lengths.tolist(), ends, strict=True)]


def generation_config(own: GenerationConfig, tokenizer: PreTrainedTokenizerBase, ends: list[int], max_tokens: int) -> GenerationConfig:
    """Plain generation up to one of the end tokens. `generate` takes what is left open here from the model, which has no habits of its
    own any more (`tasks.policy.loading.bare_generation`)."""
    pad = own.pad_token_id if own.pad_token_id is not None else tokenizer.pad_token_id
    return GenerationConfig(do_sample=False, max_new_tokens=max_tokens, eos_token_id=ends or None, pad_token_id=pad, use_cache=True)
