"""A checkpoint's own penalties, cuts and forbidden tokens change nothing in what the transformers engine draws, nor whose it is."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.policy.loading import end_tokens, load_model
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.engines.transformers import TransformersEngine
from tasks.sampling.requests import Completion, Request
from tasks.sampling.settings import SamplingSettings
from tests.sampling.habits import EVERYTHING, HABITS, same_policy, with_habits


def complete(policy: Policy, requests: Sequence[Request], **settings: float) -> list[Completion]:
    sampling = SamplingSettings(max_tokens=24, **settings)  # type: ignore[arg-type]
    return TransformersEngine(policy, PromptingSettings(), sampling).complete(requests)


@pytest.fixture(scope="module")
def many(requests: list[Request]) -> list[Request]:
    """Several responses to each prompt, so that a prompt's cache is shared too."""
    return [Request(one.problem_id, n, 0, 10 * n + one.seed, one.prompt, one.images) for one in requests for n in range(4)]


@pytest.fixture(scope="module")
def own(policy: Policy, many: list[Request]) -> list[Completion]:
    return complete(policy, many)


@pytest.mark.parametrize("habit", HABITS)
def test_a_checkpoint_s_own_generation_settings_change_nothing(
    habit: str, policy: Policy, many: list[Request], own: list[Completion], tmp_path: Path
) -> None:
    assert complete(with_habits(tmp_path / "policy", HABITS[habit]), many) == own


def test_all_of_them_at_once_under_another_distribution(policy: Policy, many: list[Request], tmp_path: Path) -> None:
    loud = with_habits(tmp_path / "policy", EVERYTHING)
    drawn = [complete(one, many, temperature=0.8, top_p=0.9) for one in (policy, loud)]
    assert drawn[0] == drawn[1]
    assert complete(loud, many, temperature=0) == complete(policy, many, temperature=0)


def test_settings_in_an_old_checkpoint_s_config_change_nothing(many: list[Request], own: list[Completion], tmp_path: Path) -> None:
    folder = Path(with_habits(tmp_path / "policy", {}).model)
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "repetition_penalty": 1.5, "no_repeat_ngram_size": 2}))
    assert complete(base_policy(PolicySettings(model=str(folder), dtype="float32")), many) == own


def test_every_token_that_ends_for_the_tokenizer_or_the_checkpoint_ends_a_response(
    many: list[Request], own: list[Completion], tmp_path: Path
) -> None:
    ends = {"of the checkpoint alone": [514, 515], "another": 514, "none": None}
    for name, named in ends.items():
        policy = with_habits(tmp_path / name, {"eos_token_id": named})
        assert set(end_tokens(load_model(policy), TransformersEngine(policy, PromptingSettings(), SamplingSettings()).tokenizer)) >= {512}
        assert complete(policy, many) == own


def test_responses_that_habits_shaped_are_of_another_policy(policy: Policy, tmp_path: Path) -> None:
    """Those in a lake were drawn with the penalties. A checkpoint without any keeps its id, and with it all that was drawn from it."""
    kept = with_habits(tmp_path / "kept", {})
    file = Path(kept.model) / "generation_config.json"
    file.write_bytes((Path(policy.model) / file.name).read_bytes())
    assert base_policy(PolicySettings(model=kept.model)).policy_id == policy.policy_id
    ids = {with_habits(tmp_path / str(place), HABITS[habit]).policy_id for place, habit in enumerate(HABITS)}
    assert len(ids) == len(HABITS) and policy.policy_id not in ids


def test_the_comparison_of_samples_sees_a_penalty() -> None:
    fair = [place % 4 for place in range(400)]
    bent = [place % 4 if place % 5 else 0 for place in range(400)]
    assert same_policy(fair, fair[::-1]) > 0.9 and same_policy(fair, bent) < 1e-3
