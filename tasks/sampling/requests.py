"""Which responses are wanted, with which prompt and seed, and which of them the lake does not have yet.

Randomness is derived: the seed of a response depends on its problem, round, sample and the recipe's seed alone, so an interrupted and
resumed run draws what an uninterrupted one draws.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from tasks.base.errors import InputError
from tasks.base.files import digest
from tasks.lake.lake import ROLLOUT_KEY
from tasks.prompting import pictures
from tasks.prompting.control import NOT_KNOWN, ControlTokens
from tasks.prompting.prompt import problem_hint, problem_prompt, template_digests
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.settings import SamplingSettings

SEED_BITS = 63
KEY = ["problem_id", "round", "sample"]
Key = tuple[str, int, int]
"""Problem, round and sample of a response."""
Hints = dict[str, tuple[str, float]]
"""Band and accuracy of the problems that carry a hint, by problem."""


@dataclass(frozen=True)
class Request:
    """One wanted response. `prompt` still has its `<image>` marks; `images` are the files in the order of the marks."""

    problem_id: str
    round: int
    sample: int
    seed: int
    prompt: str
    images: tuple[Path, ...] = ()
    hint: str = ""

    @property
    def key(self) -> Key:
        """What tells its response from the others of a policy and way of sampling."""
        return self.problem_id, self.round, self.sample


@dataclass(frozen=True)
class Completion:
    """A sampled response: its text without special tokens, its length in tokens, and "stop" or "length" for how it ended."""

    response: str
    n_tokens: int
    finish_reason: str


class Refusal(InputError):
    """One request cannot be answered, for a reason that lies in it or its problem; others may well be."""


Outcome = Completion | Refusal
Finished = Callable[[Request, Outcome], None]
"""What an engine hands each request's outcome to, as soon as it has it."""


def rollout_seed(problem_id: str, round: int, sample: int, seed: int) -> int:
    """The seed of one response, an integer of 63 bits (so that it fits a signed column)."""
    words = f"{problem_id}/{round}/{sample}/{seed}".encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big") >> (64 - SEED_BITS)


def seed_for_bands(seed: int) -> int:
    """The recipe's seed in draws that only find the bands of hints, so that none of them is one that is compared (60 bits)."""
    return int(digest(["bands of hints", seed])[:15], 16)


def sampling_id(prompting: PromptingSettings, sampling: SamplingSettings, *, seed: int, hints: Hints | None) -> str:
    """Names the distribution that responses are drawn from: the digest of `sampling_identity`."""
    return digest(sampling_identity(prompting, sampling, seed=seed, hints=hints))


def sampling_identity(prompting: PromptingSettings, sampling: SamplingSettings, *, seed: int, hints: Hints | None) -> dict[str, Any]:
    """What distribution responses are drawn from: templates' text, hints, temperature, top-p, length,
    pixel limits and how images are opened.

    `hints` gives band and accuracy of the problems that carry a hint, None without hints. Rounds, engine and batch are no part of it: more
    rounds only add to what is there. The recipe's seed is, so that two recipes never share draws.
    """
    return {
        "templates": {name: text for name, text in template_digests(prompting).items() if hints or not name.startswith("hints/")},
        "prompting": prompting.model_dump(exclude=None if hints else {"hints"}),
        "hints": hints,
        "distribution": sampling.model_dump(include={"temperature", "top_p", "max_tokens"}),
        "pictures": pictures.VERSION,
        "seed": seed,
    }


def wanted(problems: pl.DataFrame, rounds: range, hints: Hints | None) -> pl.DataFrame:
    """The keys (problem_id, round, sample) of these rounds, problem by problem in the order given.

    With `hints` (band and accuracy by problem) only the problems named there: the prompt of the others is the same as without hints.
    """
    ids = problems.select("problem_id") if hints is None else problems.select("problem_id").filter(pl.col("problem_id").is_in(list(hints)))
    numbers = pl.DataFrame({"round": rounds, "sample": [0] * len(rounds)}, schema={"round": pl.Int64, "sample": pl.Int64})
    return ids.join(numbers, how="cross", maintain_order="left_right")


def missing(keys: pl.DataFrame, shards: Sequence[Path]) -> pl.DataFrame:
    """The keys that no shard holds yet, in their order."""
    if not shards:
        return keys
    done = pl.scan_parquet(list(shards), schema=None, glob=False).select(KEY).collect()
    return keys.join(done, on=KEY, how="anti", maintain_order="left")


def shard_name(keys: pl.DataFrame) -> str:
    """The name of the shard that holds the responses of these keys."""
    return digest(keys.select(KEY).rows())


def chunks(keys: pl.DataFrame, size: int, shards: Sequence[Path]) -> list[pl.DataFrame]:
    """Cut keys into shards of `size`, less what `shards` hold.

    All keys are cut, not just those that are missing: a run that was killed while several shards were in hand goes on with the very
    shards, and so the batches, of an undisturbed one.
    """
    left = missing(keys.with_row_index("place"), shards).with_columns(pl.col("place") // size)
    return [chunk.drop("place") for chunk in left.partition_by("place", maintain_order=True)]


@dataclass(frozen=True)
class Prompts:
    """How problems are put to a policy: rows of the lake's `problems` by id, the folder of its `images`, the prompting, who carries a hint,
    and the policy's control tokens, which no question may speak in."""

    problems: dict[str, dict]
    images: Path
    prompting: PromptingSettings
    hints: Hints | None = None
    control: ControlTokens = NOT_KNOWN

    def asked(self, problem_id: str) -> dict[str, Any]:
        """A problem's prompt, the files of its images, and the band that its hint is of."""
        problem = self.problems[problem_id]
        band, accuracy = self.hints[problem_id] if self.hints else (None, None)
        hint = problem_hint(self.prompting.hints, band=band, accuracy=accuracy)
        prompt = problem_prompt(self.prompting, problem["question"], problem["choices"], hint=hint, control=self.control)
        images = tuple(self.images / name for name in problem["images"] or ())
        return {"prompt": prompt, "images": images, "hint": band if hint and band else ""}


def requests_for(keys: pl.DataFrame, prompts: Prompts, *, seed: int) -> list[Request]:
    """The requests of a shard's keys."""
    asked = cache(prompts.asked)  # the samples of a problem share their prompt
    return [
        Request(problem_id, round, sample, rollout_seed(problem_id, round, sample, seed), **asked(problem_id))
        for problem_id, round, sample in keys.iter_rows()
    ]


def rollout_rows(requests: Sequence[Request], completions: Sequence[Completion], policy_id: str, sampling: str) -> pl.DataFrame:
    """The lake's rollouts of these requests, in their order."""
    rows = [
        {
            **dict(zip(ROLLOUT_KEY, (request.problem_id, policy_id, sampling, request.round, request.sample), strict=True)),
            "response": completion.response,
            "n_tokens": completion.n_tokens,
            "finish_reason": completion.finish_reason,
            "seed": request.seed,
            "hint": request.hint,
        }
        for request, completion in zip(requests, completions, strict=True)
    ]
    return pl.DataFrame(rows)
