"""Splits that a file beside the data tells by the keys of its rows (`{"train": ["1", "4"], …}`), as ScienceQA's pid_splits.json."""

import json
from pathlib import Path
from typing import Any

from tasks.base.errors import InputError

SPLITS = "*splits.json"
LARGEST_BYTES = 256 << 20


def splits_beside(folder: Path) -> Path | None:
    """The file in a folder that tells splits by keys; None where there is none."""
    return next((path for path in sorted(folder.glob(SPLITS)) if path.is_file() and path.stat().st_size <= LARGEST_BYTES), None)


def keys_by_split(path: Path) -> dict[str, frozenset[str]]:
    """The keys of each split; empty for a file that does not tell them. Raises InputError for one that is not JSON."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"cannot read the splits in {path}: {error}; is the copy complete?") from error
    if not isinstance(told, dict) or not all(isinstance(keys, list) for keys in told.values()):
        return {}
    return {name: frozenset(str(key) for key in keys if isinstance(key, str | int)) for name, keys in told.items()}
