"""`status` starts without Prefect where no API can be configured, and misses none that Prefect would find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.server.api_settings import may_name_one, settings_files
from tasks.base.process import PROJECT

pytestmark = pytest.mark.process

URL = "http://127.0.0.1:9/api"
PLACES = {
    "a variable": {},
    ".env": {".env": f"PREFECT_API_URL={URL}\n"},
    "prefect.toml": {"prefect.toml": f'[api]\nurl = "{URL}"\n'},
    "pyproject.toml": {"pyproject.toml": f'[tool.prefect.api]\nurl = "{URL}"\n'},
    "a profile": {"home/profiles.toml": f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{URL}"\n'},
}
NONE = {
    "nothing": {},
    "another project": {"pyproject.toml": '[project]\nname = "mine"\n', ".env": "TOKEN=1\n"},
    "an empty profile": {"home/profiles.toml": 'active = "local"\n[profiles.local]\n'},
    "other settings of Prefect's": {"home/profiles.toml": 'active = "x"\n[profiles.x]\nPREFECT_LOGGING_LEVEL = "DEBUG"\n'},
}


def status(folder: Path, files: dict[str, str], **variables: str) -> tuple[str, bool]:
    """What `status` says of Prefect in a folder with these files, and whether it loaded Prefect for that."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    code = "import sys; from flows.commands.cli import app; app(standalone_mode=False); print('prefect.client' in sys.modules)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    given = {**kept, "PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(folder / "home"), **variables}
    arguments = [sys.executable, "-c", code, "status", "--home", str(folder / "runs")]
    done = subprocess.run(arguments, cwd=folder, env=given, capture_output=True, text=True, check=True)
    *lines, loaded = done.stdout.splitlines()
    return next(line for line in lines if line.startswith("prefect")), loaded == "True"


@pytest.mark.parametrize("place", NONE)
def test_without_an_api_prefect_is_not_loaded(tmp_path: Path, place: str) -> None:
    line, loaded = status(tmp_path, NONE[place])
    assert "PREFECT_API_URL is not set" in line and not loaded


@pytest.mark.parametrize("place", PLACES)
def test_an_api_is_found_wherever_prefect_finds_it(tmp_path: Path, place: str) -> None:
    line, loaded = status(tmp_path, PLACES[place], **({} if PLACES[place] else {"PREFECT_API_URL": URL}))
    assert f"the Prefect API at {URL} does not answer" in line and loaded


def test_a_file_that_cannot_be_read_may_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profiles.toml").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "profiles.toml"))
    assert settings_files()[0] == tmp_path / "profiles.toml" and may_name_one(settings_files()[0])
    assert not may_name_one(tmp_path / "missing.toml")
