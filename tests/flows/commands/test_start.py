"""What answers at once loads no library that takes long: seconds differ from machine to machine, what is loaded does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.base.process import PROJECT
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish

HEAVY = {"torch", "torchvision", "vllm", "transformers", "trl", "datasets", "pandas", "scipy", "altair"}
CALL = """
import sys
from flows.commands.cli import exit_code
sys.argv[0] = "difficulty-prior"
code = exit_code()
print(code, *sys.modules, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake, published."""
    lake = Lake(tmp_path_factory.mktemp("runs"))
    publish(lake, DifficultySettings())
    return lake.home


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--help"], ["duckdb", "prefect", "pyarrow"]),
        (["--version"], ["duckdb", "prefect", "pyarrow"]),
        (["schema"], ["prefect"]),
        (["schema", "difficulty"], ["prefect"]),
        (["sql", "select 1"], ["prefect"]),
        (["sql", "select 1", "--format", "json"], ["prefect"]),
        (["histogram"], ["prefect"]),
        (["doctor"], ["duckdb"]),
    ],
    ids=" ".join,
)
def test_a_quick_command_loads_nothing_heavy(words: list[str], spared: list[str], home: Path) -> None:
    place = [] if words[0] in ("--help", "--version", "schema") else ["--home", str(home)]
    done = subprocess.run([sys.executable, "-c", CALL, *words, *place], capture_output=True, text=True, cwd=PROJECT, check=True)
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0" and not (HEAVY - {"pandas"} if words == ["doctor"] else HEAVY | set(spared)) & set(loaded)
