"""Paths as people write them in recipes: `~`, `${VARIABLES}` and `*`."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tasks.base.errors import InputError

UNSET = re.compile(r"\$\{?(\w+)\}?")


def expand_path(text: str) -> Path:
    """The path with `~` and environment variables filled in. Raises InputError, naming the variable, when one is not set."""
    expanded = os.path.expandvars(text)
    unset = UNSET.search(expanded)
    if unset:
        raise InputError(f"path {text!r}: the environment variable {unset[1]} is not set; set it, or write the path out in the recipe")
    return Path(expanded).expanduser()


def expand_files(patterns: Sequence[str]) -> list[Path]:
    """The files that the patterns name, each pattern's in sorted order. Raises InputError, naming the pattern, when one matches nothing."""
    files = []
    for pattern in patterns:
        path = expand_path(pattern)
        found = [path] if path.is_file() else sorted(path.parent.glob(path.name))
        if not found:
            raise InputError(f"no file matches {pattern!r} (looked at {path.absolute()})")
        files += found
    return files
