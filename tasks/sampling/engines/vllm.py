"""The `vllm` engine: continuous batching in this process, with the policy's adapter where it has one.

Requests are fed to vLLM's own step loop as it has room, across the seams between shards, so that its batch never drains before the end.
Samples of one problem stand next to each other: its prompt is made ready for the engine once, and they share their prefix in vLLM's
cache. Every response has its own seed; what shares its batch can still change the last bits of a logit, and with them, rarely, a token:
two runs agree in distribution, not to the byte.
"""

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import safe_open

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.policy.loading import context_length, counts_pixels, load_processor, sees_images
from tasks.prompting.pictures import open_picture
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.memory import fit_in_memory
from tasks.sampling.reader import Reader
from tasks.sampling.requests import Completion, Finished, Outcome, Refusal, Request
from tasks.sampling.settings import SamplingSettings

DEFAULTS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # the engine in this process: nothing outlives a kill
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}
FULL = 2  # so many times as many requests as are generated at once are in the engine's hands, so that it never waits for one
TOWERS = {"vision_tower", "visual", "vision_model", "vision_encoder", "image_tower"}  # transformers' names for what sees
KEPT_PROMPTS = 64  # the samples of a problem stand next to each other
CPU_BATCH_TOKENS = 8192

for variable, value in DEFAULTS.items():
    os.environ.setdefault(variable, value)


class VllmEngine:
    """Loads the policy into `vllm.LLM`; smaller batches where its memory does not suffice."""

    def __init__(self, policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> None:
        check_adapter(policy)
        processor, reads_images = load_processor(policy, prompting), sees_images(policy)
        self.sampling = sampling
        self.sequences, self.llm = fit_in_memory(
            lambda sequences: start(policy, processor, reads_images, sampling, sequences),
            sampling.vllm.sequences,
            "sampling.vllm.sequences",
        )
        context = self.llm.llm_engine.model_config.max_model_len
        self.reader = Reader(processor, reads_images, context, sampling.max_tokens)
        self.adapter = adapter_request(policy)
        self.ready = lru_cache(KEPT_PROMPTS)(self.made_ready)
        self.added = 0

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        """Responses as they finish; about `FULL` times `sequences` requests are in hand at a time."""
        waiting, in_hand = chain.from_iterable(shards), dict[str, Request]()
        more = True
        while more or in_hand:
            while more and len(in_hand) < FULL * self.sequences:
                request = next(waiting, None)
                more = request is not None
                if request:
                    self.add(request, in_hand, finished)
            for output in self.llm.llm_engine.step() if in_hand else ():
                if output.finished:
                    request = in_hand.pop(output.request_id)
                    finished(request, self.completion(request, output))

    def add(self, request: Request, in_hand: dict[str, Request], finished: Finished) -> None:
        """Hand a request to the engine, or back with the reason why that refuses it."""
        from vllm.exceptions import VLLMClientError

        name = str(self.added)
        self.added += 1
        try:
            self.reader.check_can_see([request])
            ready = self.ready(request.prompt, request.images)
            self.llm.llm_engine.add_request(name, ready, self.parameters(request), lora_request=self.adapter)
        except Refusal as refusal:
            finished(request, refusal)
        except (ValueError, OSError, VLLMClientError) as error:
            words = f"problem {request.problem_id}: vLLM refuses its prompt: {error}. See sampling.vllm (context, images) in the recipe"
            finished(request, Refusal(words))
        else:
            in_hand[name] = request

    def prompt(self, text: str, images: Sequence[Path]) -> dict[str, Any]:
        """The tokens of a prompt, as vLLM would add a first one to a text, with its images as data."""
        prompt: dict[str, Any] = {"prompt_token_ids": self.reader.chat_tokens(text)}
        pictures: list[Image.Image] = [open_picture(path) for path in images]
        return {**prompt, "multi_modal_data": {"image": pictures}} if pictures else prompt

    def made_ready(self, text: str, images: Sequence[Path]) -> Any:
        """A prompt as tokens and pixels, which any number of responses can be drawn from. vLLM's cache of pixels is passed by: it counts on
        hearing of every request."""
        [ready] = self.llm.llm_engine.renderer.render_cmpl([self.prompt(text, images)], skip_mm_cache=True)
        return ready

    def parameters(self, request: Request) -> Any:
        """The recipe's distribution with the request's own seed. Only the whole response is asked for: vLLM would otherwise make an output
        of every response at every step."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        own = self.sampling
        wanted: dict[str, Any] = {"temperature": own.temperature, "top_p": own.top_p, "max_tokens": own.max_tokens, "seed": request.seed}
        return SamplingParams(**wanted, output_kind=RequestOutputKind.FINAL_ONLY)

    def completion(self, request: Request, output: Any) -> Outcome:
        """A finished response; refused where its prompt did not leave it all the room the recipe gives."""
        [done] = output.outputs
        try:
            self.reader.check_fits(request, len(output.prompt_token_ids))
        except Refusal as refusal:
            return refusal
        return Completion(done.text, len(done.token_ids), done.finish_reason)


def start(policy: Policy, processor: Any, reads_images: bool, sampling: SamplingSettings, sequences: int) -> Any:
    """Start vLLM with room for `sequences` at once. Raises InputError where the model or its settings are at fault."""
    from vllm import LLM

    own, on_gpu, context = sampling.vllm, torch.cuda.is_available(), sampling.vllm.context or context_length(policy)
    options: dict[str, Any] = {
        "revision": policy.revision,
        "trust_remote_code": policy.trust_remote_code,
        "dtype": "float32" if policy.dtype == "auto" and not on_gpu else policy.dtype,
        "tensor_parallel_size": own.tensor_parallel,
        "max_model_len": context,
        "max_num_seqs": sequences,
        "enforce_eager": own.eager or not on_gpu,
        "enable_prefix_caching": True,
        "generation_config": "vllm",  # none of the model's own penalties or cuts, which would change the distribution
        **({"gpu_memory_utilization": own.memory} if on_gpu else cpu_options(context, own.cpu_cache_gib)),
        **(image_options(processor, own.images) if reads_images else {}),
        **({"enable_lora": True, "max_loras": 1, "max_lora_rank": adapter_rank(policy)} if policy.adapter else {}),
    }
    try:
        return LLM(model=policy.model, **options)
    except (ValueError, OSError) as error:
        raise InputError(
            f"vLLM cannot load {policy.model}: {error}. What it was started with stands under sampling.vllm in the recipe"
        ) from error


def cpu_options(context: int | None, cache_gib: int) -> dict[str, Any]:
    """What the CPU build needs: the cache's size, and prompts that are read whole. After reading a part of one, vLLM 0.31 rewinds the
    generator of a seeded request, which a CPU generator cannot do (`CPU Generator does not use offset`)."""
    return {
        "kv_cache_memory_bytes": cache_gib << 30,
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(context or 0, CPU_BATCH_TOKENS),
    }


def image_options(processor: Any, images: int) -> dict[str, Any]:
    """The recipe's pixel limits, which the processor already has, and how many images a prompt may have."""
    limits = {"mm_processor_kwargs": {"size": dict(processor.image_processor.size)}} if counts_pixels(processor.image_processor) else {}
    videos = {"video": 0} if getattr(processor, "video_processor", None) is not None else {}
    return {**limits, "limit_mm_per_prompt": {"image": images, **videos}}


def check_adapter(policy: Policy) -> None:
    """Raise InputError when the policy's adapter is on its vision tower too: vLLM would leave that part out without a word."""
    file = Path(policy.adapter or "", "adapter_model.safetensors")
    if policy.adapter is None or not file.is_file():
        return
    with safe_open(file, framework="pt") as tensors:
        on_tower = [name for name in tensors.keys() if TOWERS & set(name.split("."))]  # noqa: SIM118 - not a dict
    if on_tower:
        raise InputError(
            f"policy {policy.name}: its adapter {policy.adapter} is on the vision tower too ({on_tower[0]}, …), which vLLM does not "
            "apply; set sampling.engine to transformers, or train with lora.vision false"
        )


def adapter_rank(policy: Policy) -> int:
    """The rank of the policy's LoRA adapter, rounded up to one that vLLM has kernels for."""
    from peft import PeftConfig

    assert policy.adapter is not None
    config: Any = PeftConfig.from_pretrained(policy.adapter)
    rank = max(config.r, *config.rank_pattern.values(), 1)
    return next((size for size in (8, 16, 32, 64, 128, 256, 320, 512) if size >= rank), rank)


def adapter_request(policy: Policy) -> Any:
    """The policy's adapter as every request names it; None without one."""
    if policy.adapter is None:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest(Path(policy.adapter).name, 1, policy.adapter)
