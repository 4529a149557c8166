"""Installing: uv is told what pip is told, pip does what uv cannot, and both take the lines of the lock and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deployments.install import PROJECT, NotForUv, configuration, told

AS_PIP_LOOKS = ["--index-strategy", "unsafe-best-match"]


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, []),
        ({"index-url": "https://x.example/simple"}, ["--default-index", "https://x.example/simple"]),
        ({"index-url": "https://me:secret@x.example/simple"}, ["--default-index", "https://me:secret@x.example/simple"]),
        ({"extra-index-url": "https://a.example https://b.example"}, ["--index", "https://a.example", "--index", "https://b.example"]),
        ({"extra-index-url": "\nhttps://a.example\nfile:///b"}, ["--index", "https://a.example", "--index", "file:///b"]),
        ({"find-links": "/wheels ./more"}, ["--find-links", "/wheels", "--find-links", "./more"]),
        ({"no-index": "true", "find-links": "/wheels"}, ["--no-index", "--find-links", "/wheels"]),
        ({"no-index": "0"}, []),
        ({"trusted-host": "x.example"}, ["--allow-insecure-host", "x.example"]),
        ({"constraint": "/etc/limits.txt"}, ["--constraints", "/etc/limits.txt"]),
        ({"no-cache-dir": "1"}, ["--no-cache"]),
        ({"timeout": "60", "retries": "3", "disable-pip-version-check": "1", "progress-bar": "off"}, []),
    ],
)
def test_what_pip_is_told_uv_is_told(settings: dict[str, str], options: list[str]) -> None:
    assert told(settings) == ([*AS_PIP_LOOKS, *options], {})


def test_the_certificates_are_those_of_pip() -> None:
    assert told({"cert": "/etc/ours.pem"}) == (AS_PIP_LOOKS, {"SSL_CERT_FILE": "/etc/ours.pem"})


@pytest.mark.parametrize("name", ["proxy", "client-cert", "only-binary", "no-binary", "user", "target", "require-hashes", "new"])
def test_a_setting_that_uv_has_no_word_for_leaves_the_work_to_pip(name: str) -> None:
    with pytest.raises(NotForUv, match=name):
        told({name: "1"})


@pytest.mark.process
def test_variables_hold_before_files_and_a_commands_settings_before_all_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere, installing = "[global]\nfind-links = /global\ntimeout = 7\nindex-url = https://g\n", "[install]\nfind-links =\n  /a\n  /b\n"
    (tmp_path / "pip.conf").write_text(everywhere + installing)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://e")
    monkeypatch.setenv("PIP_QUIET", "3")
    found = configuration()
    assert found["index-url"] == "https://e" and found["find-links"].split() == ["/a", "/b"] and found["timeout"] == "7"


BACKEND = """
import zipfile
def build_editable(wheels, settings=None, metadata=None):
    with zipfile.ZipFile(f"{wheels}/ours-1-py3-none-any.whl", "w") as wheel:
        metadata = "Metadata-Version: 2.1\\nName: ours\\nVersion: 1\\nRequires-Dist: a-thing-that-is-nowhere\\n"
        wheel.writestr("ours-1.dist-info/METADATA", metadata)
        wheel.writestr("ours-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("ours-1.dist-info/RECORD", "")
    return "ours-1-py3-none-any.whl"
"""


def make_wheel(folder: Path, name: str, version: str) -> None:
    """A wheel of a package of one line, for `find-links`."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(f"{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-{version}.dist-info/RECORD", "")


@pytest.mark.process
def test_where_uv_cannot_be_had_pip_installs_the_locked_lines(tmp_path: Path) -> None:
    """An environment of Python's own `venv`, no index, and wheels where only a variable of pip says; for a run, then for tools."""
    source, python = tmp_path / "source", tmp_path / "venv" / "bin" / "python"
    (source / "deployments").mkdir(parents=True)
    (source / "deployments" / "install.py").write_text((PROJECT / "deployments" / "install.py").read_text(encoding="utf-8"))
    (source / "backend.py").write_text(BACKEND)
    (source / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    (source / "constraints.txt").write_text("run_thing===1.0\n# Tools: more\ntool_thing==2.0\nuv==0.9.0\n")
    for name, version in (("run_thing", "1.0"), ("run_thing", "1.1"), ("tool_thing", "2.0")):
        make_wheel(tmp_path / "wheels", name, version)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHONPATH"))}
    environment = kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}

    done = subprocess.run([python, source / "deployments" / "install.py"], env=environment, capture_output=True, text=True, check=True)
    assert "pip installs" in done.stderr and "uv==0.9.0 cannot be had here" in done.stderr
    assert frozen(python) == {"run_thing==1.0"}
    (source / "constraints.txt").write_text("run_thing===1.0\n# Tools: more\ntool_thing==2.0\nuv==0.9.0 ; python_version < '3'\n")
    subprocess.run([python, source / "deployments" / "install.py", "tools"], env=environment, capture_output=True, check=True)
    assert frozen(python) == {"run_thing==1.0", "tool_thing==2.0"}


def frozen(python: Path) -> set[str]:
    """What is installed, but the project itself."""
    said = subprocess.run([python, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True)
    return set(said.stdout.split())
