"""A process goes on when nobody reads its output any more: what it prints then is in its log, or nowhere."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.base.output import LOG
from tasks.base.process import PROJECT
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process

SCRIPT = """
import sys
from rich.console import Console
from tasks.base.output import outlive_readers
outlive_readers()
print("before", flush=True)
sys.stdin.readline()
for thread in __import__("threading").enumerate():
    if thread.name == "keeps output" and {closed} == 2:
        thread.join(30)
Console(file=sys.stderr).print("after", "on stderr")
print("after", flush=True)
"""


def run(tmp_path: Path, closed: Sequence[str], log: Path | None) -> int:
    """Close these of a script's streams, let it go on, and give the code that it ends with."""
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), **({LOG: str(log)} if log else {})}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(closed=len(closed))],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout and process.stdout.readline() == "before\n"
    for stream in closed:
        getattr(process, stream).close()
    process.stdin.write("go on\n")
    process.stdin.flush()
    return process.wait(timeout=PATIENCE_S)


@pytest.mark.parametrize("log", ["log", "no/such/folder/log", None])
def test_it_goes_on_without_readers(tmp_path: Path, log: str | None) -> None:
    path = tmp_path / log if log else None
    assert run(tmp_path, ("stdout", "stderr"), path) == 0
    if path and path.parent.is_dir():
        assert sorted(path.read_text().splitlines()) == ["after", "after on stderr"]


def test_what_is_read_still_goes_to_its_reader(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run(tmp_path, (), log) == 0 and not log.exists()
