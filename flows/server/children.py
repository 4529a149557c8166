"""The processes that `serve` keeps running: started again when they die, and ended, with all that they have started, when we end."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from flows.server.backing import SERVE, runs_of
from tasks.base.errors import WorkerError
from tasks.base.living import this_process
from tasks.base.output import LOG
from tasks.base.process import die_with

MOST_DEATHS, WITHIN_S = 5, 120.0
GRACE_S = 20.0


@dataclass
class Child:
    """A process by name; what it prints goes to `log`."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C in the terminal reaches us alone, and tied to our life:
        nothing outlives a killed `serve`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**self.environment, SERVE: this_process(), LOG: str(self.log)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid(), signal.SIGTERM),
            )

    def keep(self, say: Callable[[str], None]) -> None:
        """Start it again if it has died. Raises WorkerError, with its last lines, when it dies again and again."""
        if self.process is None or self.process.poll() is None:
            return
        now, how = time.monotonic(), ended_by(self.process.returncode)
        self.deaths = [*(death for death in self.deaths if now - death < WITHIN_S), now]
        if len(self.deaths) >= MOST_DEATHS:
            raise WorkerError(
                f"the {self.name} {how}, for the {len(self.deaths)}th time in {WITHIN_S:.0f} s; its log: {self.log}\n{self.last_lines()}"
            )
        say(f"the {self.name} {how}; it is started again")
        self.start()

    def last_lines(self, count: int = 8) -> str:
        """The last `count` lines of its log, for an error."""
        return "\n".join(f"  {line}" for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def ended_by(code: int) -> str:
    """How a process ended, in words."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def end(children: Iterable[Child], grace_s: float = GRACE_S) -> None:
    """End these children and all they started: asked first, and killed after a while."""
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    end_processes([member for process in running for member in descendants(process.pid)], grace_s)
    for process in running:
        process.wait()


def end_runs(grace_s: float = GRACE_S) -> list[str]:
    """End the runs that we answer for, also those whose worker is gone; gives their ids. A run that is asked to end tells the server what
    it was at; its worker, asked at the same time, kills it before it can."""
    runs = runs_of(this_process())
    end_processes([member for process in runs.values() for member in descendants(process.pid)], grace_s)
    return list(runs)


def end_processes(family: list[psutil.Process], grace_s: float) -> None:
    """Ask these processes to end, and kill what has not after a while."""
    for member in family:
        with suppress(psutil.Error):
            member.terminate()
    for member in psutil.wait_procs(family, timeout=grace_s)[1]:
        with suppress(psutil.Error):
            member.kill()
    psutil.wait_procs(family, timeout=5)


def descendants(pid: int) -> list[psutil.Process]:
    """A process and all that it has started."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []
