"""A policy that cannot be trained is one clear error before anything is trained."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.training.stage import run_stage
from tests.training.tiny import problem, stage_spec, write_stage


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def unknown_architecture(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "no_such_model"}))


def not_a_generator(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "vit", "architectures": ["ViTModel"]}))


def another_architecture(folder: Path) -> None:
    """One of seven billion weights, which no memory may be taken for."""
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]}))


def other_sizes(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["intermediate_size"] = 96
    (folder / "config.json").write_text(json.dumps(config))


def other_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({f"other.{name}": tensor for name, tensor in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def cut_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    "spoil",
    [without_config, without_weights, unknown_architecture, another_architecture, not_a_generator, other_sizes, other_weights, cut_weights],
)
def test_a_spoilt_policy_is_named(spoil: Callable[[Path], None], tiny_policy: Policy, tmp_path: Path) -> None:
    stage_file = write_stage(tmp_path / "stage1.parquet", [problem(1, images=[], problem="One and one?")])
    folder = Path(shutil.copytree(tiny_policy.model, tmp_path / "policy"))
    spoil(folder)
    spec = stage_spec(tmp_path / "stage", tiny_policy.model_copy(update={"model": str(folder)}), stage_file)
    with pytest.raises(InputError) as caught:
        run_stage(spec)
    assert str(folder) in str(caught.value)
    assert str(caught.value).startswith("policy.model: ")
    assert not list(spec.folder.iterdir())
