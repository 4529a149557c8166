"""`difficulty-prior sweep` beside bare SQL: the whole command, over the demo's 768 problems and over 100,000.

`python -m tests.bench.sweep` runs it. Verdicts are simulated: problems with accuracies drawn evenly, eight rounds each.
"""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tests.bench import warehouse
from tests.bench.row import Row
from tests.flows.runs import command, environment

ROUNDS, TIMES = 8, 5
GOALS = {768: 2.0, 100_000: 10.0}


def simulated(home: Path, problems: int) -> Lake:
    """A published lake of so many problems, answered in eight rounds."""
    warehouse.simulate(home, problems * ROUNDS, rounds=ROUNDS)
    publish(Lake(home), DifficultySettings())
    return Lake(home)


def seconds(home: Path, prefect_home: Path) -> float:
    """How long the command takes."""
    started = time.monotonic()
    subprocess.run(command("sweep", "--home", str(home)), capture_output=True, env=environment(prefect_home), check=True)
    return time.monotonic() - started


def rows() -> list[Row]:
    """The lines of the table."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for problems, goal in GOALS.items():
            home = Path(folder) / str(problems)
            simulated(home, problems)
            took = statistics.median(seconds(home, Path(folder) / "prefect") for _ in range(TIMES))
            what = f"`sweep` of {problems:,} problems, the whole command (median of {TIMES})"
            found.append(Row(what, f"{took:.2f} s", f"≤ {goal:g} s", took <= goal))
    return found


if __name__ == "__main__":
    for row in rows():
        print(row)
