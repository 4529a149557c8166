"""The engines that turn requests into completions. An engine is a class with `generate(requests) -> completions`, in the same order."""

from collections.abc import Sequence
from typing import Protocol

from tasks.policy import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings


class Engine(Protocol):
    """What the worker asks of an engine. Equal requests in equal batches give equal completions, whatever was generated before."""

    def generate(self, requests: Sequence[Request]) -> list[Completion]: ...


def open_engine(policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> Engine:
    """Load the policy into the engine that the settings name. Imports the engine's library: for worker processes only."""
    from tasks.sampling.engines.transformers import TransformersEngine

    return {"transformers": TransformersEngine}[sampling.engine](policy, prompting, sampling)
