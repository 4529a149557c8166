"""Training on several processes: two real ones, over gloo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import psutil
import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from safetensors.torch import load_file, save_file

from tasks.base.errors import InputError
from tasks.base.events import EVENT
from tasks.base.process import PROJECT
from tasks.base.workers import run_worker, start_worker
from tasks.policy.identity import Policy
from tasks.policy.loading import load_weights
from tasks.training.launch import CONFIGS, launch_command, launch_config, process_count, read_config
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.succession import ADAM, HANDOVER
from tasks.training.worker import stage_job
from tests.patience import PATIENCE_S
from tests.training.tiny import SETTINGS, stage_spec
from tests.training.two_processes import train_on_given

WORKER = "tasks.training.worker"


def result(folder: Path, rank: int, processes: int) -> dict:
    return json.loads((folder / f"result-{rank}-of-{processes}.json").read_text())


@pytest.fixture(scope="module")
def two(tiny_policy: Policy, stage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have left what they learnt, and one process beside them, and whether they refilled alike."""
    folder = tmp_path_factory.mktemp("two")
    weighting = {"family": "linear", "normalise": True}
    both = {"group_size": 8, "batch": 24, "steps": 3, "save_every": 9, "hint_dropout": 0.25}
    changes = {
        "learning": {**both, "weighting": {**weighting, "prior_strength": 2.0, "prior": "live"}, "sampler": "live", "hints": "live"},
        "refilling": {**both, "weighting": weighting, "refill": {"tries": 4}},
    }
    for name, own in changes.items():
        spec = stage_spec(folder / name, tiny_policy, stage_file, StageSettings(**{**SETTINGS.model_dump(), **own}))
        (folder / f"{name}.json").write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tests.training.two_processes"]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [*command, folder / "learning.json", folder / "refilling.json", folder],
        env=environment,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        train_on_given(StageSpec.model_validate_json((folder / "learning.json").read_text()), folder)
        said, _ = started.communicate()
    assert started.returncode == 0, said
    return folder


@pytest.mark.process
def test_two_processes_refill_alike(two: Path) -> None:
    assert sorted(path.name for path in two.glob("right-*")) == ["right-0-of-2", "right-1-of-2"]


@pytest.mark.process
def test_two_processes_learn_what_one_learns(two: Path) -> None:
    """From the same completions: the same advantages, each process its slice of them, the same groups, losses and gradients, and so the
    same problems for the next step."""
    one, first, second = result(two, 0, 1), result(two, 0, 2), result(two, 1, 2)
    together = [left + right for left, right in zip(first["advantages"], second["advantages"], strict=True)]
    assert np.allclose(together, one["advantages"], atol=1e-6)
    assert np.abs(together).max() > 0
    assert len({row["weight"] for row in one["groups"]}) > 3
    for rows in (first["groups"], second["groups"]):
        assert [(row["problem_id"], row["hinted"]) for row in rows] == [(row["problem_id"], row["hinted"]) for row in one["groups"]]
        assert [row["weight"] for row in rows] == pytest.approx([row["weight"] for row in one["groups"]])
    assert {row["G"] for row in one["groups"]} >= {2, 6}  # without the hint, and with it
    shares = ("rewards/accuracy/mean", "verdicts/correct", "hints/accuracy_with", "hints/accuracy_without")
    for name in ("loss", "grad_norm", "reward", *shares):
        alone, shared = ([row["value"] for row in rows["metrics"] if row["name"] == name] for rows in (one, first))
        assert shared == pytest.approx(alone, rel=1e-3, abs=1e-6), name


def kill_a_launch_at(spec: StageSpec, step: int) -> list[psutil.Process]:
    """Launch the stage, kill the launcher as soon as `step` is done, and give the processes that it had started."""
    started: list[psutil.Process] = []
    with start_worker(stage_job(spec)) as launcher:
        for line in launcher.stdout:
            if line.startswith(EVENT) and json.loads(line.removeprefix(EVENT)).get("done") == step:
                started = [child for child in psutil.Process(launcher.pid).children() if WORKER in " ".join(child.cmdline())]
                launcher.kill()
    return started


def state_after(steps: int, policy: Policy, folder: Path) -> Path:
    """A state of Adam's for all weights of a policy, after so many steps."""
    names = load_weights(policy).named_parameters()
    means = {f"{name}.{part}": weight.detach().square() for name, weight in names for part in ("exp_avg", "exp_avg_sq")}
    counts = {f"{name.rpartition('.')[0]}.step": torch.tensor(float(steps)) for name in means}
    save_file(means | counts, folder / ADAM)
    return folder / ADAM


@pytest.mark.process
def test_a_launch_dies_whole_and_goes_on(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    """Also with what it took up of a stage before: Adam's state, which it hands over to the next."""
    settings = SETTINGS.model_copy(update={"accelerate": Path("cpu_2"), "steps": 3, "save_every": 1, "optimizer": "carry"})
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, settings)
    spec = spec.model_copy(update={"adam": state_after(5, tiny_policy, tmp_path), "hands_over": "optimizer"})
    started = kill_a_launch_at(spec, 2)
    assert len(started) == 2
    _, alive = psutil.wait_procs(started, timeout=PATIENCE_S)
    assert alive == []
    [checkpoint] = (path for path in (spec.folder / "checkpoints").iterdir() if (path / "complete.json").is_file())
    assert {"rng_state_0.pth", "rng_state_1.pth", "model.safetensors"} <= {path.name for path in checkpoint.iterdir()}
    lines: list[str] = []
    run_worker(stage_job(spec), log=lambda level, line: lines.append(line))
    assert any(line.startswith("going on from the checkpoint of step") for line in lines)
    assert sorted(path.name for path in spec.folder.iterdir() if not path.name.startswith(".")) == [
        "groups",
        "handover",
        "metrics",
        "policy",
    ]
    steps = {int(value) for name, value in load_file(spec.folder / HANDOVER / ADAM).items() if name.endswith(".step")}
    assert steps == {5 + 3}
    groups = pl.read_parquet(spec.folder / "groups" / "groups.parquet")
    assert groups["step"].to_list() == [1] * 4 + [2] * 4 + [3] * 4


@pytest.mark.process
def test_a_launch_needs_its_config(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"accelerate": tmp_path / "no.yaml"})
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, settings)
    with pytest.raises(
        InputError, match=r"there is no file .*no\.yaml.*none of the shipped configs \(cpu_2, ddp, deepspeed_zero3, fsdp2\)"
    ):
        run_worker(stage_job(spec), log=lambda level, line: None)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configs_are_what_accelerate_reads(path: Path) -> None:
    config = load_config_from_file(str(path))
    assert launch_config(Path(path.stem)) == path
    assert config.distributed_type == {"ddp": "MULTI_GPU", "cpu_2": "MULTI_GPU", "fsdp2": "FSDP", "deepspeed_zero3": "DEEPSPEED"}[path.stem]
    assert process_count(config, None, gpus=4) == (2 if path.stem == "cpu_2" else 4)
    assert process_count(config, 8, gpus=4) == 8
    command = launch_command(path, config, 2, [WORKER, "spec.json"])
    from accelerate.commands.launch import launch_command_parser

    parsed = launch_command_parser().parse_args(command[command.index("accelerate.commands.launch") + 1 :])
    assert (parsed.training_script, parsed.module, parsed.num_processes, parsed.main_process_port) == (WORKER, True, 2, 0)


def test_a_config_that_cannot_be_launched_is_named(tmp_path: Path) -> None:
    for text, words in (("distributed_type: MULTI_GPU\nnum_procs: 2", "unknown keys"), ("num_processes: 2", "distributed_type")):
        (tmp_path / "bad.yaml").write_text(text)
        with pytest.raises(InputError, match=rf"bad\.yaml is not a config of `accelerate launch`: .*{words}"):
            read_config(tmp_path / "bad.yaml")
    with pytest.raises(InputError, match="is for GPUs, and this machine has none; give cpu_2"):
        process_count(read_config(launch_config(Path("ddp"))), None, gpus=0)


def test_a_batch_that_the_processes_cannot_share_is_an_error(
    tiny_policy: Policy, stage_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.training.trainer import training_arguments

    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(InputError, match="batch 16 .* cannot be split evenly over 3 processes: make it a multiple of 12, such as 24"):
        training_arguments(SETTINGS, tmp_path, seed=0)
