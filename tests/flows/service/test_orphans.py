"""Runs that no process backs any more are ended, and no others: real runs of each kind, backed, or not, by real processes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.server.concurrency.lease_storage import ConcurrencyLeaseHolder, ConcurrencyLimitLeaseMetadata
from prefect.server.concurrency.lease_storage.filesystem import ConcurrencyLeaseStorage
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Completed, Crashed, Paused, Pending, Running, Scheduled, State

from flows.server import backing
from flows.server.backing import ENGINE, RUN_ID, SERVE, is_ours, left_by_dead_serves, look_around, mark, worker_name
from flows.service.orphans import CLOCK_S, LEASES, Orphans, leases_of, open_runs, reason
from tasks.base.living import this_process
from tests.prefect_server import PrefectServer

pytestmark = pytest.mark.process

MARK = "ab12cd"
OURS = worker_name("gpu-0", MARK)
SLEEP = "import sys, time; print('up', flush=True); time.sleep(600)"


@flow
def profile() -> None:
    """What the runs are of."""


@pytest.fixture
def client(shared_server: PrefectServer) -> Iterator[SyncPrefectClient]:
    with temporary_settings({PREFECT_API_URL: shared_server.api}), get_client(sync_client=True) as client:
        for run in open_runs(client):  # of another test
            client.delete_flow_run(run.id)
        yield client


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts processes that do nothing, with a command and variables of one's choice; they are killed in the end."""
    with ExitStack() as stack:

        def start(command: list[str], **variables: str) -> subprocess.Popen:
            process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stdout is not None
            process.stdout.readline()
            return process

        yield start


def put(client: SyncPrefectClient, state: State, worker: str | None = OURS, pid: str | None = None) -> FlowRun:
    """A flow run as a worker leaves it."""
    run = client.create_flow_run(profile, state=state)
    if worker:
        labels = {"prefect.worker.name": worker}
        client.request("PATCH", "/flow_runs/{id}/labels", path_params={"id": run.id}, json=labels)
    if pid:
        client.update_flow_run(run.id, infrastructure_pid=pid)
    return run


def state_of(client: SyncPrefectClient, run: FlowRun) -> State:
    state = client.read_flow_run(run.id).state
    assert state is not None
    return state


def gone() -> str:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


def look(home: Path) -> list[str]:
    """Look once, as `serve` does when it starts; gives what it says."""
    said: list[str] = []
    Orphans(MARK, home).end(said.append)
    return said


def engine(run: UUID) -> tuple[list[str], dict[str, str]]:
    """The command and the variables of a run's process."""
    return [sys.executable, "-c", SLEEP, "-m", ENGINE], {RUN_ID: str(run)}


def test_what_is_gone_is_ended_with_the_reason(client: SyncPrefectClient, tmp_path: Path) -> None:
    pid = gone()
    cases = {
        "killed": put(client, Running(), pid=pid),
        "of a pid that another process has now": put(client, Running(), pid=f"host:{os.getpid()}"),
        "never heard of": put(client, Running()),
        "not begun": put(client, Pending()),
        "cancelling": put(client, Cancelling(), pid=pid),
    }
    said = look(tmp_path)
    assert len(said) == len(cases)
    ends = {name: state_of(client, run) for name, run in cases.items()}
    assert {name: end.type.value for name, end in ends.items()} == {**dict.fromkeys(cases, "CRASHED"), "cancelling": "CANCELLED"}
    assert f"process {pid} on" in str(ends["killed"].message) and "start it again" in str(ends["killed"].message)
    assert "ended before the run began" in str(ends["not begun"].message)
    assert look(tmp_path) == []


def test_what_lives_or_is_not_ours_stays(client: SyncPrefectClient, tmp_path: Path, started: Callable[..., subprocess.Popen]) -> None:
    pid = gone()
    alive, unheard = put(client, Running(), pid=pid), put(client, Pending())
    for run in (alive, unheard):
        command, variables = engine(run.id)
        started(command, **variables)
    own_command = put(client, Running())
    process = started([sys.executable, "-c", SLEEP], **{RUN_ID: str(own_command.id)})
    client.update_flow_run(own_command.id, infrastructure_pid=str(process.pid))
    kept = {
        "of a pool with a command of its own": own_command,
        "alive under another pid": alive,
        "alive, and its pid not told yet": unheard,
        "of a machine of the same name": put(client, Running(), worker_name("gpu-0", "ffffff"), pid),
        "of somebody's own worker": put(client, Running(), "ProcessWorker 12", pid),
        "of no worker": put(client, Running(), None, pid),
        "to begin later": put(client, Scheduled()),
        "ended": put(client, Completed(), pid=pid),
        "paused": put(client, Paused(pause_expires_at=datetime.now(UTC) + timedelta(hours=1)), pid=pid),
    }
    before = {name: state_of(client, run).type for name, run in kept.items()}
    assert look(tmp_path) == []
    assert {name: state_of(client, run).type for name, run in kept.items()} == before


def test_what_a_run_has_left_behind_does_not_back_it(
    client: SyncPrefectClient, tmp_path: Path, started: Callable[..., subprocess.Popen]
) -> None:
    """A process of its engine that hangs has its id, too."""
    run = put(client, Running(), pid=gone())
    started([sys.executable, "-c", SLEEP], **{RUN_ID: str(run.id)})
    assert len(look(tmp_path)) == 1 and state_of(client, run).is_crashed()


def test_flows_and_tasks_within_end_with_it(client: SyncPrefectClient, tmp_path: Path) -> None:
    run = put(client, Running(), pid=gone())
    tasks = [task_in(client, run, Running()), task_in(client, run, Completed()), task_in(client, run, Running())]
    inner = client.create_flow_run(profile, parent_task_run_id=tasks[2], state=Running())
    deep = task_in(client, inner, Pending())
    assert len(look(tmp_path)) == 1
    assert state_of(client, inner).is_crashed() and state_of(client, inner).message == state_of(client, run).message
    states = [client.read_task_run(task).state for task in (*tasks, deep)]
    assert [state.type.value for state in states if state] == ["CRASHED", "COMPLETED", "CRASHED", "CRASHED"]


def task_in(client: SyncPrefectClient, run: FlowRun, state: State) -> UUID:
    """A task run of a flow run."""
    body = {"flow_run_id": str(run.id), "task_key": "sample", "dynamic_key": str(uuid4()), "state": {"type": state.type.value}}
    return UUID(client.request("POST", "/task_runs/", json=body).json()["id"])


@pytest.fixture
def worker(tmp_path: Path, started: Callable[..., subprocess.Popen]) -> Callable[..., subprocess.Popen]:
    """Starts a process with the command of a worker of ours."""
    package = tmp_path / "stub" / "prefect"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SLEEP)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "gpu", "--name", OURS, "--limit", "4"]
    return lambda **variables: started(command, PYTHONPATH=str(package.parent), **variables)


def test_a_worker_that_lives_answers_for_what_it_has_taken(
    client: SyncPrefectClient, tmp_path: Path, worker: Callable[..., subprocess.Popen]
) -> None:
    before, unstarted = put(client, Running(), pid=gone()), put(client, Pending())
    time.sleep(CLOCK_S)
    taken_by = worker()
    time.sleep(CLOCK_S)
    about_to_begin, just_gone = put(client, Pending()), put(client, Running(), pid=gone())
    orphans, said = Orphans(MARK, tmp_path), []
    orphans.end(said.append)
    assert said == []  # each has its time
    orphans.end(said.append)
    assert len(said) == 3 and state_of(client, about_to_begin).is_pending()
    assert all(state_of(client, run).is_crashed() for run in (before, unstarted, just_gone))
    taken_by.kill()
    taken_by.wait()
    orphans.end(said.append)
    assert state_of(client, about_to_begin).is_crashed()


def test_a_run_that_ends_while_it_is_looked_at_keeps_its_end(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = put(client, Running(), pid=gone())

    def look_and_end() -> backing.Seen:
        client.set_flow_run_state(run.id, Completed(), force=True)
        return look_around()

    monkeypatch.setattr("flows.service.orphans.look_around", look_and_end)
    assert look(tmp_path) == [] and state_of(client, run).is_completed()


def test_runs_that_end_with_serve_say_so_and_not_by_which_signal(client: SyncPrefectClient, tmp_path: Path) -> None:
    cut, killed, done = (put(client, state) for state in (Crashed(message="exited with status code -15"), Running(), Completed()))
    Orphans(MARK, tmp_path).end_with_us([str(run.id) for run in (cut, killed, done)])
    for run in (cut, killed):
        assert state_of(client, run).is_crashed() and "was ended while this ran" in str(state_of(client, run).message)
    assert state_of(client, done).is_completed()


def test_a_server_that_is_away_is_asked_again_later(tmp_path: Path) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert look(tmp_path) == []


def test_a_restart_of_the_machine_is_named() -> None:
    before = datetime.fromtimestamp(psutil.boot_time(), UTC) - timedelta(minutes=1)
    run = FlowRun(flow_id=uuid4(), state=Running(timestamp=before), infrastructure_pid="12")
    assert "was started anew at" in reason(run) and "12" not in reason(run).split("UTC")[1]


def test_the_leases_of_a_run_are_found(tmp_path: Path) -> None:
    run, other = (FlowRun(flow_id=uuid4()) for _ in range(2))
    storage = ConcurrencyLeaseStorage(tmp_path / LEASES)
    made = {}
    for name, holder in (("ours", run.id), ("another's", other.id), ("nobody's", None)):
        told = ConcurrencyLeaseHolder(type="flow_run", id=holder) if holder else None
        facts = ConcurrencyLimitLeaseMetadata(slots=1, holder=told)
        made[name] = asyncio.run(storage.create_lease([uuid4()], timedelta(seconds=60), facts)).id
    (tmp_path / LEASES / "half-written.json").write_text("{")
    assert list(leases_of(run, tmp_path)) == [made["ours"]]


def test_a_mark_is_of_one_machine_and_one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        home.mkdir()
    marks = [mark(home) for home in homes]
    assert marks[0] != marks[1] and [mark(home) for home in homes] == marks
    assert is_ours(worker_name("cpu", marks[0]), marks[0]) and not is_ours(worker_name("cpu", marks[0]), marks[1])
    monkeypatch.setattr(backing, "MACHINE", tmp_path / "machine-id")
    backing.MACHINE.write_text("another machine that shares this home")
    assert mark(homes[0]) != marks[0]


def test_workers_of_a_dead_serve_are_told_from_those_of_a_living_one(worker: Callable[..., subprocess.Popen]) -> None:
    ours, (place, pid, since) = this_process(), this_process().rsplit("/", 2)
    dead, reused = f"{place}/{gone()}/{since}", f"{place}/{pid}/1"
    left = [worker(**{SERVE: serve}).pid for serve in (dead, reused)]
    boot, namespace = place.split("/")
    for serve in (ours, f"another-start/{namespace}/{gone()}/1", f"{boot}/pid:[1]/{gone()}/1", f"{gone()}:1.5"):
        worker(**{SERVE: serve})
    worker()
    assert sorted(process.pid for process in left_by_dead_serves(MARK)) == sorted(left)
    assert left_by_dead_serves("ffffff") == []
