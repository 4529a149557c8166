"""Two workers and one card: ten trainings, never two at once, by the times of the runs' own logs and by the processes that are there.

`python -m tests.bench.slots [RUNS]` runs it alone.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import yaml

from tasks.steps.cards import CARDS
from tests.bench.row import Row
from tests.flows.runs import TINY, environment
from tests.flows.service.serving import QUICK, Served, serving

RUNS, PATIENCE_S, LOOK_S, FREED_S = 10, 900.0, 0.05, 90.0
TAKEN, GIVEN = re.compile(r"^computing on "), re.compile(r"^gave back ")
SUBMITTED = re.compile(r"^Worker '([^']+)' submitting flow run")
WORKERS = {"training.worker", "sampling.worker"}


def recipe(folder: Path) -> Path:
    """Few problems, and a first stage of a few steps."""
    path = folder / "slots.yaml"
    problems = {"starter": {"n_train": 24, "n_heldout": 2}}
    path.write_text(yaml.safe_dump({**TINY, "problems": problems, "sampling": {**TINY["sampling"], "rounds": 2}}))  # type: ignore[dict-item]
    return path


@contextmanager
def second_worker(served: Served) -> Iterator[subprocess.Popen]:
    """Another worker of the pool `gpu`, on the same card."""
    known = {"PREFECT_API_URL": served.api, "PREFECT_API_AUTH_STRING": served.password, "DIFFICULTY_PRIOR_HOME": str(served.home)}
    variables = environment(served.prefect) | QUICK | known
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "gpu", "--type", "process", "--name", "second", "--limit", "1"]
    with (served.prefect / "second.log").open("w") as log:
        worker = subprocess.Popen(command, env=variables | {CARDS: served.card()["name"]}, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(timeout=60)


class Watch(threading.Thread):
    """The most training or sampling processes of this machine that were there at once."""

    def __init__(self, parents: set[int]) -> None:
        super().__init__(daemon=True)
        self.parents, self.most, self.ended = parents, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(LOOK_S):
            self.most = max(self.most, sum(map(computes, self.family())))

    def family(self) -> list[psutil.Process]:
        """All processes below the parents."""
        found: list[psutil.Process] = []
        for parent in self.parents:
            try:
                found += psutil.Process(parent).children(recursive=True)
            except psutil.Error:
                continue
        return found


def computes(process: psutil.Process) -> bool:
    """Whether a process trains or samples."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.name() in WORKERS
    except psutil.Error:
        return False


def spans(served: Served) -> list[tuple[datetime, datetime, str]]:
    """When each run had the card, from the logs of all runs, the earliest first."""
    found, taken = [], dict[str, datetime]()
    for line in lines_of(served):
        run, when = line["flow_run_id"], datetime.fromisoformat(line["timestamp"])
        if TAKEN.match(line["message"]):
            assert run not in taken, line
            taken[run] = when
        elif GIVEN.match(line["message"]):
            found.append((taken.pop(run), when, run))
    assert not taken, taken
    return sorted(found)


def lines_of(served: Served) -> Iterator[dict[str, Any]]:
    """The log lines of all runs, in order."""
    page, size = 0, 200
    while found := served.post("/logs/filter", sort="TIMESTAMP_ASC", limit=size, offset=page * size).json():
        yield from found
        page += 1


def workers_of(served: Served) -> set[str]:
    """The workers that were given runs, from their own lines."""
    return {found[1] for line in lines_of(served) if (found := SUBMITTED.search(line["message"]))}


def overlaps(times: list[tuple[datetime, datetime, str]]) -> int:
    """How many times the card was taken before it was given back."""
    return sum(later[0] < earlier[1] for earlier, later in pairwise(times))


@dataclass(frozen=True)
class Seen:
    """When each run had the card, the most processes that computed at once, how many workers had runs, and after how many seconds the card
    of a killed process was had by another."""

    spans: list[tuple[datetime, datetime, str]]
    most: int
    workers: int
    freed_s: float


def freed_after(served: Served) -> float:
    """Seconds from the kill of a process that has the card until another has it."""
    card = served.card()["name"]
    first = served.holder(card, times=1, seconds=PATIENCE_S)
    assert first.stdout and first.stdout.read(1)
    second = served.holder(card, times=1, seconds=0)
    time.sleep(5)  # until it waits
    first.kill()
    killed = time.monotonic()
    assert second.stdout and second.stdout.read(1)
    took = time.monotonic() - killed
    first.wait()
    second.wait()
    return took


def trainings(folder: Path, count: int) -> Seen:
    """Train so many times with two workers on one card."""
    os.environ["OMP_NUM_THREADS"] = "1"
    plan = recipe(folder)
    with serving(folder, "--limit", "1") as served, second_worker(served) as worker:
        watch = Watch({served.process.pid, worker.pid})
        watch.start()
        started = [served.start("train", recipe=str(plan), last_stage="stage1", seed=seed) for seed in range(count)]
        ended = [served.ended(run, PATIENCE_S) for run in started]
        watch.ended.set()
        assert {run["state_type"] for run in ended} == {"COMPLETED"}, [run["state"]["message"] for run in ended]
        time.sleep(3)  # the last lines of the logs
        return Seen(spans(served), watch.most, len(workers_of(served)), freed_after(served))


def rows(count: int = RUNS) -> list[Row]:
    """The line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        seen = trainings(Path(folder), count)
    shared = overlaps(seen.spans)
    figures = f"{shared} overlaps of the {len(seen.spans)} times that a run had the card; at most {seen.most} sampling or training at once"
    alone = not shared and seen.most <= 1 < seen.workers
    return [
        Row(f"{count} trainings by {seen.workers} workers on one card", figures, "never two at once", alone),
        Row("the card of a killed run", f"had by another after {seen.freed_s:.0f} s", "≤ 90 s", seen.freed_s <= FREED_S),
    ]


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS):
        print(line)
