"""The engines that turn requests into completions, shard by shard, and what the rest of the house must know of each.

An engine pulls shards as it has room for them, so that a server or a GPU stays full across the seams, and hands each response over as
soon as it is finished, whatever else is still being drawn: what is finished can then be kept. A request that it cannot answer is handed
back with the reason, and the others go on; what makes all of them impossible is raised. Equal shards give equal completions, whatever was
generated before, as far as the engine's arithmetic does not depend on what shares a batch (the `transformers` engine cuts its batches
inside a shard and promises it).

A new engine is a module here, its settings (and its name) in tasks/sampling/settings.py, its line in ENGINES, and its test. Nothing else
knows any engine by its name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from tasks.base.errors import InputError
from tasks.base.extras import EXTRAS
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import Finished, Request
from tasks.sampling.settings import EngineName, SamplingSettings


class Engine(Protocol):
    """What the worker asks of an engine."""

    def generate(self, shards: Iterable[Sequence[Request]], finished: Finished) -> None:
        """Give every request of every shard to `finished`, once, with what came of it. What that raises ends the work."""
        ...


def nothing_missing(sampling: SamplingSettings) -> Iterator[str]:
    """What an engine that needs nothing else lacks."""
    return iter(())


def key_missing(sampling: SamplingSettings) -> Iterator[str]:
    """The servers' key, where the settings name a variable for it that is not set."""
    if missing := sampling.server.key_missing:
        yield missing


@dataclass(frozen=True)
class Declared:
    """An engine before it is loaded: its class, as "module:class" in this folder; the `extra` that brings its library; whether it computes
    on this machine's `cards`; whether it wants a `fresh` process, since it starts threads and processes of its own; the GPUs of one copy of
    the model; the share of a GPU's `memory` that it takes (0: as much as it needs); the `context` and the `images` that it bounds a prompt
    by (None: as the model does); and what it lacks on this machine beside packages."""

    place: str
    extra: str | None = None
    cards: bool = True
    fresh: bool = False
    gpus: Callable[[SamplingSettings], int] = lambda sampling: 1
    memory: Callable[[SamplingSettings], float] = lambda sampling: 0.0
    context: Callable[[SamplingSettings], int | None] = lambda sampling: None
    images: Callable[[SamplingSettings], int | None] = lambda sampling: None
    lacks: Callable[[SamplingSettings], Iterator[str]] = nothing_missing

    def missing(self, sampling: SamplingSettings) -> Iterator[str]:
        """What must be seen to on this machine before it can sample."""
        if self.extra and not EXTRAS[self.extra].is_installed:
            yield EXTRAS[self.extra].missing
        yield from self.lacks(sampling)


ENGINES: dict[EngineName, Declared] = {
    "transformers": Declared("transformers:TransformersEngine"),
    "vllm": Declared(
        "vllm:VllmEngine",
        extra="vllm",
        fresh=True,
        gpus=lambda sampling: sampling.vllm.tensor_parallel,
        memory=lambda sampling: sampling.vllm.memory,
        context=lambda sampling: sampling.vllm.context,
        images=lambda sampling: sampling.vllm.images,
    ),
    "server": Declared("server:ServerEngine", cards=False, lacks=key_missing),
}


def declared(sampling: SamplingSettings) -> Declared:
    """The engine that the settings name. Loads no library."""
    return ENGINES[sampling.engine]


def open_engine(policy: Policy, prompting: PromptingSettings, sampling: SamplingSettings) -> Engine:
    """Load the policy into the engine that the settings name. Imports the engine's library: for worker processes only. Raises InputError
    where that is not installed, or something else is missing."""
    engine = declared(sampling)
    if missing := "; ".join(engine.missing(sampling)):
        raise InputError(f"sampling.engine {sampling.engine}: {missing}")
    module, name = engine.place.split(":")
    return getattr(import_module(f"{__name__}.{module}"), name)(policy, prompting, sampling)
