"""Ends the runs of our own workers that no process backs any more: whatever killed them left nobody to say so.

A run is ours when the worker that took it was (Prefect puts a worker's name on each run that it takes, and those of our workers are of this
machine and Prefect home alone). Nothing backs it when no process here has its id, and when no worker lives that may yet start it or say how
it ended. Runs of other machines, and all that are alive, stay as they are. With a run end the flows and tasks in it, and the cards that it
held are free.
"""

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, TaskRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Cancelled, Crashed

from flows.server.backing import Seen, is_ours, left_by_dead_serves, look_around

WORKER = "prefect.worker.name"
OPEN = ["RUNNING", "PENDING", "CANCELLING"]
PAGE = 200
GRACE_S = 20.0
CLOCK_S = 1.0  # by how much a process may be younger than Linux says; no worker takes a run as soon as that
LEASES = "concurrency_leases"
PASSING = (httpx.HTTPError, ObjectNotFound)  # a server that is away, a run that was deleted meanwhile
AGAIN = "What it has done is cached: start it again, and it goes on from there."


@dataclass
class Orphans:
    """Those of the workers with this mark; `home` is Prefect's, where a server of ours keeps its leases. `doubtful` are runs that
    nothing backed at the last look, while a worker of theirs lived: it may have been about to start them, or to say how they ended."""

    mark: str
    home: Path
    doubtful: set[UUID] = field(default_factory=set)

    def end_left(self, say: Callable[[str], None]) -> None:
        """Before any worker of ours is started: wait until those of a `serve` that was killed have gone, and end what they left."""
        left = left_by_dead_serves(self.mark)
        for process in psutil.wait_procs(left, timeout=GRACE_S)[1]:
            with suppress(psutil.Error):
                process.kill()
        self.end(say)

    def end(self, say: Callable[[str], None]) -> None:
        """End every run of ours that no process backs. A server that is away is asked again at the next look."""
        with suppress(*PASSING), asked_once() as client:
            runs = [run for run in open_runs(client) if is_ours(worker_of(run), self.mark)]
            seen = look_around()  # after the runs were read: one that is missing here has told the server all that it had to tell
            for run in self.unbacked(runs, seen):
                if still_open(client, run):
                    end_run(client, run, self.home, why := reason(run))
                    say(f"ended {run.name}, which no process backs: {why}")

    def end_with_us(self, runs: Iterable[str]) -> None:
        """Let these runs, which were ended as `serve` was, say so, and not by which signal."""
        why = f"`serve` on {socket.gethostname()} was ended while this ran. {AGAIN}"
        with suppress(*PASSING), asked_once() as client:
            for run in map(client.read_flow_run, map(UUID, runs)):
                if run.state is None or run.state.type.value in (*OPEN, "CRASHED"):
                    end_run(client, run, self.home, why)

    def unbacked(self, runs: list[FlowRun], seen: Seen) -> list[FlowRun]:
        """Those of the runs that nothing backs: where a worker of theirs lives, those that nothing backed at the last look either."""
        gone = [run for run in runs if not seen.backs(str(run.id), pid_of(run))]
        watched = {run.id for run in gone if worker_of(run) in seen.workers}
        certain = [run for run in gone if run.id not in watched or (run.id in self.doubtful and not may_begin_yet(run, seen))]
        self.doubtful = watched
        return certain


@contextmanager
def asked_once() -> Iterator[SyncPrefectClient]:
    """A client that asks a server once: who looks is who starts that server again."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}), get_client(sync_client=True) as client:
        yield client


def worker_of(run: FlowRun) -> str:
    """The worker that took a run."""
    return str(run.labels.get(WORKER, ""))


def may_begin_yet(run: FlowRun, seen: Seen) -> bool:
    """Whether the worker that lives may be about to start a run's process: none is known of, and the worker was there when it was taken."""
    taken = run.state.timestamp.timestamp() if run.state else 0.0
    return pid_of(run) is None and seen.workers[worker_of(run)] + CLOCK_S < taken


def pid_of(run: FlowRun) -> int | None:
    """The pid of a run's process when it was started; None where nobody has told the server of one."""
    text = (run.infrastructure_pid or "").rpartition(":")[2]
    return int(text) if text.isdigit() else None


def open_runs(client: SyncPrefectClient, **among: Any) -> list[FlowRun]:
    """The flow runs that are under way, or about to be, `among` those of a filter."""
    wanted = FlowRunFilter.model_validate({"state": {"type": {"any_": OPEN}}, **among})
    found: list[FlowRun] = []
    while page := client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=len(found)):
        found += page
        if len(page) < PAGE:
            break
    return found


def still_open(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether a run has not ended meanwhile."""
    with suppress(ObjectNotFound):
        state = client.read_flow_run(run.id).state
        return state is not None and state.type.value in OPEN
    return False


def end_run(client: SyncPrefectClient, run: FlowRun, home: Path, why: str) -> None:
    """End a run and all that is in it, the innermost first, so that the next look takes up an end that was cut off."""
    for inner in open_runs(client, parent_flow_run_id={"any_": [run.id]}):
        end_run(client, inner, home, why)
    for task in open_tasks(client, run):
        client.set_task_run_state(task, Crashed(message=why), force=True)
    for lease in leases_of(run, home):
        client.release_concurrency_slots_with_lease(lease_id=lease)
    client.set_flow_run_state(run.id, last_state(run, why), force=True)


def last_state(run: FlowRun, why: str) -> State:
    """How a run ends: crashed, or cancelled where somebody had asked for that."""
    return Cancelled(message=why) if run.state is not None and run.state.is_cancelling() else Crashed(message=why)


def reason(run: FlowRun) -> str:
    """What is known of a run's end, and what to do."""
    told = run.state.timestamp if run.state else None
    started, host = datetime.fromtimestamp(psutil.boot_time(), UTC), socket.gethostname()
    if told and told < started:
        return f"{host} was started anew at {started:%Y-%m-%d %H:%M} UTC, which ended the run. {AGAIN}"
    if run.state is not None and run.state.is_pending():
        return f"Its worker on {host} took it, and was ended before the run began. {AGAIN}"
    process = f"Its process {pid}" if (pid := pid_of(run)) else "Its process"
    return f"{process} on {host} is gone and has not said why: it was killed, alone or with its worker. {AGAIN}"


def open_tasks(client: SyncPrefectClient, run: FlowRun) -> list[UUID]:
    """The task runs of a flow run that have not ended."""
    wanted = TaskRunFilter.model_validate(
        {"flow_run_id": {"any_": [run.id]}, "state": {"type": {"any_": [*OPEN, "SCHEDULED"]}, "name": None}}
    )
    found: list[UUID] = []
    while page := client.read_task_runs(task_run_filter=wanted, limit=PAGE, offset=len(found)):
        found += [task.id for task in page]
        if len(page) < PAGE:
            break
    return found


def leases_of(run: FlowRun, home: Path) -> Iterator[UUID]:
    """The leases of cards that a run holds, where our own server keeps them; elsewhere they end by themselves within a minute."""
    for path in (home / LEASES).glob("*-*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            holder = json.loads(path.read_text(encoding="utf-8"))["metadata"]["holder"]
            if holder["id"] == str(run.id):
                yield UUID(path.stem)
