"""Policies: named by their weights and configuration; a folder that is no model is a clear error."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.policy.identity import STARTER, PolicySettings, base_policy, trained_policy

STARTER_ID = "99da5d73b3dcbb5f6e7ddaf3d806e4e7"  # what lakes know it by


def test_the_starter_is_shipped_and_small() -> None:
    assert base_policy(PolicySettings()).model == str(STARTER)
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= 4 * 2**20


def test_the_identity_is_the_content(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(STARTER, tmp_path / "copy"))
    base = base_policy(PolicySettings())
    assert trained_policy(copy, name="stage1", stage_id="s", parent=base).policy_id == base.policy_id
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    changed = trained_policy(copy, name="stage1", stage_id="s", parent=base)
    assert changed.policy_id != base.policy_id
    assert (changed.parent_id, changed.stage_id, changed.kind) == (base.policy_id, "s", "stage")


def test_code_that_is_run_is_part_of_the_identity(tmp_path: Path) -> None:
    """Of a folder that is trusted to run code: every module of it, wherever it lies. Without trust nothing of it runs, and none counts."""
    folder = Path(shutil.copytree(STARTER, tmp_path / "copy"))

    def identity(trusted: bool) -> str:
        return base_policy(PolicySettings(model=str(folder), trust_remote_code=trusted)).policy_id

    plain = identity(False)
    seen = {identity(True), base_policy(PolicySettings()).policy_id}
    assert seen == {plain} and plain == STARTER_ID
    for name in ("modeling.py", "tokenization.py", "custom_generate/generate.py", "parts/modeling.py", "parts/deep/layers.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for text in ("a = 1", "a = 2"):
            (folder / name).write_text(text)
            assert identity(False) == plain
            assert identity(True) not in seen
            seen.add(identity(True))
    parent = base_policy(PolicySettings(model=str(folder), trust_remote_code=True))
    assert trained_policy(folder, name="stage1", stage_id="s", parent=parent).policy_id == parent.policy_id


def test_an_adapter_on_trusted_code_is_the_same_by_settings_and_after_training(tmp_path: Path, adapter: Path) -> None:
    folder = Path(shutil.copytree(STARTER, tmp_path / "copy"))
    (folder / "modeling.py").write_text("a = 1")
    parent = base_policy(PolicySettings(model=str(folder), trust_remote_code=True))
    given = base_policy(PolicySettings(model=str(folder), trust_remote_code=True, adapter=str(adapter)))
    assert trained_policy(adapter, name="stage1", stage_id="s", parent=parent).policy_id == given.policy_id


def test_a_hub_policy_is_its_id_and_commit() -> None:
    seen = {base_policy(PolicySettings(model="owner/name", revision=commit)).policy_id for commit in (None, "a", "b")}
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({}, "is not a model folder: it has no config.json"),
        ({"config.json": "{oops"}, "is not a model's configuration"),
        ({"config.json": "{}"}, "is not a model's configuration.*model_type"),
        ({"config.json": '{"model_type": "qwen2"}'}, "has a config.json but no weights"),
    ],
)
def test_a_folder_that_is_no_model(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=fault):
        base_policy(PolicySettings(model=str(tmp_path)))


def weights_file(path: Path, *, tensor_bytes: int = 8) -> None:
    """A safetensors file of one tensor of two numbers, followed by so many bytes."""
    header = json.dumps({"lora_A.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(tensor_bytes))


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The folder of an adapter."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    weights_file(folder / "adapter_model.safetensors")
    return folder


def test_an_adapter_is_part_of_the_identity(adapter: Path) -> None:
    adapted = base_policy(PolicySettings(adapter=str(adapter)))
    assert adapted.policy_id != base_policy(PolicySettings()).policy_id and adapted.adapter == str(adapter)


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("adapter_config.json", None, "has no adapter_config.json; give the folder that PEFT's save_pretrained wrote"),
        ("adapter_config.json", b"{oops", "cannot be read"),
        ("adapter_config.json", b"\xff\xfe", "cannot be read"),
        ("adapter_config.json", b"[1]", "cannot be read"),
        ("adapter_config.json", b'{"peft_type": "IA3"}', "is of no LoRA adapter .peft_type: 'IA3'"),
        ("adapter_config.json", b"{}", "is of no LoRA adapter .peft_type: None"),
        ("adapter_model.safetensors", None, "but no weights .adapter_model.safetensors or adapter_model.bin.; the copy may be incomplete"),
        ("adapter_model.safetensors", b"", "no whole file of weights"),
        ("adapter_model.safetensors", b"abc", "no whole file of weights"),
        ("adapter_model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "no whole file of weights"),
        ("adapter_model.safetensors", struct.pack("<Q", 2**62) + b"{}", "its header is none of safetensors"),
        ("adapter_model.safetensors", struct.pack("<Q", 5) + b"[1,2]", "its header is none of safetensors"),
    ],
)
def test_an_adapter_that_cannot_be_read_is_told_at_once(adapter: Path, file: str, content: bytes | None, fault: str) -> None:
    (adapter / file).unlink()
    if content is not None:
        (adapter / file).write_bytes(content)
    with pytest.raises(InputError, match=f"^policy.adapter: .*{fault}"):
        base_policy(PolicySettings(adapter=str(adapter)))


def test_weights_that_are_cut_off_are_told_at_once(adapter: Path, tmp_path: Path) -> None:
    weights_file(adapter / "adapter_model.safetensors", tensor_bytes=7)
    with pytest.raises(InputError, match="its tensors take 8 bytes, 7 are there"):
        base_policy(PolicySettings(adapter=str(adapter)))
    copy = Path(shutil.copytree(STARTER, tmp_path / "copy"))
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[:-1])
    with pytest.raises(InputError, match="^policy.model: .*model.safetensors is no whole file of weights"):
        base_policy(PolicySettings(model=str(copy)))


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "justaname"])
def test_neither_a_folder_nor_a_hub_id(model: str) -> None:
    with pytest.raises(InputError, match="neither a folder nor a hub id"):
        base_policy(PolicySettings(model=model))
