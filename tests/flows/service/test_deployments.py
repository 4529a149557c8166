"""What is shipped to run this elsewhere: prefect.yaml, compose, the Dockerfile; and compose's server for real, on Postgres."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import prefect
import prefect.settings
import pytest
import yaml
from compose_spec import PyCompose
from prefect import Flow

from flows.commands.service import DEPLOYMENTS
from flows.recipe import load_recipe
from flows.service.pools import POOLS
from tasks.base.process import PROJECT
from tests.flows.runs import artifacts, command, environment
from tests.flows.service.panel import panel_recipe
from tests.flows.service.serving import QUICK
from tests.patience import ASK_S, PATIENCE_S, until
from tests.sampling.serving import free_port

FOLDER = PROJECT / "deployments"
SECRETS = {"POSTGRES_PASSWORD": "hush-postgres", "PREFECT_API_AUTH_STRING": "admin:hush"}
VARIABLE = re.compile(r"\$\{(\w+)(?::?([-?])([^}]*))?\}")
OURS = {"DIFFICULTY_PRIOR_HOME", "DIFFICULTY_PRIOR_CARDS", "DIFFICULTY_PRIOR_ALLOW_HOSTS"}


def interpolated(text: str, values: dict[str, str]) -> str:
    """Compose's variables filled in. Raises KeyError for one that has neither value nor default."""

    def filled(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return values[name] if name in values or kind != "-" else rest

    return VARIABLE.sub(filled, text)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml with secrets given, once a parser that follows the compose specification has taken them."""
    text = interpolated((FOLDER / "compose.yaml").read_text(), SECRETS)
    merged = yaml.safe_load(text)
    PyCompose.from_yaml(yaml.safe_dump({key: value for key, value in merged.items() if not key.startswith("x-")}))
    return merged["services"]


def test_the_gpu_part_is_compose_too() -> None:
    parts = yaml.safe_load((FOLDER / "compose.gpu.yaml").read_text())
    assert PyCompose.from_yaml(yaml.safe_dump(parts)).service_names() == ["worker-gpu"]
    [device] = parts["services"]["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]


def test_no_secret_has_a_default() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    assert {found[1] for found in VARIABLE.finditer(text) if found[2] == "?"} == SECRETS.keys()
    for secret in SECRETS:
        with pytest.raises(KeyError, match=secret):
            interpolated(text, {name: value for name, value in SECRETS.items() if name != secret})
    literal = [value for value in SECRETS.values() if value in text]
    assert not literal


def test_only_this_machine_reaches_the_server(services: dict[str, dict[str, Any]]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {"server": ["127.0.0.1:4200:4200"]}


def test_every_long_service_says_how_it_is(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"deploy"}  # it ends by itself
    assert {service.get("restart") for name, service in services.items() if name != "deploy"} == {"unless-stopped"}


def test_every_variable_is_one_that_somebody_reads(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if name != "database":
            assert [key for key in service.get("environment", {}) if key not in OURS and not hasattr(prefect.settings, key)] == [], name
    assert services["server"]["environment"]["PREFECT_SERVER_API_AUTH_STRING"] == SECRETS["PREFECT_API_AUTH_STRING"]
    assert all(services[name]["environment"]["PREFECT_API_AUTH_STRING"] for name in ("deploy", "worker-cpu", "worker-gpu"))


def test_volumes_are_declared(services: dict[str, dict[str, Any]]) -> None:
    declared = yaml.safe_load(interpolated((FOLDER / "compose.yaml").read_text(), SECRETS))["volumes"]
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(declared)


def test_the_dockerfile_copies_what_there_is(services: dict[str, dict[str, Any]]) -> None:
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    copied = [source for line in lines if line.startswith("COPY") for source in line.split()[1:-1]]
    assert {"flows", "tasks", "sql", "deployments", "pyproject.toml", "constraints.txt"} <= set(copied)
    assert all((PROJECT / source).exists() for source in copied)
    targets = {line.split()[-1] for line in lines if line.startswith("FROM")}
    assert targets == {"cpu", "gpu"}
    assert {service["build"]["target"] for service in services.values() if "build" in service} == {"cpu"}
    assert lines[-1] == "USER prior"


def test_prefect_yaml_names_flows_pools_and_recipes_that_there_are() -> None:
    for item in yaml.safe_load(DEPLOYMENTS.read_text())["deployments"]:
        module, _, name = item["entrypoint"].rpartition(".")
        assert isinstance(getattr(import_module(module), name), Flow)
        assert item["work_pool"]["name"] in POOLS
        assert item["enforce_parameter_schema"]
        if "recipe" in item["parameters"]:
            load_recipe(item["parameters"]["recipe"])


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A Postgres of its own, by its address for Prefect. Skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(path).parent for path in [shutil.which("initdb")] if path]
    if not found:
        pytest.skip("Postgres is not installed here: apt-get install postgresql")
    data, port, word = folder / "postgres", free_port(), "of-the-tests"
    user = [] if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data.mkdir()
    (folder / "word").write_text(word)
    if user:
        open_to_others(folder)
        shutil.chown(data, "postgres", "postgres")
    options = ["-D", str(data), "-U", "prefect", "-A", "scram-sha-256", "--pwfile", str(folder / "word"), "--no-sync"]
    subprocess.run([*user, str(found[-1] / "initdb"), *options], check=True, capture_output=True, cwd="/")
    flags = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", f"unix_socket_directories={data}"]
    log = (folder / "postgres.log").open("w")
    process = subprocess.Popen([*user, str(found[-1] / "postgres"), "-D", str(data), *flags], stdout=log, stderr=log, cwd="/")
    try:
        until(lambda: "ready to accept" in (folder / "postgres.log").read_text(), (folder / "postgres.log").read_text)
        yield f"postgresql+asyncpg://prefect:{word}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def open_to_others(folder: Path) -> None:
    """Let other users pass through a folder and those above it that are ours alone, as pytest makes them."""
    for place in (folder, *folder.parents):
        if place.stat().st_mode & 0o077 == 0:
            place.chmod(0o711)


@pytest.mark.process
def test_the_server_of_compose_on_postgres_with_two_workers(tmp_path: Path) -> None:
    """Compose's own commands and variables, as processes: server, `deploy`, both workers, and a run of each worker."""
    services = yaml.safe_load(interpolated((FOLDER / "compose.yaml").read_text(), SECRETS))["services"]
    recipe = panel_recipe(tmp_path)
    with ExitStack() as stack:
        database = stack.enter_context(postgres(tmp_path))
        prefect_home, port = tmp_path / "prefect", free_port()
        api, home = f"http://127.0.0.1:{port}/api", tmp_path / "runs"
        local = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "PREFECT_API_URL": api,
            "DIFFICULTY_PRIOR_HOME": str(home),
        }

        def variables(name: str) -> dict[str, str]:
            asked = services[name].get("environment", {})
            return environment(prefect_home) | QUICK | {key: local.get(key, value) for key, value in asked.items()}

        def started(name: str, words: list[str]) -> None:
            log = (tmp_path / f"{name}.log").open("w")
            arguments = [sys.executable, "-m", *words]
            process = subprocess.Popen(arguments, env=variables(name), stdout=log, stderr=subprocess.STDOUT, cwd=tmp_path)
            stack.callback(process.wait, PATIENCE_S)
            stack.callback(process.terminate)

        started("server", [*services["server"]["command"][3:5], "--host", "0.0.0.0", "--port", str(port)])
        until(lambda: answer(f"{api}/health") == 200, (tmp_path / "server.log").read_text, ASK_S)
        assert answer(f"{api}/admin/version") == 401
        assert answer(f"{api}/health", Host="evil.example") == 421 and answer(f"{api}/health", Host="server:4200") == 200
        assert answer(f"{api}/health", Origin="http://evil.example") == 403
        known = tuple(SECRETS["PREFECT_API_AUTH_STRING"].split(":"))
        assert httpx.get(f"{api}/admin/version", auth=known).json() == prefect.__version__
        assert httpx.post(f"{api}/flow_runs/filter", auth=known, json={}).json() == {"detail": "Missing CSRF token."}

        deployed = ran(command(*services["deploy"]["command"][1:]), variables("deploy"), tmp_path)
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        for name in ("worker-cpu", "worker-gpu"):
            started(name, [word for word in services[name]["command"] if word != "--with-healthcheck"])
        for deployment, kind in (("curate", "curated"), ("profile", "difficulty")):
            done = ran(command("submit", deployment, f"recipe={recipe}", "--wait"), variables("deploy"), tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "worker-cpu.log").read_text()
            assert len(artifacts(home)[kind]) == 1
        unknown = ran(command("deploy"), variables("deploy") | {"PREFECT_API_AUTH_STRING": ""}, tmp_path)
        assert unknown.returncode == 2
        assert "set PREFECT_API_AUTH_STRING" in unknown.stderr


def ran(arguments: list[str], variables: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A process that has ended, with what it said."""
    return subprocess.run(arguments, env=variables, cwd=folder, capture_output=True, text=True, check=False)


def answer(url: str, **headers: str) -> int:
    """The status of what answers; 0 where nothing does."""
    try:
        return httpx.get(url, timeout=5, headers=headers).status_code
    except httpx.TransportError:
        return 0
