"""What runs on GPUs alone: rollouts by vLLM in the training process, QLoRA, Liger, and sharded training on as many GPUs as there are."""

import importlib.util
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from tasks.base.workers import run_worker
from tasks.estimates.settings import DifficultySettings
from tasks.policy.identity import Policy, PolicySettings, base_policy
from tasks.policy.loading import load_model
from tasks.training.settings import LoraSettings, RolloutSettings, StageSettings
from tasks.training.worker import stage_job
from tests.training.tiny import SETTINGS, stage_spec

pytestmark = [pytest.mark.gpu, pytest.mark.process]

STAGE = {"steps": 3, "warmup_steps": 0, "group_size": 4, "batch": 16, "max_tokens": 24, "save_every": 2, "dtype": "bfloat16"}


@pytest.fixture(scope="module")
def starter() -> Policy:
    """The shipped policy: vLLM has no kernels for the heads of the tiny one."""
    return base_policy(PolicySettings())


def installed(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not importlib.util.find_spec(package), reason=f"{package} is not installed")


def metrics_of(policy: Policy, stage_file: Path, folder: Path, **changes: object) -> pl.DataFrame:
    """The metrics of a stage that the real worker has trained."""
    spec = stage_spec(folder, policy, stage_file, StageSettings(**{**STAGE, **changes}))  # type: ignore[arg-type]
    run_worker(stage_job(spec), log=print)
    assert (folder / "policy").is_dir()
    return pl.read_parquet(folder / "metrics" / "metrics.parquet")


@pytest.mark.parametrize("length", [64, 192])
def test_padding_leaves_gradients_finite(length: int, starter: Policy) -> None:
    """Of lengths at which cuDNN's attention does not."""
    model = load_model(starter.model_copy(update={"dtype": "bfloat16"})).train()
    tokens = torch.randint(0, 500, (2, length), generator=torch.Generator().manual_seed(0)).cuda()
    mask = torch.ones_like(tokens)
    mask[1, : length // 2] = 0
    model(input_ids=tokens, attention_mask=mask, labels=tokens.where(mask.bool(), -100)).loss.backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters() if weight.grad is not None)


@installed("vllm")
@pytest.mark.parametrize("changes", [{}, {"lora": LoraSettings(rank=8, alpha=16), "sampler": "live", "hints": "live", "hint_dropout": 0.5}])
def test_colocated_vllm_generates_the_rollouts(changes: dict[str, Any], starter: Policy, stage_file: Path, tmp_path: Path) -> None:
    """And draws what the trained model finds probable: the importance ratios are near 1 at every step, so the weights are in step too. So
    it does of problems that are chosen, and hinted at, as each step begins."""
    metrics = metrics_of(
        starter, stage_file, tmp_path, rollouts=RolloutSettings(engine="vllm", context=1024), learning_rate=1e-3, **changes
    )
    ratios = metrics.filter(name="sampling/importance_sampling_ratio/mean")["value"].to_list()
    assert len(ratios) == 3
    assert all(0.5 < ratio < 2 for ratio in ratios)
    if changes:
        groups, selections = (pl.read_parquet(tmp_path / name / f"{name}.parquet") for name in ("groups", "selections"))
        drawn = groups.join(selections, on=["step", "problem_id"])
        by_prompt = drawn.group_by("step", "problem_id").agg(pl.col("hinted").sort(), pl.col("p_mean").first(), pl.len())
        assert len(by_prompt) == len(selections) == 12
        for hinted, mean in by_prompt.select("hinted", "p_mean").iter_rows():
            assert hinted == ([False, True] if mean < DifficultySettings().medium_below else [False])


@installed("bitsandbytes")
def test_qlora_trains_an_adapter(starter: Policy, stage_file: Path, tmp_path: Path) -> None:
    metrics_of(starter, stage_file, tmp_path, lora=LoraSettings(rank=8, alpha=16, quantize="4bit"), gradient_checkpointing=True)
    adapter = load_file(tmp_path / "policy" / "adapter_model.safetensors")
    assert any(tensor.abs().max() > 0 for name, tensor in adapter.items() if "lora_B" in name)


@installed("liger_kernel")
def test_liger_changes_nothing_but_speed(starter: Policy, stage_file: Path, tmp_path: Path) -> None:
    losses = [
        metrics_of(starter, stage_file, tmp_path / str(liger), liger=liger, steps=1).filter(name="loss")["value"].to_list()
        for liger in (False, True)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-2)


@pytest.mark.parametrize("config", ["ddp", "fsdp2", pytest.param("deepspeed_zero3", marks=installed("deepspeed"))])
def test_a_launch_saves_whole_weights(config: str, tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    """On every GPU that divides the batch; one is enough to go through sharding and gathering."""
    processes = next(count for count in (8, 4, 2, 1) if count <= torch.cuda.device_count())
    changes = {**SETTINGS.model_dump(), "steps": 2, "save_every": 1, "accelerate": config, "processes": processes, "dtype": "float32"}
    metrics_of(tiny_policy, stage_file, tmp_path, **changes)
    before, after = (load_file(Path(folder) / "model.safetensors") for folder in (tiny_policy.model, tmp_path / "policy"))
    assert before.keys() == after.keys()
    assert all(before[name].shape == after[name].shape for name in before)
    assert any(not torch.equal(before[name], after[name]) for name in before)
