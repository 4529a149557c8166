"""What answers at once loads no library that takes long: seconds differ from machine to machine, what is loaded does not."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.cli import app
from tasks.base.process import PROJECT
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish

pytestmark = pytest.mark.process

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
        (["audit", "--show"], ["prefect"]),
        (["doctor"], ["duckdb"]),
        (["status"], ["duckdb", "prefect"]),
        (["status", "starter"], ["duckdb"]),
        (["run", "starter", "--plan"], ["duckdb"]),
    ],
    ids=" ".join,
)
def test_a_quick_command_loads_nothing_heavy(words: list[str], spared: list[str], home: Path) -> None:
    place = [] if words[0] in ("--help", "--version", "schema") else ["--home", str(home)]
    done = subprocess.run([sys.executable, "-c", CALL, *words, *place], capture_output=True, text=True, cwd=PROJECT, check=True)
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0" and not (HEAVY - {"pandas"} if words == ["doctor"] else HEAVY | set(spared)) & set(loaded)


@pytest.mark.parametrize("words", [["sql", "select 1"], ["sql", "no sql"]], ids=" ".join)
def test_the_end_of_a_command_has_no_word_of_its_libraries(words: list[str], home: Path) -> None:
    command = [sys.executable, "-m", "flows.commands.cli", *words, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert "nanobind" not in done.stderr and done.stderr.startswith("error: the query failed" if done.returncode else "")


def test_no_command_lets_prefect_tell_its_makers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would where it is new, from a terminal: a plan, too, would then write to Prefect's home and ask a network."""
    for name in ("DO_NOT_TRACK", "CI"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(app, ["schema"]).exit_code == 0
    from prefect._internal.analytics import is_telemetry_enabled

    assert not is_telemetry_enabled()


@pytest.mark.parametrize("loading", ["typer", "flows.commands.options", "tasks.base.errors"])
def test_an_interruption_while_the_commands_load_is_quiet(loading: str) -> None:
    """A Ctrl-C that comes as a module is about to be imported, in the first half second."""
    code = f"""
import os, signal, sys
from flows.commands.entry import main
class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {loading!r}: os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
main()
"""
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, cwd=PROJECT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
