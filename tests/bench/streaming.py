"""A million rollouts appended to the lake and graded: peak memory of all processes, and how long it takes.

`python -m tests.bench.streaming` runs it. The rollouts are replayed: recorded MathVision responses where they are (else generated text of
their length), each ended with a box of its own, right or wrong, so that nearly every pair of answer and gold answer is another. They go
through `Lake.append`, 1,024 to a shard as sampling writes them, and through the grading task itself. Memory is sampled twice a second
over the process and its children, shared pages counted once.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from tasks.grading.settings import GradingSettings
from tasks.grading.task import GradeRequest, grade_rollouts
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.lake import Lake
from tasks.sampling.profile import write_profile
from tests.bench.row import Row
from tests.flows.prove_demo import GIB, tree_memory
from tests.flows.runs import environment
from tests.grading.published import DATA, published_responses
from tests.sql.rows import problems_artifact

ROLLOUTS, ROUNDS, SHARD, MEMORY_GIB = 1_000_000, 8, 1024, 2.0
FACTS = {"policy_id": "replayed", "sampling_id": "replayed"}


def corpus() -> list[str]:
    """Texts to replay."""
    if DATA.is_dir():
        return [row["response"] for row, _ in published_responses()]
    return [f"We count {n} of them and then {n % 7} more, so there must be some {n % 11} left. " * (1 + n % 6) for n in range(2432)]


def replayed(problems: int) -> Iterator[pl.DataFrame]:
    """The rollouts of all problems, a shard at a time; problem p is solved in p modulo 9 of its eight rounds."""
    texts = corpus()
    for start in range(0, problems * ROUNDS, SHARD):
        places = [divmod(number, ROUNDS) for number in range(start, min(start + SHARD, problems * ROUNDS))]
        said = [rf"{texts[(p * ROUNDS + r) % len(texts)]} \boxed{{{p if r < p % 9 else p + r + 1}}}" for p, r in places]
        keys = {"problem_id": [f"p{p}" for p, _ in places], "round": [r for _, r in places], "response": said}
        rest = {"sample": 0, "n_tokens": 64, "finish_reason": "stop", "seed": 0, "hint": ""}
        yield pl.DataFrame(keys).with_columns(**{name: pl.lit(value) for name, value in {**FACTS, **rest}.items()})


def append(home: Path, problems: int) -> tuple[Artifact, Artifact]:
    """Append the rollouts to a lake and name them as a profile; gives it and its problems."""
    lake = Lake(home)
    partition = lake.partition("rollouts", *FACTS.values())
    shards = [lake.append(partition, "rollouts", rows, f"{number:08}") for number, rows in enumerate(replayed(problems))]
    target = artifact(home, "profiles", {"replayed": problems})
    with building(target, {}) as folder:
        write_profile(folder, lake, rollouts=shards, facts={**FACTS, "rounds": ROUNDS, "problems": []})
    return target, problems_artifact(home, [{"problem_id": f"p{number}", "answer": str(number)} for number in range(problems)])


def timed(step: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a step takes, and what it gives."""
    started = time.monotonic()
    given = step()
    return time.monotonic() - started, given


def append_and_grade(home: Path, rollouts: int) -> None:
    """What is measured; runs in a process of its own and prints its figures."""
    appending, (profile, problems) = timed(lambda: append(home, rollouts // ROUNDS))
    request = GradeRequest(home=home, profile=profile, problems=(problems,), settings=GradingSettings())
    grading, _ = timed(lambda: grade_rollouts.fn(request))
    verdicts = Lake(home).scan("verdicts").group_by("verdict").len().collect(engine="streaming")
    print(json.dumps({"append_s": appending, "grade_s": grading, "verdicts": dict(verdicts.sort("verdict").rows())}))


def measured(rollouts: int) -> tuple[dict[str, Any], float]:
    """The figures of a run in a process of its own, and its peak memory in GiB. Raises where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        home, peak, done = Path(folder), 0, threading.Event()
        command = [sys.executable, "-m", "tests.bench.streaming", str(home / "lake"), str(rollouts)]
        process = subprocess.Popen(command, env=environment(home / "prefect"), stdout=subprocess.PIPE, text=True)

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.5):
                peak = max(peak, tree_memory(psutil.Process(process.pid)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        said, _ = process.communicate()
        done.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"grading {rollouts:,} rollouts failed with exit code {process.returncode}")
    return json.loads(said.splitlines()[-1]), peak / GIB


def rows(rollouts: int = ROLLOUTS) -> list[Row]:
    """Append and grade so many rollouts."""
    figures, peak = measured(rollouts)
    problems = rollouts // ROUNDS
    expected = sum(min(problem % 9, ROUNDS) for problem in range(problems))
    counts = figures["verdicts"]
    right = counts == {"correct": expected, "incorrect": problems * ROUNDS - expected}
    spent = f"appended in {figures['append_s']:.0f} s, graded in {figures['grade_s']:.0f} s"
    return [
        Row(
            f"{rollouts:,} rollouts appended and graded: peak memory",
            f"{peak:.2f} GiB ({spent})",
            f"< {MEMORY_GIB:.0f} GiB",
            peak < MEMORY_GIB,
        ),
        Row("their verdicts", f"{counts}", f"{expected:,} correct", right),
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        append_and_grade(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        for line in rows():
            print(line)
