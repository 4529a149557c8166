"""SIGKILLs over one stage at random moments, then the policy and the tables of an undisturbed stage, to the byte (CPU, one process).

The stage weighs, refills, validates and keeps its best policy, and saves at every other step, so that kills also hit saves. Half of the
moments are steps and a little later, the others times since the start, which also hit loading and resuming. A second stage chooses its
problems by a live estimate as well.
`python -m tests.bench.stage_kills [KILLS]` runs it; the test suite kills once.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from tasks.base.events import EVENT
from tasks.base.workers import run_worker, start_worker
from tasks.lake.artifacts import folder_digests
from tasks.training.checkpoints import Checkpoints
from tasks.training.settings import StageSettings
from tasks.training.spec import StageSpec
from tasks.training.worker import stage_job
from tests.bench.row import Row
from tests.training.tiny import SETTINGS, mixed_problems, policy_in, problem, save_tiny_policy, stage_spec, write_stage

KILLS, STEPS = 20, 90
WORKER = "tasks.training.worker"
FURTHER = 5  # steps that a stage may take before a kill at a time


LIVE: dict[str, Any] = {"sampler": "live", "weighting": {"prior_strength": 4.0, "prior": "live"}}


def specification(folder: Path, **changes: Any) -> StageSpec:
    """The stage that is killed, with changed settings, in a folder of its own."""
    options = {"refill": {"tries": 1}, "validation": {"every": 5, "samples": 1, "keep_best": True}, **changes}
    settings = StageSettings(**{**SETTINGS.model_dump(), "steps": STEPS, "save_every": 2, **options})
    policy = policy_in(save_tiny_policy(folder / "policy"))
    spec = stage_spec(folder / "stage", policy, write_stage(folder / "stage1.parquet", mixed_problems()), settings)
    asked = [problem(number, problem_id=f"v{number}", band=None, accuracy=None) for number in range(6)]
    return spec.model_copy(update={"validation": write_stage(folder / "validation.parquet", asked)})


class Pace(NamedTuple):
    """Seconds until a stage's first step is done, and of each of the others."""

    start: float
    step: float


def undisturbed_pace(spec: StageSpec) -> Pace:
    """Run a stage to its end, and tell how fast it went on this machine."""
    began = time.monotonic()
    with start_worker(stage_job(spec)) as process:
        await_step(process, 1)
        first = time.monotonic() - began
        for _ in process.stdout or ():
            pass
        assert process.wait() == 0
    return Pace(first, (time.monotonic() - began - first) / STEPS)


def killed(spec: StageSpec, moment: tuple[str, float], lag: float) -> str:
    """Start the stage, kill it at the moment, and say what it was doing: "done" where it had ended before."""
    with start_worker(stage_job(spec)) as process:
        kind, when = moment
        if kind == "seconds":
            try:
                process.wait(timeout=when)
            except subprocess.TimeoutExpired:
                process.kill()
        else:
            await_step(process, when)
            time.sleep(lag)
            process.kill()
        process.wait()
    if process.returncode >= 0:
        return "done"
    return "a step or save" if kind == "step" else "a moment since the start"


def await_step(process: subprocess.Popen, step: float) -> None:
    """Read what the stage says until it says that the step is done, or ends."""
    for line in process.stdout or ():
        if line.startswith(EVENT) and json.loads(line.removeprefix(EVENT)).get("done", 0) >= step:
            return


def moments(kills: int, pace: Pace, numbers: random.Random) -> list[tuple[str, float]]:
    """Every other one a time since the start in seconds, the others rising steps; enough steps are left that no stage ends before it."""
    steps = sorted(numbers.uniform(1, 0.6 * STEPS) for _ in range(kills))
    latest = pace.start + FURTHER * pace.step
    return [("step", steps[place]) if place % 2 else ("seconds", numbers.uniform(0.5, latest)) for place in range(kills)]


def killed_stage(folder: Path, kills: int, **changes: Any) -> Counter[str]:
    """Kill a stage of changed settings so many times, finish it, and compare. Raises AssertionError when a file differs from that of the
    undisturbed stage."""
    numbers, hits = random.Random(0), Counter[str]()
    undisturbed = specification(folder / "undisturbed", **changes)
    run_worker(stage_job(undisturbed), log=lambda level, line: None)
    paced, spec = (undisturbed.model_copy(update={"folder": folder / name}) for name in ("paced", "killed"))
    for made in (paced, spec):
        made.folder.mkdir()
    pace = undisturbed_pace(paced)  # of a second one: the first also starts what all workers are forked from
    for moment in moments(kills, pace, numbers):
        hit = killed(spec, moment, numbers.uniform(0, 4 * pace.step))
        assert hit != "done", f"the stage ended before the kill at {moment}"
        hits[hit] += 1
        hits["resumable"] += Checkpoints(spec.folder / "checkpoints", 1).last() is not None
    run_worker(stage_job(spec), log=lambda level, line: None)
    assert folder_digests(spec.folder) == folder_digests(undisturbed.folder)
    return hits


def row(kills: int, which: str, tables: str, **changes: Any) -> Row:
    """The line of a stage of changed settings."""
    with tempfile.TemporaryDirectory() as folder:
        hits = killed_stage(Path(folder), kills, **changes)
    struck = f"{hits['a step or save']} after a random step, {hits['a moment since the start']} at a random time"
    what = f"{kills} SIGKILLs at random moments of {which} ({struck})"
    return Row(what, f"policy, {tables} equal to an undisturbed stage's, to the byte", "same digests", True)


def rows(kills: int = KILLS) -> list[Row]:
    """The lines of the table."""
    return [
        row(kills, "one stage", "groups and metrics"),
        row(kills, "a stage that chooses its problems by a live estimate", "selections, groups and metrics", **LIVE),
    ]


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS):
        print(line)
