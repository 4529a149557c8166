"""The engines that turn requests into completions, shard by shard.

An engine pulls shards as it has room for them and gives each back when the last of its responses is done, so that a server or a GPU
stays full across the seams. Equal shards give equal completions, whatever was generated before, as far as the engine's arithmetic does
not depend on what shares a batch (the `transformers` engine cuts its batches inside a shard and promises it).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings


class Engine(Protocol):
    """What the worker asks of an engine."""

    def generate(self, shards: Iterable[Sequence[Request]]) -> Iterator[tuple[int, list[Completion]]]:
        """Place and completions (in the order of the requests) of each shard, in the order in which they finish."""
        ...


def open_engine(policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> Engine:
    """Load the policy into the engine that the settings name. Imports the engine's library: for worker processes only."""
    if sampling.engine == "vllm":
        from tasks.sampling.engines.vllm import VllmEngine

        return VllmEngine(policy, prompting, sampling)
    if sampling.engine == "server":
        from tasks.sampling.engines.server import ServerEngine

        return ServerEngine(policy, prompting, sampling)
    from tasks.sampling.engines.transformers import TransformersEngine

    return TransformersEngine(policy, prompting, sampling)
