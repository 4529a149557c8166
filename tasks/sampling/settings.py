"""How responses are sampled: the engine, the number of rounds, and the distribution they are drawn from."""

from typing import Literal

from pydantic import Field

from tasks.settings import Settings


class SamplingSettings(Settings):
    """`rounds` responses are drawn for each problem (N of the method; the paper does not publish its own, 8 is ours).

    `temperature`, `top_p` and `max_tokens` define the distribution: difficulty is always *under* it. Temperature 0 is greedy.
    `batch_size` (prompts in one forward pass) and `shard_size` (rollouts in one file: the most that a crash can lose) do not.
    """

    engine: Literal["transformers"] = "transformers"
    rounds: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    batch_size: int = Field(default=256, ge=1)
    shard_size: int = Field(default=1024, ge=1)
