"""Commands that only look, and dry runs, write nothing and ask nobody, wherever the lake is and whether or not it is there."""

import os
import pty
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.commands.cli import app
from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.lake.storage import copy_of
from tasks.warehouse.publishing import publish
from tests.flows.runs import command, environment
from tests.lake.test_opening import filled, traces

LOOKS = {
    "status": ["status"],
    "status of a recipe": ["status", "starter"],
    "doctor": ["doctor"],
    "sql": ["sql", "select count(*) as rollouts from rollouts"],
    "histogram": ["histogram"],
    "sweep": ["sweep", "starter"],
    "power": ["power"],
    "trace": ["trace", "anything"],
    "plan of a run": ["run", "starter", "--plan"],
    "plan of a profile": ["profile", "paper", "--plan", "--json"],
}
asked_of_torch = pytest.mark.process  # where there is a GPU
QUICK = {"status", "sql"}  # the others take a second a place, so they look where most could go wrong
NO_WAREHOUSE = {"sql", "histogram", "sweep", "power", "trace"}  # what they then say: that nothing is published


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All that could be asked is at one address, which must not be connected to: S3, the hub, and any proxy."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for name in ("AWS_ENDPOINT_URL", "HF_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def look(words: list[str], home: Path | str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def published(home: Path) -> Path:
    publish(filled(home), DifficultySettings())
    return home


@pytest.mark.parametrize("name", [pytest.param(name, marks=asked_of_torch) if name == "doctor" else name for name in LOOKS])
def test_a_look_leaves_no_trace_and_asks_nobody(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: None, own_prefect_home: Path
) -> None:
    """In a lake that is not there, in one that is, in a copy of one on storage, and for one on storage that has no copy here."""
    monkeypatch.setenv("DIFFICULTY_PRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    home, copy = published(tmp_path / "runs"), published(copy_of("lakes/a"))
    (copy / ".remote").write_text("lakes/a")
    (copy / ".synced").write_text("2026-01-02 03:04:05 UTC")
    before = traces(tmp_path) | traces(own_prefect_home)
    places = (tmp_path / "none", home, "s3://lakes/a", copy, "s3://lakes/none")
    for place in places if name in QUICK else places[::2]:
        done = look(LOOKS[name], place)
        is_there = str(place) not in (str(tmp_path / "none"), "s3://lakes/none")
        if name in NO_WAREHOUSE and not is_there:
            assert isinstance(done.exception, InputError) and "nothing is published yet" in str(done.exception)
        elif name in ("sweep", "power", "trace"):
            assert isinstance(done.exception, InputError), done.output  # there is no profile, no study, and nothing of that name
        else:
            assert done.exit_code == 0, f"{place}: {done.output} {done.exception!r}"
        if str(place).endswith(("a", "lakes%2Fa")):
            assert "2026-01-02 03:04:05 UTC" in " ".join((done.output + str(done.exception)).split()) or name in ("histogram", "trace")
    assert traces(tmp_path) | traces(own_prefect_home) == before


@pytest.mark.process
@pytest.mark.parametrize("name", ["status of a recipe", "doctor", "sql", "plan of a run"])
def test_a_lake_that_cannot_be_written_is_looked_at(name: str, small_disk: Path) -> None:
    disk = str(small_disk)
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    home = published(small_disk / "runs")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        done = look(LOOKS[name], home)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert done.exit_code == (1 if name == "doctor" else 0), done.output
    assert name != "doctor" or "the disk is read-only" in " ".join(done.output.split())


def test_a_plan_says_what_it_could_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: None) -> None:
    monkeypatch.setenv("DIFFICULTY_PRIOR_CACHE", str(tmp_path))
    said = " ".join(look(["run", "starter", "--plan"], "s3://lakes/b").output.split())
    assert "warning s3://lakes/b is not asked, and has no copy here: nothing of what lies there is known;" in said
    filled(copy_of("lakes/b"))
    said = " ".join(look(["status"], "s3://lakes/b").output.split())
    assert "storage s3://lakes/b is not asked: the local copy was last brought up to date at an unknown time;" in said


@pytest.mark.process
def test_a_plan_in_a_terminal_leaves_a_new_prefect_home_empty(tmp_path: Path) -> None:
    """Where somebody reads along, Prefect would note there that it was used, and tell its makers."""
    _, terminal = pty.openpty()
    words = command("run", "starter", "--plan", "--home", str(tmp_path / "runs"))
    told = {name: value for name, value in environment(tmp_path / "prefect").items() if name not in ("CI", "DO_NOT_TRACK")}
    done = subprocess.run(words, env=told, stdout=subprocess.DEVNULL, stderr=terminal, check=False)
    os.close(terminal)
    assert done.returncode == 0 and not (tmp_path / "runs").exists() and not list((tmp_path / "prefect").rglob("*"))


def test_only_an_address_is_brought_up_to_date(tmp_path: Path) -> None:
    done = look(["sync"], tmp_path)
    assert isinstance(done.exception, InputError) and "is a folder of this machine" in str(done.exception)
    assert not list(tmp_path.iterdir()) and Lake(tmp_path).scan("rollouts").collect().is_empty()
