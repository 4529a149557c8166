"""Child processes for GPU and engine work: their memory is gone when they end, and they end when their parent does.

A worker is a module run as `python -P -m tasks.<room>.worker SPEC.json`, or forked from a process that has its libraries loaded
(`tasks.base.forking`). What it says (`tasks.base.events`) goes to the run, and all of it to the worker's log file.
"""

import logging
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from pydantic import BaseModel

from tasks.base.errors import InputError, WorkerError
from tasks.base.events import read_event
from tasks.base.files import write_text
from tasks.base.forking import Forked, fork_worker, load_libraries
from tasks.base.process import PARENT, child_environment, module_command

LAST_LINES = 12
SHARED_VARIABLES: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("variables of all workers started in this context", default=())
Worker = subprocess.Popen | Forked
RUNNING: set[Worker] = set()
STOPPED = Event()


@dataclass(frozen=True)
class Job:
    """A worker's job: `module` is run on `spec`, which is written to `folder`, beside the worker's log.

    `name` tells several workers of one room apart; `variables` are added to the worker's environment. `libraries` is the module that
    imports what such workers need and takes long: a process that has it loaded is kept, and the worker forked from it. Without, the worker
    is a fresh process.
    """

    module: str
    spec: BaseModel
    folder: Path
    name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    libraries: str = ""

    @property
    def title(self) -> str:
        """What the worker's files are called by: its room, and its name."""
        return f"{self.module.split('.')[-2]}{self.name}"

    @property
    def log(self) -> Path:
        """The file with all that the worker has said, also in earlier attempts."""
        return self.folder / f".{self.title}.log"


def run_worker(
    job: Job, log: Callable[[int, str], None], on_progress: Callable[[int, int, str], None] = lambda done, total, what: None
) -> None:
    """Run a worker and wait for it. `log` takes a level and a text, as loggers do.

    Raises InputError when the worker says the input is at fault, WorkerError when it dies of anything else, naming its log.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    fault = ""
    with job.log.open("a", encoding="utf-8") as log_file, start_worker(job) as process:
        try:
            for line in process.stdout or ():
                event = read_event(line)
                fault = event.get("fault", fault)
                if "total" in event:
                    on_progress(event["done"], event["total"], event["what"])
                if text := event.get("log", "").rstrip():
                    log_file.write(f"{logging.getLevelName(event['level']):<8}{text}\n")
                    last.extend(text.splitlines())
                    log(event["level"], text)
        except BaseException:
            process.kill()
            raise
        finally:
            RUNNING.discard(process)
    if fault:
        raise InputError(fault)
    if process.returncode:
        raise WorkerError(died(job, process.returncode, list(last)))


def start_worker(job: Job) -> Worker:
    """Start a worker whose standard output and error come back as one stream of text lines."""
    if STOPPED.is_set():
        raise WorkerError(f"worker {job.module} is not started: the run is being stopped; run again to go on from what is already written")
    spec = job.folder / f".{job.title}.spec.json"
    write_text(spec, job.spec.model_dump_json(indent=1))
    environment = worker_environment(job.variables)
    forked = fork_worker(job.libraries, job.module, str(spec), environment) if job.libraries else None
    process = forked or fresh_worker(job.module, spec, environment)
    RUNNING.add(process)
    if STOPPED.is_set():
        process.kill()
    return process


def warm_up(libraries: str, variables: Mapping[str, str]) -> None:
    """Load the libraries of workers that are soon to come, beside what is done before."""
    load_libraries(libraries, worker_environment(variables))


def fresh_worker(module: str, spec: Path, environment: Mapping[str, str]) -> subprocess.Popen:
    """A worker in an interpreter of its own."""
    return subprocess.Popen(
        module_command(module, str(spec)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**environment, PARENT: str(os.getpid())},
    )


def worker_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a worker sees: this process's, those that make libraries good children, those of the context, and its own."""
    return {
        **child_environment(),
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # threads that spin while they wait, OpenMP's default, made a step up to fifteen times as slow on two cores that others use too
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        **dict(SHARED_VARIABLES.get()),
        **variables,
    }


@contextmanager
def workers_ended() -> Iterator[None]:
    """End the workers of all threads, and let none start, when what is inside is interrupted: threads do not hear of a Ctrl-C."""
    STOPPED.clear()
    try:
        yield
    except BaseException:
        STOPPED.set()
        end_workers()
        raise


def end_workers() -> None:
    """Kill the workers of this process, whichever of its threads has started them."""
    for process in list(RUNNING):
        process.kill()


@contextmanager
def worker_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Give these variables to every worker that is started inside, by this thread or by tasks that it runs."""
    token = SHARED_VARIABLES.set((*SHARED_VARIABLES.get(), *variables.items()))
    try:
        yield
    finally:
        SHARED_VARIABLES.reset(token)


def died(job: Job, code: int, last: list[str]) -> str:
    """The message for a worker that died: by which signal or code, its last lines, its log, and what to do."""
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    hint = " (SIGKILL often means that memory ran out: try a smaller batch)" if code == -signal.SIGKILL else ""
    words = "\n".join(f"  {line}" for line in last)
    return f"worker {job.module} {how}{hint}; run again to go on from what is already written. Its log: {job.log}\n{words}"
