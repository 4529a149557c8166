"""Installs this project and the versions of constraints.txt into the environment that runs this file: `deployments/install.py [tools]`.

The lock is complete, so nobody resolves anything. uv does the work, in parallel, wherever it can be had and can be told all that pip is
told (its configuration files and PIP_ variables); pip does it otherwise, from the same lines. Stands on the standard library alone.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOCK = PROJECT / "constraints.txt"
TOOLS = "# Tools"  # how the heading begins after which stands what no run needs

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
    "constraint": "--constraints",
}
FLAGS = {"no-index": "--no-index", "no-cache-dir": "--no-cache"}
SETTLED = """cache-dir compile config-file default-timeout disable-pip-version-check no-color no-compile no-input no-warn-script-location
no-python-version-warning prefer-binary progress-bar quiet retries root-user-action timeout verbose"""  # change no file of an exact version


class NotForUv(Exception):
    """uv cannot do here what pip would: the reason."""


def main(arguments: list[str]) -> int:
    """Install what a run needs, with `tools` also what tests and lint need; the exit status."""
    lines = Path(sys.prefix) / "locked.txt"
    lines.write_text(locked(LOCK.read_text(encoding="utf-8"), tools="tools" in arguments), encoding="utf-8")
    what = ["--no-deps", "--requirement", str(lines), "--editable", str(PROJECT)]
    try:
        return with_uv(what)
    except NotForUv as reason:
        print(f"pip installs, which takes longer than uv: {reason}", file=sys.stderr)
        return subprocess.run([*PIP, "install", "--quiet", *what], check=False).returncode


def locked(lock: str, tools: bool) -> str:
    """The lines of the lock that a run needs, or all."""
    return lock if tools else lock.split(TOOLS)[0]


def with_uv(what: list[str]) -> int:
    """Install with uv, which pip brings in the locked version. Raises `NotForUv` where it must not or cannot be had, or fails."""
    options, environment = told(configuration())
    pin = next(line for line in LOCK.read_text(encoding="utf-8").splitlines() if line.startswith("uv="))
    if subprocess.run([*PIP, "install", "--no-deps", pin], capture_output=True, check=False).returncode:
        raise NotForUv(f"{pin} cannot be had here")
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--python", sys.executable, "--compile-bytecode"]
    if subprocess.run([*uv, *options, *what], env=os.environ | environment, check=False).returncode:
        raise NotForUv("uv failed, as it says above")
    return 0


def configuration() -> dict[str, str]:
    """What pip is told by its files and by variables, by the name of the setting; its own order says which holds."""
    listed = subprocess.run([*PIP, "-vvv", "config", "list"], capture_output=True, text=True, check=True)  # louder than any setting `quiet`
    said = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.*)$", listed.stdout, re.MULTILINE)
    return {name: ast.literal_eval(value) for level in ("global", "install", ":env:") for scope, name, value in said if scope == level}


def told(settings: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """uv's options and environment for what pip is told. Raises `NotForUv` for what it has no word for."""
    options = [word for name, value in settings.items() for word in option(name, value)]
    as_pip_looks = ["--index-strategy", "unsafe-best-match"]  # in all indexes for the best, not in the first that has the name
    return [*as_pip_looks, *options], {"SSL_CERT_FILE": settings["cert"]} if "cert" in settings else {}


def option(name: str, value: str) -> Iterator[str]:
    """uv's words for one setting of pip."""
    if name in OPTIONS:
        for part in value.split():
            yield from (OPTIONS[name], part)
    elif name in FLAGS:
        if value.lower() in ("1", "true", "yes", "on"):
            yield FLAGS[name]
    elif name not in {"cert", *SETTLED.split()}:
        raise NotForUv(f"pip's setting {name} is none of uv's")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
