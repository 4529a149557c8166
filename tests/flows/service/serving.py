"""`difficulty-prior serve` for tests: a real one on a free port, asked over its API."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from flows.server.own import check_port
from tasks.base.errors import InputError
from tasks.steps.cards import CARDS
from tests.flows.runs import command, environment
from tests.patience import ASK_S, PATIENCE_S, until

T = TypeVar("T")
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
QUICK = {  # a test does not wait for what a person would
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
}


@dataclass
class Served:
    """A running `serve`: its process, what it prints (`log`), its API, its lake and its Prefect home."""

    process: subprocess.Popen
    log: Path
    api: str
    home: Path
    prefect: Path

    @property
    def password(self) -> str:
        """What `serve` has made for this Prefect home."""
        return (self.prefect / "difficulty-prior" / "password").read_text().strip()

    @cached_property
    def client(self) -> httpx.Client:
        """One who has the password, and Prefect's token against forged requests."""
        client = httpx.Client(auth=tuple(self.password.split(":")), timeout=PATIENCE_S)
        token = client.get(f"{self.api}/csrf-token", params={"client": "tests"}).raise_for_status().json()["token"]
        client.headers.update({"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"})
        return client

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.client.post(f"{self.api}{path}", json=body)

    @cached_property
    def ids(self) -> dict[str, str]:
        """The ids of its deployments by name, asked for once: what else there is of them is long."""
        return {item["name"]: item["id"] for item in self.post("/deployments/filter").json()}

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment as the API has it."""
        [found] = [item for item in self.post("/deployments/filter").json() if item["name"] == name]
        return found

    def start(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Start a run of a deployment, as the UI's form does."""
        answer = self.post(f"/deployments/{self.ids[name]}/create_flow_run", parameters=parameters)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return answer.json()

    def run(self, identity: str) -> dict[str, Any]:
        return self.client.get(f"{self.api}/flow_runs/{identity}").json()

    def ended(self, run: dict[str, Any]) -> dict[str, Any]:
        """The run once it has ended. A server that is away, or too busy to answer, is asked again."""

        def look() -> dict[str, Any] | None:
            with suppress(httpx.HTTPError):
                found = self.client.get(f"{self.api}/flow_runs/{run['id']}").raise_for_status().json()
                return found if found["state_type"] in FINAL else None
            return None

        return self.until(look)

    def until(self, look: Callable[[], T | None]) -> T:
        """What `look` gives once it gives something."""
        return until(look, self.said, ASK_S)

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """The runs of a deployment that have ended, the first first."""
        wanted = {"id": {"any_": [self.ids[deployment]]}}
        found = self.post("/flow_runs/filter", deployments=wanted, sort="EXPECTED_START_TIME_ASC").json()
        return [run for run in found if run["state_type"] in FINAL]

    def card(self) -> dict[str, Any]:
        """The limit of the machine's only card. (Prefect keeps those of deployments in the same place.)"""
        [found] = [limit for limit in self.post("/v2/concurrency_limits/filter").json() if not limit["name"].startswith("deployment:")]
        return found

    def holder(self, card: str, times: int, seconds: float) -> subprocess.Popen[str]:
        """A process that takes a card so many times."""
        variables = environment(self.prefect) | {"PREFECT_API_URL": self.api, "PREFECT_API_AUTH_STRING": self.password, CARDS: card}
        arguments = [sys.executable, "-m", "tests.flows.holding", str(times), str(seconds)]
        return subprocess.Popen(arguments, env=variables, stdout=subprocess.PIPE, text=True)

    def children(self, words: str) -> list[psutil.Process]:
        """The processes below it whose command has these words, or that are listed by them, as forked workers are."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [member for member in family if words in command_of(member)]

    def said(self) -> str:
        """What it has printed, and the ends of the logs of what it has started."""
        logs = sorted((self.prefect / "difficulty-prior").glob("*.log"))
        return "\n".join([self.log.read_text(), *(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs)])


def two_free_ports() -> int:
    """A free port with a free one after it, for the reports; below those that the system gives to connections, which would take it."""
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            for number in (port, port + 1):
                check_port("127.0.0.1", number)
        except InputError:
            continue
        return port


def command_of(process: psutil.Process) -> str:
    """What a process is listed by, and its command; nothing of one that has gone."""
    try:
        return " ".join([process.name(), *process.cmdline()])
    except psutil.Error:
        return ""


@contextmanager
def serving(folder: Path, *options: str, variables: dict[str, str] | None = None) -> Iterator[Served]:
    """A `serve` over a lake in `folder`, ready; it is ended as a person does it."""
    port, prefect = two_free_ports(), folder / "prefect"
    served = Served(subprocess.Popen(["true"]), folder / "serve.log", f"http://127.0.0.1:{port}/api", folder / "runs", prefect)
    served.process.wait()
    arguments = command("serve", "--port", str(port), "--home", str(served.home), *options)
    with served.log.open("w") as log:
        served.process = subprocess.Popen(
            arguments, env=environment(prefect) | QUICK | (variables or {}), cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: "\nready" in served.log.read_text() or served.process.poll(), served.said)
        assert served.process.poll() is None, served.said()
        yield served
    finally:
        if served.process.poll() is None:
            served.process.send_signal(signal.SIGTERM)
        served.process.wait(timeout=PATIENCE_S)
