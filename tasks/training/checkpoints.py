"""Checkpoints that are either whole or not there: one counts once its seal is written, which is done last and lists every file's size.

A process killed while it writes a checkpoint leaves one without a seal; the next run throws it away and goes on from the one before.
"""

import json
import shutil
from pathlib import Path

from tasks.store import sync_folder, write_text

SEAL = "complete.json"


class Checkpoints:
    """The checkpoints `checkpoint-<step>` under `folder`, of which the last `keep` whole ones are kept."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def path(self, step: int) -> Path:
        return self.folder / f"checkpoint-{step}"

    def seal(self, step: int) -> None:
        """Declare a checkpoint whole, and only then delete the ones that it makes superfluous."""
        checkpoint = self.path(step)
        write_text(checkpoint / SEAL, json.dumps(file_sizes(checkpoint), indent=1))
        sync_folder(checkpoint)
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

    def _by_step(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))


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
