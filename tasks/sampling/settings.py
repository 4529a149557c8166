"""How responses are sampled: the engine and its machinery, the number of rounds, and the distribution they are drawn from."""

from typing import Literal

from pydantic import Field, model_validator

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


class AdaptiveSettings(Settings):
    """Adaptive rounds: draw `min_rounds`, then `every` more at a time, only of problems whose band is not settled, up to `rounds`.

    `rule` says when k of n settle it: "wilson" or "beta" when the interval of that `confidence` (Wilson's; the equal-tailed one of the
    Beta posterior) lies wholly inside one band; "predictive" when the accuracy over all `rounds` will be in the band of k/n with that
    probability, which for the same error saves more. `prior` is the Beta prior of the last two (Jeffreys' by default). `edges` cut
    [0, 1] into the bands to tell apart; None: `difficulty.low` and `difficulty.high`, what curation drops and keeps. All of it is ours.
    """

    rule: Literal["predictive", "beta", "wilson"] = "predictive"
    confidence: float = Field(default=0.94, gt=0, lt=1)
    min_rounds: int = Field(default=4, ge=1)
    every: int = Field(default=2, ge=1)
    edges: tuple[float, ...] | None = None
    prior: tuple[float, float] = (0.5, 0.5)

    @model_validator(mode="after")
    def numbers_fit(self) -> "AdaptiveSettings":
        edges = self.edges
        if edges is not None and (not edges or list(edges) != sorted(set(edges)) or edges[0] < 0 or edges[-1] > 1):
            raise ValueError(f"edges {list(edges)} must rise within 0 and 1; [0.084, 0.87] tells too hard, useful and too easy apart")
        if min(self.prior) <= 0:
            raise ValueError(f"prior {list(self.prior)} is no Beta distribution; give two positive numbers, [0.5, 0.5] is Jeffreys'")
        return self


class SamplingSettings(Settings):
    """`rounds` responses are drawn for each problem (N of the method; the paper does not publish its own, 8 is ours).

    With `adaptive` that is the most, and a problem whose band is settled earlier gets fewer; held-out problems always get all.
    `temperature`, `top_p` and `max_tokens` define the distribution: difficulty is always *under* it. Temperature 0 is greedy.
    `batch_size` (prompts in one forward pass of `transformers`), `shard_size` (rollouts in one file: with the shards in flight, the most
    that a crash can lose) and `replicas` (processes that sample side by side, each with its own copy of the model and its own GPUs) do not.
    """

    engine: Literal["transformers", "vllm"] = "transformers"
    rounds: int = Field(default=8, ge=1)
    adaptive: AdaptiveSettings | None = None
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    batch_size: int = Field(default=256, ge=1)
    shard_size: int = Field(default=1024, ge=1)
    replicas: int = Field(default=1, ge=1)
    vllm: VllmSettings = VllmSettings()

    def checkpoints(self) -> list[int]:
        """The numbers of rounds after which settled problems stop, and at last all of them."""
        if self.adaptive is None:
            return [self.rounds]
        return [*range(self.adaptive.min_rounds, self.rounds, self.adaptive.every), self.rounds]
