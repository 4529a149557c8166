"""The transformers engine on the real starter policy: seeds decide, batches do not, and the distribution is the policy's own."""

from pathlib import Path

import pytest
import torch

from tasks.errors import InputError
from tasks.policy import Policy, PolicySettings, base_policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import SeededSampling, TransformersEngine, nucleus
from tasks.sampling.requests import Request
from tasks.sampling.settings import SamplingSettings
from tasks.starter.datasets import write_starter_datasets


@pytest.fixture(scope="module")
def policy() -> Policy:
    return base_policy(PolicySettings(model="starter", dtype="float32"))


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    folder = tmp_path_factory.mktemp("starter")
    write_starter_datasets(folder, n_train=2, n_heldout=2)
    images = sorted(folder.glob("*/images/train-*.png"))
    questions = [
        "<image>What is it?",
        "<image>A longer question, so that the batch is padded?",
        "Text only?",
        "<image><image>Which of two?",
    ]
    pictures = [images[:1], images[1:2], [], images[:2]]
    return [Request(f"p{n}", 0, 0, 1000 + n, text, tuple(files)) for n, (text, files) in enumerate(zip(questions, pictures, strict=True))]


def engine(policy: Policy, **settings: object) -> TransformersEngine:
    return TransformersEngine(policy, PromptingSettings(), SamplingSettings(max_tokens=24, **settings))  # type: ignore[arg-type]


def test_a_response_depends_on_its_seed_and_not_on_its_batch(policy: Policy, requests: list[Request]) -> None:
    together, alone = engine(policy).complete(requests), engine(policy, batch_size=1).complete(requests)
    assert [done.response for done in together] == [done.response for done in alone]
    assert [done.n_tokens for done in together] == [done.n_tokens for done in alone]


def test_a_prompt_read_once_for_several_responses_gives_what_each_alone_gives(policy: Policy, requests: list[Request]) -> None:
    rounds = [Request(one.problem_id, n, 0, 10 * n + one.seed, one.prompt, one.images) for one in requests for n in range(5)]
    together, alone = engine(policy).complete(rounds), engine(policy, batch_size=1).complete(rounds)
    assert together == alone


def test_other_seeds_give_other_responses(policy: Policy, requests: list[Request]) -> None:
    first = requests[0]
    many = [Request(first.problem_id, 0, 0, seed, first.prompt, first.images) for seed in range(16)]
    assert len({done.response for done in engine(policy, temperature=1.5).complete(many)}) > 1


def test_greedy_needs_no_seed(policy: Policy, requests: list[Request]) -> None:
    first = requests[0]
    many = [Request(first.problem_id, 0, 0, seed, first.prompt, first.images) for seed in range(4)]
    assert len({done.response for done in engine(policy, temperature=0).complete(many)}) == 1


def test_the_length_limit_is_told(policy: Policy, requests: list[Request]) -> None:
    settings = SamplingSettings(max_tokens=2)
    [cut] = TransformersEngine(policy, PromptingSettings(), settings).complete(requests[:1])
    assert (cut.n_tokens, cut.finish_reason) == (2, "length")


def test_sampling_follows_the_probabilities() -> None:
    scores = torch.log(torch.tensor([0.5, 0.3, 0.2])).repeat(20_000, 1)
    uniforms = torch.rand(20_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    picked = SeededSampling(uniforms, 0, 1.0, 1.0)(torch.zeros(20_000, 0), scores).argmax(dim=1)
    shares = picked.bincount(minlength=3) / len(picked)
    assert torch.allclose(shares, torch.tensor([0.5, 0.3, 0.2]), atol=0.02)


def test_temperature_sharpens() -> None:
    scores = torch.log(torch.tensor([[0.6, 0.4]])).repeat(10_000, 1)
    uniforms = torch.rand(10_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    picked = SeededSampling(uniforms, 0, 0.5, 1.0)(torch.zeros(10_000, 0), scores).argmax(dim=1)
    assert picked.float().mean().item() == pytest.approx(0.16 / (0.36 + 0.16), abs=0.02)


def test_top_p_keeps_the_smallest_set_that_holds_the_mass() -> None:
    kept = nucleus(torch.tensor([[0.2, 0.5, 0.3]]), 0.6)
    assert kept.tolist() == [[0.0, 0.5, pytest.approx(0.3)]]


def test_the_last_token_is_reached_at_the_edge_of_the_interval() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.5, 0.0]]))
    picked = SeededSampling(torch.tensor([[1.0 - 1e-12]], dtype=torch.float64), 0, 1.0, 1.0)(torch.zeros(1, 0), scores)
    assert picked.argmax().item() == 1


def test_a_text_model_given_images_is_a_clear_error(policy: Policy, requests: list[Request]) -> None:
    blind = engine(policy)
    blind.reads_images = False
    with pytest.raises(InputError, match=r"problem p0 has images, but the policy reads text only"):
        blind.encode([Request("p0", 0, 0, 0, "What?", requests[0].images)])


def test_a_broken_model_folder_is_a_clear_error(tmp_path: Path, policy: Policy) -> None:
    for file in Path(policy.model).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes() if file.suffix != ".safetensors" else b"not weights")
    with pytest.raises(InputError, match=r"policy\.model: cannot load"):
        engine(policy.model_copy(update={"model": str(tmp_path)}))
