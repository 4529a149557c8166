"""How soon commands answer that compute nothing, and how soon a training process is ready: whole processes, medians of five.

`python -m tests.bench.start` runs it.
"""

import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tasks.base.errors import InputError
from tasks.base.workers import Job, run_worker
from tasks.grading.settings import GradingSettings
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.worker import stage_job
from tests.bench.row import Row
from tests.bench.sweep import simulated
from tests.flows.runs import command, environment

TIMES, PROBLEMS = 5, 768
MIB = 2**10  # of the KiB that Linux counts
GOALS = {
    "doctor": 5.0,
    "--help": 1.0,
    "--version": 1.0,
    "sql 'select 1'": 1.0,
    "schema": None,
    "schema difficulty": None,
    "run starter --plan": None,
}
WORDS = {"sql 'select 1'": ["sql", "select 1"]}
ANYWHERE = ("--help", "--version", "schema", "schema difficulty")


def seconds(words: list[str], prefect_home: Path) -> float:
    """How long a command takes."""
    started = time.monotonic()
    subprocess.run(command(*words), capture_output=True, env=environment(prefect_home), check=True)
    return time.monotonic() - started


def rows() -> list[Row]:
    """The lines of the table."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        home = simulated(Path(folder) / "runs", PROBLEMS).home
        for name, goal in GOALS.items():
            words = [*WORDS.get(name, name.split()), *([] if name in ANYWHERE else ["--home", str(home)])]
            took = statistics.median(seconds(words, Path(folder)) for _ in range(TIMES))
            goal_said, met = (f"≤ {goal:g} s", took <= goal) if goal else ("", None)
            found.append(Row(f"`{name}`, the whole command (median of {TIMES})", f"{took:.2f} s", goal_said, met))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB
    return [*found, Row("these commands: the most memory that one takes", f"{peak:.0f} MiB")]


def worker_rows() -> list[Row]:
    """How long a training process takes that has loaded all that it needs and then finds that its policy is none: its start and its end."""
    with tempfile.TemporaryDirectory() as folder:
        asked = StageSettings(steps=1, warmup_steps=0)
        policy = Policy(policy_id="none", name="none", model=folder)
        own = {"prompting": PromptingSettings(), "grading": GradingSettings(), "seed": 0}
        spec = StageSpec(stage_id="none", folder=Path(folder), policy=policy, problems=Path(folder), settings=asked, **own)
        forked = stage_job(spec)
        first = worker_seconds(forked)
        later = statistics.median(worker_seconds(forked) for _ in range(TIMES))
        fresh = statistics.median(worker_seconds(replace(forked, libraries="")) for _ in range(2))
    return [
        Row(f"a second worker's start and end (median of {TIMES})", f"{later:.2f} s", "≤ 1 s", later <= 1.0),
        Row("the first one's, which loads the libraries", f"{first:.2f} s"),
        Row("that of a fresh process", f"{fresh:.2f} s"),
    ]


def worker_seconds(job: Job) -> float:
    """How long a worker takes to find that its policy is no model."""
    started = time.monotonic()
    try:
        run_worker(job, lambda level, line: None)
    except InputError as error:
        assert "is not a model folder" in str(error)
    return time.monotonic() - started


if __name__ == "__main__":
    for row in [*worker_rows(), *rows()]:
        print(row)
