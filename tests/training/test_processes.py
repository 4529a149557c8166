"""Training on several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.policy import Policy
from tasks.process import PROJECT, run_worker
from tests.training.tiny import SETTINGS, stage_spec


def test_each_process_gets_its_slice_of_the_weighted_advantages(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    changes = {"group_size": 8, "batch": 24, "weighting": SETTINGS.weighting.model_copy(update={"family": "linear"})}
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, SETTINGS.model_copy(update=changes))
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tests.training.two_processes"]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([*command, tmp_path / "spec.json", tmp_path], env=environment, cwd=PROJECT, capture_output=True, text=True)
    assert sorted(path.name for path in tmp_path.glob("right-*")) == ["right-0-of-2", "right-1-of-2"], done.stdout + done.stderr


def test_a_launch_needs_its_config(tiny_policy: Policy, stage_file: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"accelerate": tmp_path / "no.yaml"})
    spec = stage_spec(tmp_path / "stage", tiny_policy, stage_file, settings)
    with pytest.raises(InputError, match=r"there is no file .*no\.yaml"):
        run_worker("tasks.training.worker", spec, spec.folder, log=lambda line: None)
