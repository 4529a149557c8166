"""Policies: named by their weights and configuration; a folder that is no model is a clear error."""

import shutil
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.policy import STARTER, PolicySettings, base_policy, trained_policy


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
