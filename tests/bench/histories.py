"""Publishing after random histories, and beside programs that write the lake: what differs from a whole build, and what fails.

`python -m tests.bench.histories` runs it, in one process for each of two cores.
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tasks.base.process import PROJECT
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.bench.row import Row
from tests.flows.runs import environment
from tests.sql.rows import problems_artifact
from tests.warehouse.test_incremental import compare

HISTORIES, PUBLISHES, PROCESSES = 300, 50, 2


def histories(number: int) -> Row:
    """Random histories, each compared with a whole build at its end."""
    started = time.monotonic()
    share = -(-number // PROCESSES)
    ranges = [(first, min(first + share, number)) for first in range(0, number, share)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        found = sum(pool.map(lambda seeds: differences(*seeds), ranges))
    said = f"{found} differences, false failures included ({time.monotonic() - started:.0f} s)"
    return Row(f"publishing what is new against publishing all, after each event of {number} random histories", said, "0", found == 0)


def differences(first: int, last: int) -> int:
    """How many the histories of these seeds have; they are printed."""
    command = [sys.executable, "-m", "tests.warehouse.histories", str(first), str(last)]
    done = subprocess.run(command, cwd=PROJECT, env=environment(Path(tempfile.gettempdir())), capture_output=True, text=True, check=True)
    *shown, last_line = done.stdout.strip().splitlines()
    print("\n".join(shown), file=sys.stderr)
    return int(last_line.split()[0])


def beside_a_writer(number: int) -> Row:
    """Publishes beside a program that samples, is slow to grade, compacts and deletes what it has compacted."""
    failed, saw = 0, []
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "home")
        problems_artifact(lake.home, [{"problem_id": f"p{place}", "row": place} for place in range(40)])
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.warehouse.writing", str(lake.home)], cwd=PROJECT, env=environment(Path(folder))
        )
        try:
            for _ in range(number):
                failed += not publishes(lake)
                saw.append(query(lake, "select coalesce(sum(n), 0) from difficulty").item())
        finally:
            alive = writer.poll() is None
            writer.kill()
            writer.wait()
        failed += not publishes(lake)
        compare(lake)
    grew = alive and saw == sorted(saw) and saw[0] < saw[-1]
    return Row(f"{number} publishes beside a run that samples, grades and compacts", f"{failed} failed", "0", failed == 0 and grew)


def publishes(lake: Lake) -> bool:
    """Whether a publish does not fail."""
    try:
        publish(lake, DifficultySettings())
    except Exception as error:  # noqa: BLE001 - whatever it is, it counts
        print(repr(error), file=sys.stderr)
        return False
    return True


def rows() -> list[Row]:
    """All of it."""
    return [beside_a_writer(PUBLISHES), histories(HISTORIES)]


if __name__ == "__main__":
    for line in rows():
        print(line)
