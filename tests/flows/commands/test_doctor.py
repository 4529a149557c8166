"""The doctor: what it finds on a machine that is well, and the fault and the fix where something is not."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from typer.testing import CliRunner

from flows.commands import doctor
from flows.commands.cli import app
from flows.commands.doctor import Finding, Level, examine
from tasks.base.process import PROJECT
from tasks.lake.lake import Lake


def named(findings: Iterator[Finding] | list[Finding], name: str) -> list[Finding]:
    return [found for found in findings if found.name == name]


def test_this_machine_is_fit_for_the_tests(tmp_path: Path) -> None:
    findings = examine(tmp_path / "runs")
    assert {"python", "machine", "packages", "torch", "gpu", "extras", "home", "prefect"} <= {found.name for found in findings}
    assert [found for found in findings if found.level is Level.fault] == []
    assert all(found.fix for found in findings if found.level is not Level.ok)
    [home] = named(findings, "home")
    assert str(tmp_path) in home.said and "GiB free, without a published warehouse" in home.said


@pytest.mark.process
def test_the_doctor_loads_no_heavy_library(tmp_path: Path) -> None:
    code = "import sys, pathlib; from flows.commands.doctor import examine; examine(pathlib.Path(sys.argv[1])); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert not {"torch", "torchvision", "vllm", "transformers", "trl"} & set(found.stdout.split())


@pytest.mark.parametrize(
    ("torch", "vision", "asked", "said"),
    [
        ("2.13.0", "0.28.0", "torch==2.13.0", ""),
        ("2.13.0+cpu", "0.28.0+cpu", "torch==2.13.0", ""),
        ("2.13.0+cpu", "0.28.0", "torch==2.13.0", "torch 2.13.0+cpu and torchvision 0.28.0 are of different builds"),
        ("2.13.0", "0.28.0+cu130", "torch==2.13.0", "of different builds"),
        ("2.12.0", "0.28.0", "torch==2.13.0", "torchvision 0.28.0 needs torch ==2.13.0, but 2.12.0 is installed"),
        ("2.13.0", "0.28.0", "numpy", ""),
    ],
)
def test_builds_that_do_not_fit_are_told(torch: str, vision: str, asked: str, said: str) -> None:
    found = doctor.unlike_builds(torch, vision, [Requirement(asked)])
    assert said in found and bool(said) == bool(found)


@pytest.mark.process
def test_torch_answers_whether_it_sees_a_gpu() -> None:
    asked = subprocess.run([sys.executable, "-P", "-c", doctor.ASK_TORCH], capture_output=True, text=True, check=True)
    assert isinstance(json.loads(asked.stdout.splitlines()[-1]), list)


def test_the_prefect_home_in_use_is_named() -> None:
    [found] = doctor.look_at_prefect()
    assert f"PREFECT_HOME is {PREFECT_HOME.value()}" in found.said


def test_a_version_that_is_not_asked_for_is_a_fault_and_one_that_is_not_pinned_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["duckdb>=99", "polars>=1.30", "no-such-package>=1", "vllm>=0.31; extra == 'vllm'"]
    monkeypatch.setattr(doctor, "requires", lambda name: asked)
    (tmp_path / "constraints.txt").write_text("polars===0.1\npydantic>=2  # a comment\n")
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    faults = [found for found in doctor.look_at_versions() if found.level is Level.fault]
    assert [found.said.split(" is ")[0].split()[0] for found in faults] == ["duckdb", "no-such-package"]
    assert "no-such-package is not installed, >=1 is needed" in [found.said for found in faults]
    assert all(str(tmp_path / "constraints.txt") in found.fix for found in faults)
    [pinned] = [found for found in doctor.look_at_versions() if found.level is Level.warning]
    assert "polars" in pinned.said and "(pinned ===0.1)" in pinned.said


def test_a_lake_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    [home] = doctor.look_at_home(in_the_way / "runs")
    assert home.level is Level.fault and "a file is in the way" in home.said and "--home" in home.fix


@pytest.mark.process
def test_a_disk_without_room_is_a_fault(small_disk: Path) -> None:
    [home] = doctor.look_at_home(small_disk / "runs")
    assert home.level is Level.fault and "0.0 GiB free" in home.said
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    [home] = doctor.look_at_home(small_disk / "runs")
    assert home.level is Level.fault and "the disk is read-only" in home.said


def test_a_lake_of_a_newer_version_is_a_fault(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "runs").make()
    (lake.home / "lake" / "version.json").write_text('{"version": 99}')
    [home] = doctor.look_at_home(lake.home)
    assert home.level is Level.fault and "layout 99" in home.said and "upgrade" in home.fix


def test_gold_answers_that_cannot_be_scored_are_told_until_they_are_mended(tmp_path: Path) -> None:
    def read(key: str, when: int, warnings: list[str]) -> None:
        folder = tmp_path / "runs" / "problems" / key
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"source": "own train from own.jsonl", "warnings": warnings}))
        os.utime(folder / "manifest.json", (when, when))

    read("b", 1, ["own train: 2 of 9 gold answers cannot be scored, the first in row 3: 'N/A'. Set columns.gold to the rule"])
    [found] = doctor.look_at_answers(tmp_path / "runs")
    assert (found.level, found.fix) == (Level.warning, "set columns.gold to the rule")
    assert found.said == "own train: 2 of 9 gold answers cannot be scored, the first in row 3: 'N/A'"
    read("a", 2, [])
    assert not list(doctor.look_at_answers(tmp_path / "runs"))


@contextmanager
def api_at(url: str) -> Iterator[None]:
    with temporary_settings({PREFECT_API_URL: url}):
        yield


def test_a_server_that_does_not_answer_is_a_fault() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    with api_at(url):
        [found] = doctor.look_at_prefect()
    assert found.level is Level.fault and url in found.said and "difficulty-prior serve" in found.fix


def test_faults_end_with_exit_code_1_and_are_told_as_json(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    done = CliRunner().invoke(app, ["doctor", "--json", "--home", str(in_the_way)])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["ok"]) == (1, False)
    assert [found["name"] for found in said["findings"] if found["level"] == "fault"] == ["home"]
    shown = CliRunner().invoke(app, ["doctor", "--home", str(tmp_path / "runs")])
    assert shown.exit_code == 0 and "ok" in shown.stdout
