"""Makes constraints.txt anew from pyproject.toml: `python -m deployments.lock [PACKAGE…]`, which renews the named packages alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployments.install import LOCK, PROJECT, configuration, told

PYPROJECT = PROJECT / "pyproject.toml"
HEAD = """\
# All that a run needs, in the exact versions that are known to work together (Python 3.11+, CPU or GPU): whole, so that nothing is
# resolved. `make lock` makes it. === and not ==: a +cpu build of torch satisfies == and then breaks torchvision, without which no
# Qwen2.5-VL processor loads.
"""
TOOLS = "# Tools: what tests, lint and the extras of object storage, Ray and TensorBoard need beside it.\n"


def main(renewed: list[str]) -> None:
    """Write the lock: what a run needs, then what only the tools need."""
    old = LOCK.read_text(encoding="utf-8")
    exact = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)===", old, re.MULTILINE)}
    run, everything = (resolved(kept(old, renewed), extras) for extras in ([], ["--extra", "dev"]))
    tools = [line for line in everything if name_of(line) not in set(map(name_of, run))]
    LOCK.write_text(
        "".join([HEAD, *(pinned(line, exact) for line in run), TOOLS, *(pinned(line, exact) for line in tools)]), encoding="utf-8"
    )


def kept(old: str, renewed: list[str]) -> Path:
    """A file of the old lock's lines, less the packages that may change."""
    free = {canonicalize_name(name) for name in renewed}
    path = Path(sys.prefix) / "kept.txt"
    lines = [line for line in old.splitlines(keepends=True) if line[0] != "#" and name_of(line) not in free]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def resolved(constraints: Path, extras: list[str]) -> list[str]:
    """All that pyproject.toml asks for, and these in turn, one a line, each with the platforms that need it; versions stay if they may."""
    pip_options, environment = told(configuration())
    options = ["--universal", "--python-version=3.11", "--no-header", "--no-annotate", f"--constraints={constraints}", *pip_options]
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config", *options, *extras, str(PYPROJECT)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | environment)
    return done.stdout.splitlines(keepends=True)


def name_of(line: str) -> str:
    """The package of a line of the lock."""
    return canonicalize_name(Requirement(line.strip()).name)


def pinned(line: str, exact: set[str]) -> str:
    """A line with === where the old lock has it."""
    return line.replace("==", "===", 1) if name_of(line) in exact else line


if __name__ == "__main__":
    main(sys.argv[1:])
