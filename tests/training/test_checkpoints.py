"""Only whole checkpoints count."""

import errno
import subprocess
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.lake.artifacts import folder_digests
from tasks.training.checkpoints import SEAL, Checkpoints, full_disk_named, says_full
from tasks.training.spec import StageSpec
from tasks.training.stage import run_stage
from tests.training.tiny import stage_spec


def written(checkpoints: Checkpoints, step: int, *, sealed: bool = True) -> Path:
    path = checkpoints.path(step)
    (path / "groups").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "groups" / "groups.parquet").write_bytes(b"rows")
    if sealed:
        checkpoints.seal(step)
    return path


def test_the_last_whole_one_is_taken_and_later_ones_deleted(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=3)
    assert checkpoints.last() is None
    for step in (8, 9, 10):
        written(checkpoints, step)
    written(checkpoints, 11, sealed=False)
    (checkpoints.path(10) / "model.safetensors").write_bytes(b"wei")
    assert checkpoints.last() == checkpoints.path(9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-8", "checkpoint-9"]
    (checkpoints.path(9) / SEAL).write_text("{")
    assert checkpoints.last() == checkpoints.path(8)


@pytest.mark.process
def test_a_full_disk_leaves_the_checkpoint_before_and_says_so(trained: StageSpec, small_disk: Path) -> None:
    spec = stage_spec(small_disk / "stage", trained.policy, trained.problems)
    with pytest.raises(InputError) as caught:
        run_stage(spec)
    assert str(caught.value).startswith(f"cannot write {spec.folder}/checkpoints/checkpoint-4: the disk is full. ")
    assert "make room and run again" in str(caught.value)
    assert [path.name for path in (spec.folder / "checkpoints").iterdir()] == ["checkpoint-2"]
    assert Checkpoints(spec.folder / "checkpoints", 1).last()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    run_stage(spec)
    assert folder_digests(spec.folder) == folder_digests(trained.folder)


def test_only_a_full_disk_is_called_full(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no disk"), full_disk_named(tmp_path / "checkpoint-1"):
        raise ValueError("no disk")
    assert says_full(OSError(errno.EDQUOT, "quota"))
    assert says_full(RuntimeError("I/O error: No space left on device (os error 28)"))
    assert not says_full(OSError(errno.EACCES, "denied"))


def test_old_ones_go_when_a_new_one_is_whole(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=1)
    written(checkpoints, 5)
    written(checkpoints, 10, sealed=False)
    assert checkpoints.path(5).exists()
    checkpoints.seal(10)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]
    checkpoints.remove()
    assert not tmp_path.exists()
