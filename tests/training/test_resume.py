"""A killed stage goes on and ends as an undisturbed one: the real training process, killed with SIGKILL between two checkpoints."""

import json
import shutil
from pathlib import Path

import pytest

from tasks.base.events import EVENT
from tasks.base.workers import run_worker, start_worker
from tasks.lake.artifacts import folder_digests
from tasks.policy.identity import folder_policy_id
from tasks.training.spec import StageSpec
from tasks.training.worker import stage_job
from tests.training.tiny import stage_spec


def kill_at(spec: StageSpec, step: int) -> None:
    """Run the stage and kill its process as soon as it says that `step` is done."""
    with start_worker(stage_job(spec)) as process:
        for line in process.stdout:
            if line.startswith(EVENT) and json.loads(line.removeprefix(EVENT)).get("done") == step:
                process.kill()


@pytest.mark.process
def test_a_killed_stage_ends_as_an_undisturbed_one(trained: StageSpec, tmp_path: Path) -> None:
    spec = stage_spec(tmp_path / "stage", trained.policy, trained.problems)
    kill_at(spec, 5)
    checkpoint = spec.folder / "checkpoints" / "checkpoint-4"
    assert (checkpoint / "complete.json").is_file()
    shutil.copytree(checkpoint, checkpoint.with_name("checkpoint-6"), ignore=shutil.ignore_patterns("complete.json", "optimizer.pt"))
    lines: list[str] = []
    run_worker(stage_job(spec), log=lambda level, line: lines.append(line))
    assert "going on from the checkpoint of step 4" in lines
    assert folder_digests(spec.folder) == folder_digests(trained.folder)
    assert folder_policy_id(spec.folder / "policy") == folder_policy_id(trained.folder / "policy")


def test_a_stage_killed_after_its_last_step_only_saves(trained: StageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.training import stage

    spec = stage_spec(tmp_path / "stage", trained.policy, trained.problems)
    with monkeypatch.context() as patch:
        patch.setattr(stage, "save_policy", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            stage.run_stage(spec)
    stage.run_stage(spec)
    assert folder_digests(spec.folder) == folder_digests(trained.folder)


def test_a_local_policy_needs_no_network(trained: StageSpec) -> None:
    assert stage_job(trained).variables["HF_HUB_OFFLINE"] == "1"
    hub = trained.model_copy(update={"policy": trained.policy.model_copy(update={"model": "owner/name"})})
    assert "HF_HUB_OFFLINE" not in stage_job(hub).variables
