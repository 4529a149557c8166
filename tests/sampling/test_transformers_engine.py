"""The transformers engine on the real starter policy: seeds decide, batches do not, and the distribution is the policy's own."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import SeededSampling, TransformersEngine, nucleus
from tasks.sampling.requests import Request
from tasks.sampling.settings import SamplingSettings
from tests.flows.runs import environment


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
    blind.reader = replace(blind.reader, reads_images=False)
    with pytest.raises(InputError, match=r"problem p0 has images, but the policy reads text only"):
        blind.encode([Request("p0", 0, 0, 0, "What?", requests[0].images)])


def test_a_broken_model_folder_is_a_clear_error(tmp_path: Path, policy: Policy) -> None:
    for file in Path(policy.model).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes() if file.suffix != ".safetensors" else b"not weights")
    with pytest.raises(InputError, match=r"policy\.model: cannot load"):
        engine(policy.model_copy(update={"model": str(tmp_path)}))


def test_an_adapter_changes_what_the_policy_says(policy: Policy, adapted: Policy, requests: list[Request]) -> None:
    assert adapted.policy_id != policy.policy_id
    own, base = (engine(one, temperature=0).complete(requests) for one in (adapted, policy))
    assert [done.response for done in own] != [done.response for done in base]


def test_a_response_that_may_overflow_the_context_is_a_clear_error(policy: Policy, requests: list[Request]) -> None:
    settings = SamplingSettings(max_tokens=4090)
    with pytest.raises(
        InputError, match=r"problem p0: its prompt of \d+ tokens and a response of up to 4090 .* overflow the context of 4096"
    ):
        TransformersEngine(policy, PromptingSettings(), settings).complete(requests)


@pytest.mark.process
def test_a_batch_that_memory_cannot_hold_is_halved_until_it_fits(policy: Policy, requests: list[Request], tmp_path: Path) -> None:
    """In a process with so little address space that the whole batch really does not fit."""
    words = [(one.prompt, [str(path) for path in one.images]) for one in requests[:1]]
    program = tmp_path / "squeezed.py"
    program.write_text(SQUEEZED.format(policy=policy.model_dump_json(), words=words))
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, env=environment(tmp_path), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "going on with" in done.stderr
    assert done.stdout.splitlines()[-1] == "64 responses"


SQUEEZED = """
import resource
from pathlib import Path
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Request
from tasks.sampling.settings import SamplingSettings
engine = TransformersEngine(Policy.model_validate_json({policy!r}), PromptingSettings(), SamplingSettings(max_tokens=2, batch_size=64))
[(prompt, images)] = {words!r}
requests = [Request("p", n, 0, n, prompt + "x" * 800 + str(n), tuple(map(Path, images))) for n in range(64)]
engine.complete(requests[:1])
status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
limit = int(status["VmSize"].split()[0]) * 1024 + (300 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(len(engine.complete(requests)), "responses")
"""
