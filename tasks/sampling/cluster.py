"""Sampling on a Ray cluster: one shard a Ray task, wherever the cluster has the CPUs and GPUs it asks for.

A Ray worker process takes the place of our own child process: it is as much apart from the flow, Ray gives it its GPUs, and its memory
is gone when Ray ends it. Between shards it keeps the engine, so that a model is loaded once a process and not once a shard (`max_calls`
0 asks Ray for that; with GPUs it would otherwise end the process after every task). The spec and each shard's keys are files beside the
profile in the making, so only paths cross to the cluster: the lake must lie where every node sees it at the same path. What a worker logs
comes back through a queue, to the log of the run.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl
import ray
from ray.util.queue import Queue

from tasks.base.errors import InputError
from tasks.base.events import OURS
from tasks.base.files import write_text
from tasks.lake.lake import read_parquet, write_parquet
from tasks.sampling.engines import Engine, open_engine
from tasks.sampling.failing import after_failure
from tasks.sampling.settings import RaySettings
from tasks.sampling.shard_queue import Shard
from tasks.sampling.worker import QUEUE, SampleSpec, draw, drawn_in, every_problem

LISTEN_S = 1.0
LOG = logging.getLogger(__name__)


@dataclass
class Connected:
    """How many of this process's threads use its connection to a cluster, which is one for all of them."""

    users: int = 0
    lock: Lock = field(default_factory=Lock)


CONNECTED = Connected()


def draw_on_ray(spec: SampleSpec, shards: Sequence[pl.DataFrame], on_progress: Callable[[int], None]) -> None:
    """Draw the shards on the cluster that the settings name. Raises what is at fault whatever the shard, after the others have ended."""
    settings, folder = spec.sampling.ray, spec.folder
    assert settings is not None and folder is not None
    spec_path = folder / ".sampling-ray.spec.json"
    write_text(spec_path, spec.model_dump_json(indent=1))
    with connected(settings):
        Cluster(spec, spec_path, on_progress).draw([Shard(keys) for keys in shards])


@contextmanager
def connected(settings: RaySettings) -> Iterator[None]:
    """A connection to the cluster that the settings name, or to one that is started on this machine for as long as this lasts."""
    with CONNECTED.lock:
        if not CONNECTED.users:
            join(settings.address)
        CONNECTED.users += 1
    try:
        yield
    finally:
        with CONNECTED.lock:
            CONNECTED.users -= 1
            if not CONNECTED.users:
                ray.shutdown()


def join(address: str) -> None:
    """Connect to a cluster. Raises InputError where none answers there."""
    local = {"include_dashboard": False} if address == "local" else {"address": address}
    try:
        ray.init(**local, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"sampling.ray: no Ray cluster can be had at {address!r}: {error}; start one, or correct the address") from error


class Cluster:
    """A sampling on the cluster that this process is connected to: one Ray task a shard."""

    def __init__(self, spec: SampleSpec, spec_path: Path, on_progress: Callable[[int], None]) -> None:
        self.spec, self.spec_path, self.on_progress = spec, spec_path, on_progress
        settings = spec.sampling.ray
        assert settings is not None
        self.remote = ray.remote(num_cpus=settings.cpus, num_gpus=settings.gpus, max_calls=0, max_retries=0)(draw_shard)
        self.drawing: dict[Any, Shard] = {}

    def draw(self, shards: Sequence[Shard]) -> None:
        """Draw shards. One whose worker fails, or is killed, is given to another, alone in the end with the problem at fault; input that is
        at fault is raised once the other shards have ended."""
        faults, done = list[Exception](), 0
        with listening() as heard:
            for shard in shards:
                self.start(shard, heard)
            while self.drawing:
                ended, _ = ray.wait(list(self.drawing), num_returns=1, timeout=LISTEN_S)
                tell(heard)
                for shard, fault in [(self.drawing.pop(task), fault_of(task)) for task in ended]:
                    if fault is None:
                        done += len(shard.keys)
                        self.on_progress(done)
                    elif isinstance(fault, InputError):
                        faults.append(fault)
                    else:
                        self.start_again(shard, fault, heard)
        if faults:
            raise faults[0]

    def start(self, shard: Shard, heard: Queue) -> None:
        """Have a shard drawn; its keys go by a file."""
        keys = self.spec_path.parent / QUEUE / f"{shard.name}.parquet"
        write_parquet(shard.keys, keys)
        task = self.remote.options(name=f"draw shard {keys.stem}").remote(self.spec_path, keys, heard)
        self.drawing[task] = shard

    def start_again(self, shard: Shard, fault: Exception, heard: Queue) -> None:
        """Have a shard drawn again, or what is left of it."""
        cause = str(fault).splitlines()[0]
        for again in after_failure(self.spec, shard, cause, LOG.log):
            LOG.warning("shard %s is drawn again, since its worker failed: %s", again.name, cause)
            self.start(again, heard)


@contextmanager
def listening() -> Iterator[Queue]:
    """A queue on the cluster for what workers log; all of it is told in the end. Its process is started again where it is killed, and
    what nobody has told by then is lost: a log is never worth a rollout."""
    heard = Queue(actor_options={"num_cpus": 0, "max_restarts": -1})
    try:
        yield heard
        tell(heard)
    finally:
        heard.shutdown(force=True)


def fault_of(task: Any) -> Exception | None:
    """What an ended task raised, as its own kind of error; None where it went well."""
    try:
        ray.get(task)
    except ray.exceptions.RayTaskError as error:
        return error.cause if isinstance(error.cause, InputError) else error
    except ray.exceptions.RayError as error:
        return error
    return None


def tell(heard: Queue) -> None:
    """Log here what workers have logged, and so in the run that this belongs to; nothing while the queue's process is away."""
    try:
        lines = heard.get_nowait_batch(heard.qsize())
    except ray.exceptions.RayError:
        return
    for level, line in lines:
        LOG.log(level, line)


class Teller(logging.Handler):
    """Sends what our modules log in a worker to the run."""

    def __init__(self, heard: Queue) -> None:
        super().__init__(logging.INFO)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(ray.exceptions.RayError):
            self.heard.put((record.levelno, record.getMessage()))


@contextmanager
def telling(heard: Queue) -> Iterator[None]:
    """Within this, what our modules log is sent there."""
    teller, loggers = Teller(heard), [logging.getLogger(name) for name in OURS]
    for logger in loggers:
        logger.addHandler(teller)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(teller)


def draw_shard(spec_path: Path, keys_path: Path, heard: Queue) -> None:
    """Draw one shard in this process and append it."""
    with telling(heard):
        (spec, problems, engine), started = loaded(spec_path), time.monotonic()
        done = draw(spec, problems, [[Shard(read_parquet(keys_path))]], engine, lambda done, total, what: None)
        LOG.info(drawn_in(done, time.monotonic() - started))


@lru_cache(maxsize=1)
def loaded(spec_path: Path) -> tuple[SampleSpec, pl.DataFrame, Engine]:
    """The spec, its problems and its engine, kept by this process until another spec comes."""
    spec = SampleSpec.model_validate_json(spec_path.read_text(encoding="utf-8"))
    return spec, every_problem(spec), open_engine(spec.policy, spec.prompting, spec.sampling)
