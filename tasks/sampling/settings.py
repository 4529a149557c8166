"""How responses are sampled: the engine and its machinery, the number of rounds, and the distribution they are drawn from."""

from typing import Literal

from pydantic import Field

from tasks.settings import Settings


class VllmSettings(Settings):
    """The `vllm` engine: what `vllm.LLM` is started with. None of it changes the distribution.

    `tensor_parallel` GPUs hold one copy of the model; `memory` is the share of each GPU's memory that vLLM may take; `context` is the
    longest prompt plus response in tokens (None: the model's own); `sequences` are generated at once; `eager` skips compiling, which
    starts faster and runs slower (the CPU build always does); `images` is the most that one prompt may have; `cpu_cache_gib` is the size
    of the cache of keys and values where there is no GPU.
    """

    tensor_parallel: int = Field(default=1, ge=1)
    memory: float = Field(default=0.9, gt=0, le=1)
    context: int | None = Field(default=None, ge=1)
    sequences: int = Field(default=256, ge=1)
    eager: bool = False
    images: int = Field(default=8, ge=1)
    cpu_cache_gib: int = Field(default=1, ge=1)


class SamplingSettings(Settings):
    """`rounds` responses are drawn for each problem (N of the method; the paper does not publish its own, 8 is ours).

    `temperature`, `top_p` and `max_tokens` define the distribution: difficulty is always *under* it. Temperature 0 is greedy.
    `batch_size` (prompts in one forward pass of `transformers`), `shard_size` (rollouts in one file: with the shards in flight, the most
    that a crash can lose) and `replicas` (processes that sample side by side, each with its own copy of the model and its own GPUs) do not.
    """

    engine: Literal["transformers", "vllm"] = "transformers"
    rounds: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    batch_size: int = Field(default=256, ge=1)
    shard_size: int = Field(default=1024, ge=1)
    replicas: int = Field(default=1, ge=1)
    vllm: VllmSettings = VllmSettings()
