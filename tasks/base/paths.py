"""Paths as people write them in recipes: `~`, `${VARIABLES}` and `*`."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tasks.base.errors import InputError

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def expand_path(text: str, setting: str) -> Path:
    """The path with `~` and `${VARIABLE}` replaced. Raises InputError naming the setting and a variable that is not set."""
    for braced, bare in VARIABLE.findall(text):
        if not os.environ.get(braced or bare):
            raise InputError(
                f"{setting}: {text!r} uses the variable {braced or bare}, which is not set; export it, or write the path itself"
            )
    return Path(VARIABLE.sub(lambda match: os.environ[match[1] or match[2]], text)).expanduser()


def expand_files(patterns: Sequence[str], setting: str = "panel.files") -> list[Path]:
    """The files that the patterns name, each pattern's in sorted order. Raises InputError, naming
    the pattern, when one matches nothing."""
    files = []
    for pattern in patterns:
        path = expand_path(pattern, setting)
        found = [path] if path.is_file() else sorted(path.parent.glob(path.name))
        if not found:
            raise InputError(f"no file matches {pattern!r} (looked at {path.absolute()})")
        files += found
    return files
