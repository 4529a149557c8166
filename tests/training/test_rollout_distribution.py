"""Training draws from the policy alone: what a checkpoint asks for in its generation settings changes neither its draws nor its weights."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tasks.policy.identity import Policy, PolicySettings, base_policy, folder_policy_id
from tasks.training.settings import RolloutSettings, StageSettings
from tasks.training.stage import run_stage
from tasks.training.trainer import training_arguments
from tests.bench.engines import LEAST, asked, of_training, of_transformers, requests
from tests.sampling.habits import EVERYTHING, same_policy, with_habits
from tests.training.tiny import SETTINGS, policy_in, stage_spec

DRAWS = 400
HABITS = {"repetition_penalty": 1.5, "min_p": 0.4, "typical_p": 0.2, "no_repeat_ngram_size": 1, "min_new_tokens": 5, "suppress_tokens": [0]}
INVALID = {"do_sample": False, "temperature": 0.3, "top_k": 1}  # what transformers refuses to write, though checkpoints ship it


@pytest.fixture(scope="module")
def stage_of_starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asked(tmp_path_factory.mktemp("asked"))


@pytest.mark.process
def test_rollouts_of_a_penalised_checkpoint_are_the_policy_s(stage_of_starter: Path, tmp_path: Path) -> None:
    """The very tokens of the same checkpoint without penalties, and draws from what the transformers engine samples."""
    clean, loud = base_policy(PolicySettings(dtype="float32")), with_habits(tmp_path / "policy", EVERYTHING)
    assert of_training(loud, stage_of_starter, 64) == of_training(clean, stage_of_starter, 64)
    drawn = of_training(loud, stage_of_starter, DRAWS)
    wanted = requests(stage_of_starter, DRAWS)
    sampled = of_transformers(clean, wanted)
    assert same_policy(sampled, drawn) > LEAST
    assert same_policy(sampled, of_transformers(clean, wanted, penalty=1.3)) < LEAST


@pytest.mark.parametrize("habits", [HABITS, {**HABITS, **INVALID}])
def test_training_gives_the_same_weights_and_keeps_the_settings_for_those_who_serve_them(
    habits: dict, tiny_policy: Policy, stage_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "loud"
    shutil.copytree(tiny_policy.model, folder)
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **habits}))
    settings = SETTINGS.model_copy(update={"steps": 2, "save_every": 1})
    specs = [stage_spec(tmp_path / name, policy, stage_file, settings) for name, policy in (("a", tiny_policy), ("b", policy_in(folder)))]
    for spec in specs:
        run_stage(spec)
    weights = [load_file(spec.folder / "policy" / "model.safetensors") for spec in specs]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    for spec in specs:
        assert (spec.folder / "policy" / file.name).read_bytes() == Path(spec.policy.model, file.name).read_bytes()
    assert folder_policy_id(specs[0].folder / "policy") != folder_policy_id(specs[1].folder / "policy")


def test_vllm_is_told_what_trl_leaves_to_it(tmp_path: Path) -> None:
    rollouts = RolloutSettings(engine="vllm", mode="server", base_url="http://10.0.0.7:8000")
    told = training_arguments(StageSettings(rollouts=rollouts), tmp_path, seed=0)
    assert told.generation_kwargs == {"presence_penalty": 0.0, "frequency_penalty": 0.0}
    assert (told.top_k, told.min_p, told.repetition_penalty) == (0, None, 1.0)  # which TRL says itself
    more = StageSettings(rollouts=rollouts, extra={"generation_kwargs": {"presence_penalty": 0.5, "seed": 3}})
    told = training_arguments(more, tmp_path, seed=0)
    assert told.generation_kwargs == {"presence_penalty": 0.5, "frequency_penalty": 0.0, "seed": 3}
    assert training_arguments(StageSettings(), tmp_path, seed=0).generation_kwargs is None
