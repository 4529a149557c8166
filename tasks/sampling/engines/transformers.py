"""The `transformers` engine: batched generation in this process, every response with its own seed.

One uniform number a token, drawn from the response's own generator, picks the token by inverse transform: what a response becomes does
not depend on which others share its batch. (`generate(do_sample=True)` draws a whole batch from one stream and cannot promise that.)
"""

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import (
    BatchEncoding,
    BatchFeature,
    DynamicCache,
    GenerationConfig,
    LogitsProcessor,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer, LinearAttentionCacheLayerMixin

from tasks.policy.identity import Policy
from tasks.policy.loading import Processor, context_length, end_tokens, load_model, load_processor, sees_images, tokenizer_of
from tasks.prompting.pictures import open_picture
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.memory import TooLarge, fit_in_memory, is_out_of_memory
from tasks.sampling.reader import Reader
from tasks.sampling.requests import Completion, Finished, Outcome, Refusal, Request
from tasks.sampling.settings import SamplingSettings

HARVEST_S = 2.0


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
        self.window = shortest_memory(self.model)
        self.ends = torch.tensor(ends, dtype=torch.long, device=self.model.device)

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        """The shards one after the other, each batch by batch; a response is finished when it ends, however long others of its batch go
        on."""
        size = self.sampling.batch_size
        for shard in shards:
            for start in range(0, len(shard), size):
                self.complete_batch(shard[start : start + size], finished)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """The completions of these requests, in their order. Raises the first refusal."""
        found: dict[int, Outcome] = {}
        self.generate([requests], lambda request, outcome: found.update({id(request): outcome}))
        outcomes = [found[id(request)] for request in requests]
        for refusal in (outcome for outcome in outcomes if isinstance(outcome, Refusal)):
            raise refusal
        return [outcome for outcome in outcomes if isinstance(outcome, Completion)]

    def complete_batch(self, requests: Sequence[Request], finished: Finished) -> None:
        """One batch of requests, cut into smaller ones where memory runs out. The size that fits is kept for the batches to come."""
        left = {id(request): request for request in requests}

        def ended(request: Request, outcome: Outcome) -> None:
            del left[id(request)]
            finished(request, outcome)

        def attempt(size: int) -> None:
            waiting = list(left.values())  # without those that had ended before memory ran out
            for start in range(0, len(waiting), size):
                self.generate_batch(waiting[start : start + size], ended)

        while left:
            try:
                size, _ = fit_in_memory(attempt, asked := min(self.batch_size, len(left)), "sampling.batch_size")
            except TooLarge as fault:
                first = next(iter(left.values()))  # alone with the memory, since those before it have ended
                ended(first, Refusal(f"problem {first.problem_id}: {fault}"))
            else:
                self.batch_size = size if size < asked else self.batch_size

    @torch.inference_mode()
    def generate_batch(self, requests: Sequence[Request], ended: Finished) -> None:
        """One forward batch. A prompt that several of its requests share is read once: its cached keys and values serve them all."""
        prompts = {(request.prompt, request.images): request for request in requests}
        try:
            encoded = self.encode(list(prompts.values()))
        except Exception as error:
            if is_out_of_memory(error):
                raise
            self.generate_readable(requests, ended, error)
            return
        places = {prompt: place for place, prompt in enumerate(prompts)}
        index = torch.tensor([places[request.prompt, request.images] for request in requests], device=self.model.device)
        inputs: Any = encoded.to(self.model.device)
        if len(prompts) < len(requests):
            fits = inputs["input_ids"].shape[1] < self.window
            inputs = self.shared(inputs, index) if fits else self.encode(requests).to(self.model.device)
        prompt_tokens = inputs["input_ids"].shape[1]
        draws, harvest = self.draws(requests, prompt_tokens), Harvest(self, requests, prompt_tokens, ended)
        tokens = self.model.generate(
            **inputs, generation_config=self.generation, logits_processor=draws, stopping_criteria=StoppingCriteriaList([harvest])
        )
        harvest.reap(tokens)

    def generate_readable(self, requests: Sequence[Request], ended: Finished, error: Exception) -> None:
        """A batch without the requests whose prompts cannot be read, which are handed back. Raises the error of the whole batch where that
        is no request's own."""
        readable = []
        for request in requests:
            if refusal := self.refusal_of(request):
                ended(request, refusal)
            else:
                readable.append(request)
        if len(readable) == len(requests):
            raise error
        if readable:
            self.generate_batch(readable, ended)

    def refusal_of(self, request: Request) -> Refusal | None:
        """Why a request's prompt cannot be read; None where it can."""
        try:
            self.encode([request])
        except Refusal as refusal:
            return refusal
        except Exception as error:  # noqa: BLE001 - processors raise what they like
            return Refusal(f"problem {request.problem_id}: its prompt cannot be read: {type(error).__name__}: {error}")
        return None

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

    def ends_of(self, tokens: torch.Tensor) -> torch.Tensor:
        """How many of a row's tokens (batch, steps) are its response's, the end token included; 0 for a row without one."""
        ended = torch.isin(tokens, self.ends)
        return torch.where(ended.any(dim=1), ended.int().argmax(dim=1) + 1, 0)

    def decode(self, rows: Sequence[torch.Tensor]) -> list[str]:
        """The texts of responses, each given as its tokens."""
        return self.tokenizer.batch_decode([row.tolist() for row in rows], skip_special_tokens=True)


class Harvest(StoppingCriteria):
    """Hands responses over as they end while others of their batch go on; looks every `HARVEST_S`, and stops none."""

    def __init__(self, engine: TransformersEngine, requests: Sequence[Request], prompt_tokens: int, ended: Finished) -> None:
        self.engine, self.prompt_tokens, self.ended = engine, prompt_tokens, ended
        self.left, self.looked = dict(enumerate(requests)), time.monotonic()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        if time.monotonic() - self.looked > HARVEST_S:
            self.reap(input_ids, going_on=True)
            self.looked = time.monotonic()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    def reap(self, input_ids: torch.Tensor, *, going_on: bool = False) -> None:
        """Hand over the rows of (batch, prompt and steps) that have ended; all of them, unless they are `going_on`."""
        tokens = input_ids[:, self.prompt_tokens :]
        ends = self.engine.ends_of(tokens).tolist()
        ripe = [place for place in self.left if ends[place] or not going_on]
        if not ripe:
            return
        lengths, rows = [ends[place] or tokens.shape[1] for place in ripe], tokens.cpu()
        texts = self.engine.decode([rows[place, :length] for place, length in zip(ripe, lengths, strict=True)])
        for place, length, text in zip(ripe, lengths, texts, strict=True):
            self.ended(self.left.pop(place), Completion(text, length, "stop" if ends[place] else "length"))


def shortest_memory(model: PreTrainedModel) -> float:
    """How many tokens every layer's cache holds before it forgets the first: from there on it cannot be cut to a prompt that others share.
    Infinite where no layer forgets; none where a layer keeps a state instead of tokens."""
    layers = DynamicCache(config=model.config.get_text_config(decoder=True)).layers
    if not all(isinstance(layer, DynamicLayer) and not isinstance(layer, LinearAttentionCacheLayerMixin) for layer in layers):
        return 0
    return min((layer.sliding_window for layer in layers if isinstance(layer, DynamicSlidingWindowLayer)), default=math.inf)


def generation_config(own: GenerationConfig, tokenizer: PreTrainedTokenizerBase, ends: list[int], max_tokens: int) -> GenerationConfig:
    """Plain generation up to one of the end tokens. `generate` takes what is left open here from the model, which has no habits of its
    own any more (`tasks.policy.loading.bare_generation`)."""
    pad = own.pad_token_id if own.pad_token_id is not None else tokenizer.pad_token_id
    return GenerationConfig(do_sample=False, max_new_tokens=max_tokens, eos_token_id=ends or None, pad_token_id=pad, use_cache=True)
