"""Policies: named by their weights and configuration; a folder that is no model is a clear error."""

import shutil
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.policy import STARTER, PolicySettings, base_policy, trained_policy

STARTER_ID = "dc09d3b2db7d379c8c76f90a6839fd4d"  # what lakes know it by


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


def test_an_adapter_on_trusted_code_is_the_same_by_settings_and_after_training(tmp_path: Path) -> None:
    folder, adapter = Path(shutil.copytree(STARTER, tmp_path / "copy")), tmp_path / "adapter"
    (folder / "modeling.py").write_text("a = 1")
    adapter.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (adapter / name).write_text("{}")
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


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "justaname"])
def test_neither_a_folder_nor_a_hub_id(model: str) -> None:
    with pytest.raises(InputError, match="neither a folder nor a hub id"):
        base_policy(PolicySettings(model=model))
