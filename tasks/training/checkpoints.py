"""Checkpoints that are either whole or not there: one counts once its seal is written, which is done last and lists every file's size.

A process killed while it writes a checkpoint leaves one without a seal; the next run throws it away and goes on from the one before. A
disk that is full meanwhile leaves the one before as well.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from tasks.base.errors import FULL, InputError
from tasks.base.files import sync, write_text

SEAL = "complete.json"
WEIGHTS = "weights.pt"
ROOM = 1 << 20  # bytes; a disk with less free space than this counts as full


class Checkpoints:
    """The checkpoints `checkpoint-<step>` under `folder`, of which the last `keep` whole ones are kept, and the weights `best-<step>`."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def path(self, step: int) -> Path:
        return self.folder / f"checkpoint-{step}"

    def seal(self, step: int) -> None:
        """Declare a checkpoint whole, and only then delete the ones that it makes superfluous."""
        seal(self.path(step))
        for old in self._by_step()[: -self.keep]:
            shutil.rmtree(old)

    def last(self) -> Path | None:
        """The newest whole checkpoint, or None. What is newer but not whole is deleted."""
        for checkpoint in reversed(self._by_step()):
            if is_whole(checkpoint):
                return checkpoint
            shutil.rmtree(checkpoint, ignore_errors=True)  # every process of a launch looks, and the first one deletes
        return None

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def save_best(self, step: int, weights: dict[str, Any]) -> None:
        """Keep the weights of a step, and what else belongs to it, beside those that are kept already."""
        folder = self.folder / f"best-{step}"
        shutil.rmtree(folder, ignore_errors=True)
        with full_disk_named(folder):
            folder.mkdir(parents=True)
            torch.save(weights, folder / WEIGHTS)
            seal(folder)

    def keep_best(self, step: int) -> None:
        """Delete the kept weights of all steps but this one."""
        for folder in self.folder.glob("best-*"):
            if folder.name != f"best-{step}":
                shutil.rmtree(folder)

    def load_best(self, step: int) -> dict[str, Any]:
        """The weights of a step."""
        folder = self.folder / f"best-{step}"
        if not is_whole(folder):
            raise InputError(f"the best weights {folder} are gone or cut; delete {self.folder} and train the stage again")
        return torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)

    def _by_step(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turn what a library makes of a full disk into one error that says what to do, and delete what was written of `folder`."""
    try:
        yield
    except Exception as error:
        free = shutil.disk_usage(folder.parent).free
        shutil.rmtree(folder, ignore_errors=True)
        if not says_full(error) and free >= ROOM:
            raise
        raise InputError(
            f"cannot write {folder}: the disk is full. The checkpoints before it stay; make room and run again to go on from the last one "
            "(it is deleted only when the next one is whole, so there must be room for one more than keep_checkpoints)"
        ) from error


def says_full(error: BaseException) -> bool:
    """Whether an error says that the disk or a quota is full. Those of safetensors and torch are no OSErrors: the first has the number in
    its text, the second says nothing, which is why the disk itself is asked as well."""
    return getattr(error, "errno", None) in FULL or any(f"os error {code}" in str(error) for code in FULL)


def seal(folder: Path) -> None:
    """Declare a folder whole, once its files lie on the disk."""
    for name in file_sizes(folder):
        sync(folder / name)
    write_text(folder / SEAL, json.dumps(file_sizes(folder), indent=1))
    sync(folder)


def file_sizes(checkpoint: Path) -> dict[str, int]:
    """Size in bytes of every file of a checkpoint but its seal, by relative path."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != SEAL)
    return {path.relative_to(checkpoint).as_posix(): path.stat().st_size for path in files if not path.name.startswith(".")}


def is_whole(checkpoint: Path) -> bool:
    """Whether the checkpoint has its seal and every file has the size that the seal says."""
    try:
        sealed = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return sealed == file_sizes(checkpoint)
