"""`difficulty-prior serve`: a Prefect server, pools, limits, deployments and workers on this machine, until it is told to end."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import httpx

from flows.server.backing import mark, worker_name
from flows.server.children import Child, end, end_runs
from flows.server.client import check_version
from flows.server.guard import SIGN_IN
from flows.server.own import OwnServer, await_server, server_child
from flows.server.password import file, noted, writable_folder
from flows.service.pages import pages_child
from tasks.base.process import child_environment, module_command
from tasks.lake.artifacts import check_writable
from tasks.reporting.served import SERVED_AT
from tasks.steps.cards import CARDS

if TYPE_CHECKING:
    from flows.service.orphans import Orphans

LOOK_S, HEALTH_S = 0.5, 15.0
SERVER_GRACE_S = 5.0  # it would wait for every open page of the UI
NO_GPU = "none"
STOPS = (signal.SIGINT, signal.SIGTERM)
CLIENT = {
    "PREFECT_CLIENT_MAX_RETRIES": "9",  # with growing pauses: some minutes in which the server may be started again
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "5",
}


@dataclass(frozen=True)
class Serving:
    """What to serve: the lake, the API's address, the deployments' file, our own server (unless there is one already), the groups of GPUs
    that a worker of pool `gpu` gets each ("0", or "0,1" for one that trains on two), and how many runs a worker takes."""

    home: Path
    api: str
    file: Path
    own: OwnServer | None = None
    gpus: Sequence[str] = ()
    limit: int = 4
    notify: str | None = None


def serve(asked: Serving, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then everything that was started is ended.

    PREFECT_API_URL and DIFFICULTY_PRIOR_HOME are those of `asked`. Raises InputError for a port in use, an old server, a lake that cannot
    be written; WorkerError for a part that dies again and again.
    """
    check_writable(asked.home)
    logs = writable_folder()
    children: list[Child] = []
    with until_told_to_end():
        try:
            if asked.own:
                start_servers(asked.own, asked.home, children, say)
            with noted(asked.own.api, asked.own.made) if asked.own else nullcontext():
                check_version(asked.api)
                left_by(logs).end_left(say)
                set_up(asked, children, logs, say)
                announce(asked, children, logs, say)
                watch(asked, children, left_by(logs), say)
        finally:
            if children:
                say("ending workers and server")
                end_all(children, 1 if asked.own else 0, left_by(logs), say)


def end_all(children: list[Child], servers: int, orphans: "Orphans", say: Callable[[str], None]) -> None:
    """End what was started: runs, for them to tell the server so, then workers, and the server, the first of the children, last."""
    runs = end_runs()
    end(children[servers:])
    orphans.end_with_us(runs)
    orphans.end(say)
    end(children[:servers], SERVER_GRACE_S)


def start_servers(server: OwnServer, home: Path, children: list[Child], say: Callable[[str], None]) -> None:
    """Start Prefect's server and that of the reports, which join `children`, the first first. Raises what its parts raise."""
    logs = writable_folder()
    children.append(server_child(server, logs))
    children[0].start()
    await_server(children[0], server.api, say)
    if pages := pages_child(home, server.host, server.port + 1, logs, say):
        children.append(pages)
        pages.start()


class Stopped(BaseException):
    """SIGINT or SIGTERM has told `serve` to end."""


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


def set_up(asked: Serving, children: list[Child], logs: Path, say: Callable[[str], None]) -> None:
    """Pools, limits, deployments and workers; the workers join `children`."""
    from flows.service.deploying import Deploying, make_ready, put_deployments

    groups = list(asked.gpus) or gpus_here()
    cards = {group: [card_name(gpu) for gpu in group.split(",")] for group in groups}
    every = sorted({card for names in cards.values() for card in names})
    make_ready(Deploying(asked.file, every, asked.notify), say)
    wanted = [Wanted("cpu", "cpu", every, groups[0]), *(Wanted("gpu", f"gpu-{g.replace(',', '-')}", cards[g], g) for g in groups)]
    workers = [worker_child(one, asked.limit, logs) for one in wanted]
    for worker in workers:
        children.append(worker)
        worker.start()
    put_deployments(asked.file)


def gpus_here() -> list[str]:
    """The GPUs that this process may use, each a group of its own; without any, the place of the one that the CPU takes."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name] or [NO_GPU]
    if shutil.which("nvidia-smi") is None:
        return [NO_GPU]
    listed = subprocess.run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, check=False)
    return listed.stdout.split() or [NO_GPU]


def card_name(gpu: str) -> str:
    """The name of the limit of a GPU of this machine, or of its CPU."""
    return f"{socket.gethostname()}-{'cpu' if gpu == NO_GPU else f'gpu-{gpu}'}"


@dataclass(frozen=True)
class Wanted:
    """A worker to be started: of a pool, by a name, with the limits of its cards, and its GPUs as CUDA lists them (NO_GPU: the CPU)."""

    pool: str
    name: str
    cards: Sequence[str]
    gpus: str


def worker_child(wanted: Wanted, limit: int, logs: Path) -> Child:
    """A worker that takes so many runs at once, which use its GPUs in turn."""
    seen = {} if wanted.gpus == NO_GPU else {"CUDA_VISIBLE_DEVICES": wanted.gpus}
    environment = {**CLIENT, **child_environment(), **seen, CARDS: ",".join(wanted.cards)}
    options = ["--pool", wanted.pool, "--type", "process", "--name", worker_name(wanted.name, mark(logs)), "--limit", str(limit)]
    command = module_command("prefect", "worker", "start", *options)
    return Child(f"worker {wanted.name}", command, environment, logs / f"worker-{wanted.name}.log")


def announce(asked: Serving, children: list[Child], logs: Path, say: Callable[[str], None]) -> None:
    """Say where everything is and how to end it."""
    workers = ", ".join(child.name.removeprefix("worker ") for child in children if child.name.startswith("worker"))
    say(f"Prefect UI   {asked.api.removesuffix('/api')}/{sign_in(asked.own) if asked.own else 'deployments'}")
    if SERVED_AT in os.environ:
        say(f"reports      {os.environ[SERVED_AT]}")
    say(f"lake         {asked.home}")
    say(f"workers      {workers}; logs in {logs}")
    say(f"from here    export PREFECT_API_URL={asked.api}")
    if asked.own and asked.own.made:
        say(f'notebooks    export PREFECT_API_AUTH_STRING="$(cat {shlex.quote(str(file()))})", the password; our own commands know it')
    say("ready; Ctrl-C ends the server, the workers and their runs (what a run has done stays, and the next goes on from there)")


def sign_in(server: OwnServer) -> str:
    """The page of the UI to open: in a terminal with the password that we made, which the browser keeps; it gets into no log."""
    return f"{SIGN_IN.removeprefix('/')}#{server.password}" if server.made and sys.stdout.isatty() else "deployments"


def left_by(logs: Path) -> "Orphans":
    """The runs of our workers, whose processes may have been killed."""
    from flows.service.orphans import Orphans

    return Orphans(mark(logs), logs.parent)


def watch(asked: Serving, children: list[Child], orphans: "Orphans", say: Callable[[str], None]) -> None:
    """Keep the children running; end runs that nothing backs any more; say when runs would wait for nobody; tell Prefect when files of a
    re-curated recipe have changed."""
    from flows.service.watching import tell_of_changes, watched_recipes

    said: dict[str, str] = {}
    recipes = watched_recipes(asked.file)
    looked = time.monotonic()
    while True:
        time.sleep(LOOK_S)
        for child in children:
            child.keep(say)
        if time.monotonic() - looked > HEALTH_S:
            looked = time.monotonic()
            orphans.end(say)
            found = waiting_for_nobody()
            for pool in found.keys() - said.keys():
                say(found[pool])
            for pool in said.keys() - found.keys():
                say(f"the work pool {pool} has a worker again")
            said = found
            for name in tell_of_changes(recipes):
                say(f"files of {name} have changed: told to Prefect, which re-curates it where a deployment says so")


def waiting_for_nobody() -> dict[str, str]:
    """What keeps runs waiting, by pool; nothing while the server does not answer, which is seen to elsewhere."""
    from prefect.client.orchestration import get_client

    from flows.service.pools import POOLS
    from flows.service.workers import pools

    try:
        with get_client(sync_client=True) as client:
            return {pool.name: pool.warning for pool in pools(client) if pool.name in POOLS and pool.idle}
    except httpx.HTTPError:
        return {}
