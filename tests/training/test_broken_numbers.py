"""Numbers that are none stop a stage at once, with the batch saved and named, and leave the checkpoint before."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

from tasks.base.errors import InputError
from tasks.policy.identity import Policy
from tasks.training.answering import SCHEMA
from tasks.training.checkpoints import Checkpoints
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tests.training.tiny import SETTINGS, policy_in, stage_spec


def broken(spec: StageSpec) -> tuple[str, pl.DataFrame]:
    """The message of a stage that breaks, and the batch that it names."""
    with pytest.raises(InputError) as caught:
        run_stage(spec)
    named = re.search(r"the batch is in (\S+\.parquet)", str(caught.value))
    assert named, caught.value
    assert Path(named[1]).parent == spec.folder
    return str(caught.value), pl.read_parquet(named[1], hive_partitioning=False)


def changed(**settings: object) -> StageSettings:
    return StageSettings(**{**SETTINGS.model_dump(), **settings})


def with_nan(policy: Policy, folder: Path) -> Policy:
    """The policy with one weight that is no number."""
    shutil.copytree(policy.model, folder)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("norm.weight"))
    weights[name].view(-1)[0] = torch.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return policy_in(folder)


def test_a_policy_with_a_weight_that_is_no_number(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    spec = stage_spec(tmp_path / "stage", with_nan(tiny_policy, tmp_path / "policy"), stage_file)
    message, batch = broken(spec)
    assert message.startswith("training stopped at step 1: no answer can be drawn")
    assert "1 of its weights hold NaN or infinity (first: " in message
    assert batch.schema == SCHEMA
    assert len(batch) == SETTINGS.batch
    assert batch["problem_id"].n_unique() == 4
    assert batch["prompt"].str.len_chars().min() > 0
    assert batch["completion"].null_count() == SETTINGS.batch


def test_steps_so_large_that_no_answer_can_be_drawn(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, changed(learning_rate=1e30, warmup_steps=0))
    message, batch = broken(spec)
    assert message.startswith("training stopped at step 2: ")
    assert "lower learning_rate (1e+30)" in message
    assert len(batch) == SETTINGS.batch


def test_a_gradient_that_is_no_number_is_not_applied(trained: StageSpec, tmp_path: Path) -> None:
    """A penalty of 1e38 is nothing in the first step, where the policy is its reference, and overflows in the second."""
    spec = stage_spec(tmp_path / "stage", trained.policy, trained.problems, changed(beta=1e38, warmup_steps=0, save_every=1))
    message, batch = broken(spec)
    assert message.startswith("training stopped at step 2: the gradient's norm is ")
    assert Checkpoints(spec.folder / "checkpoints", 1).last() == spec.folder / "checkpoints" / "checkpoint-1"
    assert batch.null_count().select("problem_id", "prompt", "completion", "advantage").row(0) == (0, 0, 0, 0)
    assert set(batch["accuracy_reward"].drop_nans()) <= {0.0, 1.0}
    assert batch["advantage"].abs().sum() > 0
    assert batch.group_by("problem_id").len()["len"].to_list() == [SETTINGS.group_size] * 4
    mended = spec.model_copy(update={"settings": changed(warmup_steps=0, save_every=1)})
    run_stage(mended)
    assert sorted(path.name for path in spec.folder.iterdir()) == ["groups", "metrics", "policy"]
