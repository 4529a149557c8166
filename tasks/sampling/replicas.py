"""The sampling processes of this machine, side by side, each with its own GPUs: all take shards from one queue until none is left.

One that dies is started again at once; what it had in hand goes back into the queue, for whoever is free. One that dies again and again
without settling anything is started after growing pauses, and set aside with its reason after MOST_DEATHS where it did not even load the
policy, MOST_FRUITLESS where it did: it takes as many to find one problem that kills (failing.py). The others do its work, and the sampling
fails only when none is left.
"""

import logging
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Condition

import polars as pl

from tasks.base.errors import InputError, WorkerError
from tasks.base.workers import STOPPED, end_workers, run_worker
from tasks.sampling.engines import declared
from tasks.sampling.failing import after_failure
from tasks.sampling.settings import SamplingSettings
from tasks.sampling.shard_queue import Shard, ShardQueue
from tasks.sampling.worker import QUEUE, SampleSpec, sampling_job

MOST_DEATHS, MOST_FRUITLESS = 5, 20
PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


class Replicas:
    """The processes, by their numbers. `on_progress` is told how many completions they have settled, `log` what they say."""

    def __init__(
        self, spec: SampleSpec, shards: list[pl.DataFrame], on_progress: Callable[[int], None], log: Callable[[int, str], None]
    ) -> None:
        assert spec.folder is not None
        self.spec, self.folder, self.on_progress, self.log = spec, spec.folder, on_progress, log
        self.count = min(spec.sampling.replicas, len(shards))
        self.queue = ShardQueue(self.folder / QUEUE)
        self.queue.put([Shard(keys) for keys in shards])
        self.turn = Condition()
        self.at_work, self.loading, self.settled = set[int](), set[int](), [0] * self.count
        self.faults: dict[int, Exception] = {}
        self.stopping = False

    def run(self) -> None:
        """Draw all that can be drawn. Raises the last fault when no process is left to draw what is."""
        with ThreadPoolExecutor(self.count) as pool:
            running = [pool.submit(copy_context().run, self.replica, number) for number in range(self.count)]
            try:
                for ended in running:
                    ended.result()
            except BaseException as error:
                self.stop()
                if not isinstance(error, Exception):
                    end_workers()  # they do not hear of a Ctrl-C that only this process gets
                raise
        if self.queue.waiting():
            raise list(self.faults.values())[-1]
        shutil.rmtree(self.queue.folder)

    def stop(self) -> None:
        """Start none any more."""
        with self.turn:
            self.stopping = True
            self.turn.notify_all()

    def replica(self, number: int) -> None:
        """Keep one process at work as long as there is some, or until it is set aside."""
        deaths = 0
        while self.work_to_do(number):
            before = self.settled[number]
            try:
                self.work(number)
            except InputError as fault:
                self.set_aside(number, fault)
            except WorkerError as death:
                if STOPPED.is_set() or self.stopping:
                    raise
                deaths = deaths + 1 if self.settled[number] == before else 1
                self.died(number, deaths, death)
            finally:
                self.gone(number)

    def work_to_do(self, number: int) -> bool:
        """Wait until there is something to be drawn that nobody who is only starting will take, or until there never will be."""
        with self.turn:
            while not self.stopping and number not in self.faults:
                if len(self.queue.waiting()) > len(self.loading):
                    self.at_work.add(number)
                    self.loading.add(number)
                    return True
                if not self.at_work:
                    break
                self.turn.wait()
            self.turn.notify_all()
            return False

    def work(self, number: int) -> None:
        """One process, from its start to its end."""
        before = self.settled[number]

        def progressed(done: int, _: int, what: str) -> None:
            with self.turn:
                self.loading.discard(number)
                self.settled[number] = before + done
                self.on_progress(sum(self.settled))

        part = self.spec.model_copy(update={"replica": str(number)})
        variables = gpus_of(number, self.spec.sampling) if self.count > 1 else {}
        job = sampling_job(part, self.folder, f"-{number}", variables)
        run_worker(job, self.log, progressed)
        if self.queue.held_by(str(number)):
            raise WorkerError(f"worker {job.module} ended without drawing all that it had taken in hand. Its log: {job.log}")

    def gone(self, number: int) -> None:
        """It is not at work any more; what it had goes back as it was, unless that was seen to."""
        with self.turn:
            held = self.queue.held_by(str(number))
            self.queue.put([Shard(shard.keys, shard.tries) for shard in held])
            for shard in held:
                shard.finished()
            self.at_work.discard(number)
            self.loading.discard(number)
            self.turn.notify_all()

    def set_aside(self, number: int, fault: Exception) -> None:
        """Start it no more."""
        with self.turn:
            self.faults[number] = fault
            left = self.count - len(self.faults)
        if left:
            self.log(logging.WARNING, f"sampling process {number} is set aside, and its work goes to the {left} that are left: {fault}")

    def died(self, number: int, deaths: int, death: WorkerError) -> None:
        """Put back what it had in hand, with one more try behind it, and wait before it is started again, or set it aside."""
        cause = str(death).splitlines()[0]
        with self.turn:
            most = MOST_DEATHS if number in self.loading else MOST_FRUITLESS
            for shard in self.queue.held_by(str(number)):
                self.queue.put(after_failure(self.spec, shard, cause, self.log))
                shard.finished()
            self.turn.notify_all()
        if deaths >= most:
            self.set_aside(number, death)
            return
        pause = 0.0 if deaths == 1 else min(PAUSE_S * 2.0 ** (deaths - 2), LONGEST_PAUSE_S)
        self.log(logging.WARNING, f"sampling process {number} is started again{f' in {pause:g} s' if pause else ''}: {cause}")
        self.gone(number)
        STOPPED.wait(pause)


def gpus_of(replica: int, sampling: SamplingSettings) -> dict[str, str]:
    """The variable that shows a replica its own GPUs only: the next ones of those that this process may use."""
    each = declared(sampling).gpus(sampling)
    numbers = range(replica * each, (replica + 1) * each)
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return {"CUDA_VISIBLE_DEVICES": ",".join(visible[number] if number < len(visible) else str(number) for number in numbers)}
