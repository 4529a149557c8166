"""`difficulty-prior serve`: a Prefect server, pools, limits, deployments and workers on this machine, until it is told to end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx

from flows.serve.children import Child, end
from flows.serve.pages import pages_child
from flows.serve.server import address, await_server, check_version, server_child
from tasks.cards import CARDS
from tasks.errors import InputError
from tasks.lake import Lake
from tasks.process import PROJECT
from tasks.reporting.served import SERVED_AT
from tasks.store import disk_errors_named, write_text

LOOK_S, HEALTH_S = 0.5, 15.0
STOPS = (signal.SIGINT, signal.SIGTERM)
CLIENT = {
    "PREFECT_CLIENT_MAX_RETRIES": "9",  # with growing pauses: some minutes in which the server may be started again
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "5",
}


@dataclass(frozen=True)
class Serving:
    """What to serve: where the server listens (or which one there is already), the lake, the deployments' file, the groups of GPUs that
    a worker of pool `gpu` gets each ("0", or "0,1" for one that trains on two), and how many runs a worker takes at once."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 4200
    server: str | None = None
    file: Path | None = None
    gpus: Sequence[str] = ()
    limit: int = 4
    notify: str | None = None

    @property
    def api(self) -> str:
        return self.server or f"{address(self.host, self.port)}/api"


def serve(asked: Serving, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then everything that was started is ended.

    Raises InputError for a port in use, an old server, a lake that cannot be written; WorkerError for a part that dies again and again.
    """
    check_writable(asked.home)
    logs = prefect_home() / "difficulty-prior"
    logs.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_API_URL"] = asked.api  # before Prefect's settings are read, and for all that is started
    os.environ["DIFFICULTY_PRIOR_HOME"] = str(asked.home)
    children: list[Child] = []
    with until_told_to_end():
        try:
            if asked.server is None:
                children.append(server_child(asked.host, asked.port, logs))
                children[0].start()
                await_server(children[0], asked.api, say)
                if pages := pages_child(asked.home, asked.host, asked.port + 1, logs, say):
                    children.append(pages)
                    pages.start()
            check_version(asked.api)
            set_up(asked, children, logs)
            announce(asked, children, logs, say)
            watch(children, say)
        finally:
            say("ending workers and server")
            end(children[1:] if asked.server is None else children)
            end(children[:1] if asked.server is None else ())


def check_writable(home: Path) -> None:
    """Raise InputError that names the lake when it cannot be written: a full or read-only disk, or a folder of someone else."""
    try:
        with disk_errors_named(home):
            probe = Lake(home).home / ".serve"
            write_text(probe, "")
            probe.unlink()
    except PermissionError as error:
        raise InputError(f"the lake {home} cannot be written by this user ({error}); choose another --home") from error


def prefect_home() -> Path:
    """Prefect's own folder; checked to be writable, as its database lies there."""
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        with disk_errors_named(home):
            home.mkdir(parents=True, exist_ok=True)
            write_text(home / ".difficulty-prior", "")
            (home / ".difficulty-prior").unlink()
    except PermissionError as error:
        raise InputError(f"Prefect's folder {home} cannot be written by this user ({error}); set PREFECT_HOME to another") from error
    return home


class Stopped(BaseException):
    """We were told to end."""


@contextmanager
def until_told_to_end() -> Iterator[None]:
    """Do what is inside until SIGINT or SIGTERM, which end it wherever it is; one more of them ends us at once, as usual."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in STOPS:
            signal.signal(one, usual[one])
        raise Stopped

    usual = {one: signal.signal(one, stop) for one in STOPS}
    try:
        yield
    except Stopped:
        pass
    finally:
        for one in STOPS:
            signal.signal(one, usual[one])


def set_up(asked: Serving, children: list[Child], logs: Path) -> None:
    """Pools, limits, deployments and workers; the workers join `children`."""
    from flows.serve.deploying import DEPLOYMENTS, Deploying, deploy

    groups = list(asked.gpus) or gpus_here()
    cards = {group: [card_name(gpu) for gpu in group.split(",")] for group in groups}
    every = sorted({card for names in cards.values() for card in names})
    workers = [worker_child("cpu", "cpu", every, groups[0], asked.limit, logs)]
    workers += [worker_child("gpu", f"gpu-{group.replace(',', '-')}", cards[group], group, asked.limit, logs) for group in groups]
    for worker in workers:
        children.append(worker)
        worker.start()
    deploy(Deploying(asked.file or DEPLOYMENTS, every, asked.notify))


def gpus_here() -> list[str]:
    """The GPUs that this process may use, each a group of its own; without any, the place of the one that the CPU takes."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name] or ["none"]
    if shutil.which("nvidia-smi") is None:
        return ["none"]
    listed = subprocess.run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, check=False)
    return listed.stdout.split() or ["none"]


def card_name(gpu: str) -> str:
    """The name of the limit of a GPU of this machine."""
    return f"{socket.gethostname()}-gpu-{gpu}"


def worker_child(pool: str, name: str, cards: Sequence[str], gpus: str, limit: int, logs: Path) -> Child:
    """A worker of a pool with its GPUs, which its runs take in turn."""
    seen = {} if gpus == "none" else {"CUDA_VISIBLE_DEVICES": gpus}
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    environment = {**CLIENT, **os.environ, **seen, CARDS: ",".join(cards), "PYTHONPATH": search}
    options = ["--pool", pool, "--type", "process", "--name", f"{name} on {socket.gethostname()}", "--limit", str(limit)]
    return Child(f"worker {name}", [sys.executable, "-m", "prefect", "worker", "start", *options], environment, logs / f"worker-{name}.log")


def announce(asked: Serving, children: list[Child], logs: Path, say: Callable[[str], None]) -> None:
    """Say where everything is and how to end it."""
    workers = ", ".join(child.name.removeprefix("worker ") for child in children if child.name.startswith("worker"))
    say(f"Prefect UI   {asked.api.removesuffix('/api')}/deployments")
    if SERVED_AT in os.environ:
        say(f"reports      {os.environ[SERVED_AT]}")
    say(f"lake         {asked.home}")
    say(f"workers      {workers}; logs in {logs}")
    say(f"from here    export PREFECT_API_URL={asked.api}")
    say("ready; Ctrl-C ends the server, the workers and their runs (what a run has done stays, and the next goes on from there)")


def watch(children: list[Child], say: Callable[[str], None]) -> None:
    """Keep the children running, and say when runs would wait for nobody."""
    said: list[str] = []
    looked = time.monotonic()
    while True:
        time.sleep(LOOK_S)
        for child in children:
            child.keep(say)
        if time.monotonic() - looked > HEALTH_S:
            looked = time.monotonic()
            found = waiting_for_nobody()
            for line in found:
                if line not in said:
                    say(line)
            said = found


def waiting_for_nobody() -> list[str]:
    """What keeps runs of our pools waiting; nothing while the server does not answer, which is seen to elsewhere."""
    from prefect.client.orchestration import get_client

    from flows.serve.pools import POOLS, crew_of, faults

    try:
        with get_client(sync_client=True) as client:
            return [line for pool in POOLS for line in faults(crew_of(client, pool))]
    except httpx.HTTPError:
        return []
