"""How soon commands answer that compute nothing: whole processes, medians of five.

`python -m tests.bench.start` runs it.
"""

import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

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


if __name__ == "__main__":
    for row in rows():
        print(row)
