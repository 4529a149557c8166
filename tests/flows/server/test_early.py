"""A run's temporary server is started before Prefect is loaded only where no setting of Prefect's can ask for anything else."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tasks.base.process import PROJECT
from tests.patience import until

LEFT_TO_US: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}),
    "another project": ({"pyproject.toml": '[project]\nname = "mine"\ndependencies = ["prefect"]\n', ".env": "TOKEN=1\n"}, {}),
    "an empty profile": ({"home/profiles.toml": 'active = "local"\n[profiles.local]\n'}, {}),
    "how much is logged": ({}, {"PREFECT_LOGGING_LEVEL": "DEBUG"}),
}
NOT_LEFT_TO_US: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "an API": ({}, {"PREFECT_API_URL": "http://127.0.0.1:9/api"}),
    "a password": ({}, {"PREFECT_API_AUTH_STRING": "a:b"}),
    "a server's password": ({}, {"PREFECT_SERVER_API_AUTH_STRING": "a:b"}),
    "a database": ({}, {"PREFECT_API_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:///x.db"}),
    "no temporary servers": ({}, {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}),
    "a named profile": ({}, {"PREFECT_PROFILE": "mine"}),
    "a profile": ({"home/profiles.toml": 'active = "x"\n[profiles.x]\nPREFECT_API_KEY = "k"\n'}, {}),
    ".env": ({".env": "PREFECT_SERVER_EPHEMERAL_ENABLED=0\n"}, {}),
    "prefect.toml": ({"prefect.toml": "[server]\n"}, {}),
    "pyproject.toml": ({"pyproject.toml": '[tool.prefect.api]\nurl = "http://127.0.0.1:9/api"\n'}, {}),
    "a file that cannot be read": ({"home/profiles.toml": "\udcff"}, {}),
}
LOOK = """
import json, os, sys
from flows.server.api_settings import is_left_to_us
said = {}
for name, (place, variables) in json.loads(sys.stdin.read()).items():
    os.chdir(place)
    os.environ.update(variables | {"PREFECT_HOME": f"{place}/home"})
    said[name] = is_left_to_us()
    for variable in variables:
        del os.environ[variable]
print(json.dumps(said))
"""


@pytest.mark.process
def test_a_setting_of_the_users_is_left_to_prefect(tmp_path: Path) -> None:
    asked = {}
    for number, (name, (files, variables)) in enumerate((LEFT_TO_US | NOT_LEFT_TO_US).items()):
        place = tmp_path / str(number)
        (place / "home").mkdir(parents=True)
        for path, text in files.items():
            (place / path).write_text(text, encoding="utf-8", errors="surrogateescape")
        asked[name] = (str(place), variables)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], input=json.dumps(asked), capture_output=True, text=True, env=kept | {"PYTHONPATH": str(PROJECT)}
    )
    assert json.loads(done.stdout) == dict.fromkeys(LEFT_TO_US, True) | dict.fromkeys(NOT_LEFT_TO_US, False), done.stderr


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="another parent's pid tells that the first has gone")
def test_a_server_that_was_started_early_ends_with_its_process(tmp_path: Path) -> None:
    """Before anybody has asked for it, when that process is killed."""
    code = (
        "from flows.server.early import EARLY, start_early; import time; start_early(); print(EARLY[0][1].pid, flush=True); time.sleep(900)"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    given = kept | {"PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True, env=given, cwd=tmp_path) as process:
        assert process.stdout is not None
        server = psutil.Process(int(process.stdout.readline()))
        process.kill()
    with suppress(psutil.NoSuchProcess):
        until(lambda: server.status() == psutil.STATUS_ZOMBIE)
