"""Which processes of this machine back runs, and whose workers are ours.

Pids are no proof (`tasks.base.living`). So each process is asked for its own environment: in that of a run Prefect puts the run's
id, and in that of all that a `serve` starts stands which `serve` it was. What this user may not ask, or cannot be told from here, counts
as alive.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil

from tasks.base.files import digest, write_text
from tasks.base.living import is_gone

SERVE = "DIFFICULTY_PRIOR_SERVE"
RUN_ID = "PREFECT__FLOW_RUN_ID"
ENGINE = "prefect.engine"
WORKER = "-m prefect worker start"
MACHINE = Path("/etc/machine-id")


def mark(folder: Path) -> str:
    """What tells the workers of this machine and this Prefect home (whose `folder` keeps a number drawn once) from all others.

    A host's name alone does not: machines that share a server, or a home on a network disk, are often called the same.
    """
    drawn = folder / "id"
    if not drawn.is_file():
        write_text(drawn, uuid4().hex)
    machine = MACHINE.read_text(encoding="utf-8") if MACHINE.is_file() else ""
    return digest([drawn.read_text(encoding="utf-8"), socket.gethostname(), machine])[:6]


def worker_name(name: str, mark: str) -> str:
    """What one of our workers is called on the server, as in "gpu-0 on node1 (4f2a91)"."""
    return f"{name} on {socket.gethostname()} ({mark})"


def is_ours(worker: str, mark: str) -> bool:
    """Whether a worker of that name is, or was, one of this machine and Prefect home."""
    return worker.endswith(f"({mark})")


@dataclass(frozen=True)
class Seen:
    """What ran at one moment: the pids of the processes of each run, those of them that run Prefect's engine, when each live worker began,
    and the pids that could not be asked."""

    runs: dict[str, list[int]] = field(default_factory=dict)
    engines: set[int] = field(default_factory=set)
    workers: dict[str, float] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)

    def backs(self, run: str, pid: int | None) -> bool:
        """Whether a process backs this run, whose first process had this pid, if it is known. What a run has started and left does not."""
        return pid in self.unknown or any(pid in (None, found) or found in self.engines for found in self.runs.get(run, ()))


def look_around() -> Seen:
    """Every process of this machine that this user may ask: which back runs, run Prefect's engine, or are workers."""
    seen = Seen()
    for process in psutil.process_iter():
        try:
            command, environment = process.cmdline(), process.environ()
            if run := environment.get(RUN_ID):
                seen.runs.setdefault(run, []).append(process.pid)
            if ENGINE in command:
                seen.engines.add(process.pid)
            if name := worker_of(command):
                seen.workers[name] = process.create_time()
        except (psutil.AccessDenied, PermissionError):
            seen.unknown.add(process.pid)
        except (psutil.Error, OSError):
            continue
    return seen


def worker_of(command: list[str]) -> str | None:
    """The name of the worker that a command starts; None where it starts none."""
    if WORKER not in " ".join(command[1:6]) or "--name" not in command[:-1]:
        return None
    return command[command.index("--name") + 1]


def left_by_dead_serves(mark: str) -> list[psutil.Process]:
    """Our workers whose `serve` has gone. They end by themselves, and until they have they may still start a run, or end one."""
    return [process for process, serve, _ in started_by_serves() if is_gone(serve) and is_our_worker(process, mark)]


def runs_of(serve: str) -> dict[str, psutil.Process]:
    """The processes of the runs that this `serve` answers for, also those whose worker has gone, by the runs' ids."""
    return {run: process for process, told, run in started_by_serves() if run and told == serve and ENGINE in command_of(process)}


def started_by_serves() -> Iterator[tuple[psutil.Process, str, str | None]]:
    """The processes that were started by some `serve`, by which, and for which run, if for one."""
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        if serve := environment.get(SERVE):
            yield process, serve, environment.get(RUN_ID)


def is_our_worker(process: psutil.Process, mark: str) -> bool:
    """Whether a process is a worker of ours."""
    name = worker_of(command_of(process))
    return name is not None and is_ours(name, mark)


def command_of(process: psutil.Process) -> list[str]:
    """The command of a process; nothing of one that has just gone."""
    try:
        return process.cmdline()
    except (psutil.Error, OSError):
        return []
