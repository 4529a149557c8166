"""Only whole checkpoints count."""

from pathlib import Path

from tasks.training.checkpoints import SEAL, Checkpoints


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


def test_old_ones_go_when_a_new_one_is_whole(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=1)
    written(checkpoints, 5)
    written(checkpoints, 10, sealed=False)
    assert checkpoints.path(5).exists()
    checkpoints.seal(10)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]
    checkpoints.remove()
    assert not tmp_path.exists()
