"""How responses are sampled: the engine and its machinery, the number of rounds, and the distribution they are drawn from."""

import os
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from tasks.base.errors import InputError
from tasks.base.settings import Settings
from tasks.estimates.settings import AdaptiveSettings

EngineName = Literal["transformers", "vllm", "server"]
"""The engines, as tasks/sampling/engines declares them."""


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


class Servers(Settings):
    """OpenAI-compatible endpoints (`vllm serve`, SGLang, …) and how they are asked; `place` is where a recipe has these settings.

    `base_urls` end where `/chat/completions` begins, as in "http://10.0.0.7:8000/v1"; each answers up to `concurrency` requests at once.
    `key_variable` names the environment variable that holds the key, which itself never stands in a recipe. `timeout_s` is for one
    whole response; a request that a server fails is given to the servers `tries` times in all, and a server that fails rests for up to
    `backoff_s` seconds, doubled each time up to `backoff_limit_s`. A server that is down is asked every `health_s` seconds whether it is
    back; when none has been up for `patience_s` seconds the run ends.
    """

    place: ClassVar[str] = "sampling.server"
    wrong_model: ClassVar[str] = (
        "Set sampling.server.model to the base policy's name there, or serve the policy and add the server to sampling.server.base_urls "
        "(a trained policy goes by its folder); --set sampling.engine=transformers samples it on this machine"
    )
    """What mends it that all servers are well, and none has the model."""
    lengths: ClassVar[str] = "sampling.max_tokens or the images"
    """What makes prompt and response shorter."""

    base_urls: tuple[str, ...] = ()
    key_variable: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    concurrency: int = Field(default=64, ge=1)
    timeout_s: float = Field(default=600, gt=0)
    tries: int = Field(default=6, ge=1)
    backoff_s: float = Field(default=0.5, gt=0)
    backoff_limit_s: float = Field(default=30, gt=0)
    health_s: float = Field(default=5, gt=0)
    patience_s: float = Field(default=300, gt=0)

    @field_validator("base_urls")
    @classmethod
    def plain_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.username or parts.password or parts.query:
                raise ValueError(
                    "an address carries a user, a key or a query; keep keys in the environment and name the variable (key_variable)"
                )
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:  # .port raises for what is no port
                raise ValueError(f"{url!r} is not an http(s) address such as http://127.0.0.1:8000/v1")
        return tuple(dict.fromkeys(url.rstrip("/") for url in urls))

    @property
    def key_missing(self) -> str:
        """What to do about a key that the settings name and this machine does not have; "" where nothing is missing."""
        if not self.key_variable or os.environ.get(self.key_variable, "").strip():
            return ""
        return f"{self.place}.key_variable: the environment variable {self.key_variable} is not set; export it, or leave the setting out"

    def key(self) -> str:
        """The key in the environment variable that the settings name; empty without one. Raises InputError when that is not set, or
        holds no key."""
        if self.key_missing:
            raise InputError(self.key_missing)
        key = os.environ.get(self.key_variable, "").strip() if self.key_variable else ""
        if not key.isascii() or (key and not key.isprintable()) or " " in key:
            raise InputError(
                f"{self.place}.key_variable: what {self.key_variable} holds is no key: it has spaces or characters that a header "
                "may not have"
            )
        return key


class ServerSettings(Servers):
    """The `server` engine. None of it changes the distribution.

    `model` is the base policy's name on the servers (None: its hub id or folder; a trained policy goes by its own folder). `neutral`
    switches off what a server would add from the model's generation_config.json (top-k, min-p, repetition penalty) with fields that
    OpenAI's own API refuses. (vLLM and SGLang read nothing else there but the end tokens; a server that adds more than these fields say,
    such as forbidden tokens, must be started without.) `check_prompts` compares the length of every prompt with the policy's own processor
    (false: nobody checks that the servers see an image as training does).
    """

    model: str | None = None
    neutral: bool = True
    check_prompts: bool = True


class RaySettings(Settings):
    """Sampling on a Ray cluster, one shard a task: `address` is "auto" (the cluster of this machine), "ray://head:10001", or "local" (one
    is started here for the run). A task asks for `cpus` and `gpus`; with several nodes the lake must lie on a disk that all of them see.
    """

    address: str = "auto"
    cpus: float = Field(default=1, ge=0)
    gpus: float = Field(default=0, ge=0)


class Distribution(Settings):
    """What responses are drawn from beside the prompt: the policy's probabilities at a `temperature`, cut to the tokens that hold the
    share `top_p`, up to `max_tokens`; nothing else, whatever a checkpoint's generation settings ask for. Profile, training and evaluation
    have their defaults from here, since what is measured should be what is trained on."""

    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1, lt=2**31)  # which engines count in 32 bits


class SamplingSettings(Distribution):
    """`rounds` responses are drawn for each problem (N of the method; the paper does not publish its own, 8 is ours).

    With `adaptive` that is the most, and a problem that is settled earlier gets fewer; held-out problems always get all.
    `temperature`, `top_p` and `max_tokens` define the distribution: difficulty is always *under* it. Temperature 0 is greedy.
    `batch_size` (prompts in one forward pass of `transformers`), `shard_size` (rollouts in one file), `flush_s` (seconds after which a
    finished completion is on disk, whatever the shard's size: the most finished work that a crash can lose) and `replicas` (processes that
    sample side by side, each with its own copy of the model and its own GPUs) do not.
    """

    engine: EngineName = "transformers"
    rounds: int = Field(default=8, ge=1, lt=2**31)
    adaptive: AdaptiveSettings | None = None
    batch_size: int = Field(default=256, ge=1)
    shard_size: int = Field(default=1024, ge=1)
    flush_s: float = Field(default=20.0, gt=0, le=60)
    replicas: int = Field(default=1, ge=1)
    ray: RaySettings | None = None
    vllm: VllmSettings = VllmSettings()
    server: ServerSettings = ServerSettings()

    def checkpoints(self) -> list[int]:
        """The numbers of rounds after which settled problems stop, and at last all of them."""
        if self.adaptive is None:
            return [self.rounds]
        return [*range(self.adaptive.min_rounds, self.rounds, self.adaptive.every), self.rounds]

    @model_validator(mode="after")
    def rounds_can_be_matched(self) -> "SamplingSettings":
        if self.adaptive and (self.adaptive.match_rounds or 0) > self.rounds:
            raise ValueError(
                f"adaptive.match_rounds {self.adaptive.match_rounds} is above rounds {self.rounds}, the most there are; lower it"
            )
        return self

    @model_validator(mode="after")
    def servers_are_named(self) -> "SamplingSettings":
        if self.engine == "server" and not self.server.base_urls:
            raise ValueError("the engine `server` needs server.base_urls, such as [http://127.0.0.1:8000/v1]")
        if self.engine == "server" and self.replicas > 1:
            raise ValueError(f"replicas is {self.replicas}, but one process asks all servers; set it to 1 and raise server.concurrency")
        return self
