"""How many weights a policy has, without loading one."""

import json
import shutil
from pathlib import Path

import pytest

from tasks.policy.identity import STARTER, Policy
from tasks.policy.size import estimated, parameter_count, said

SEVEN = {"hidden_size": 3584, "num_hidden_layers": 28, "intermediate_size": 18944, "vocab_size": 152064}
QWEN = {**SEVEN, "num_attention_heads": 28, "num_key_value_heads": 4, "tie_word_embeddings": False}


def policy(model: str | Path) -> Policy:
    return Policy(policy_id="p", name="base", model=str(model))


def test_headers_are_counted() -> None:
    assert parameter_count(policy(STARTER)) == 1_599_232


def test_a_folder_without_headers_is_estimated_by_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"text_config": QWEN}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")
    assert parameter_count(policy(tmp_path)) == pytest.approx(7.6e9, rel=0.02)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (QWEN, 7.6e9),
        ({"n_embd": 768, "n_layer": 12, "vocab_size": 50257}, 1.5e8),
        ({**QWEN, "tie_word_embeddings": True}, 7.07e9),
        ({**QWEN, "num_local_experts": 8}, 4.7e10),
        ({}, None),
        ({"hidden_size": "wide", "num_hidden_layers": 2, "vocab_size": 9}, None),
    ],
)
def test_configurations(config: dict, count: float | None) -> None:
    assert estimated(config) == (None if count is None else pytest.approx(count, rel=0.1))


@pytest.mark.parametrize(
    ("model", "count"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", 7e9),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 1.35e8),
        ("mistralai/Mixtral-8x7B-v0.1", 5.6e10),
        ("Qwen/Qwen3-30B-A3B", 3e10),
        ("Qwen/Qwen2.5-Coder-0.5B", 5e8),
        ("facebook/opt-125m", 1.25e8),
        ("org/model-4bit", None),
        ("microsoft/Phi-3.5-mini-instruct", None),
        ("7B/model", None),
    ],
)
def test_a_hub_id_that_is_not_here_may_say_it(model: str, count: float | None) -> None:
    assert said(model) == count
    assert parameter_count(policy(model)) == count


def test_a_hub_id_in_the_cache_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, repo = "a" * 40, tmp_path / "models--org--model-9B"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    shutil.copytree(STARTER, repo / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert parameter_count(policy("org/model-9B")) == 1_599_232
    (repo / "snapshots" / commit / "model.safetensors").unlink()
    assert parameter_count(policy("org/model-9B")) == pytest.approx(723_712)


def test_a_broken_file_is_no_error_here(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    (tmp_path / "config.json").write_text("{")
    assert parameter_count(policy(tmp_path)) is None
