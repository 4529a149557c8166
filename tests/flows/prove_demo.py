"""What `make demo` must show, measured: wall time, peak memory, the gain, the U, a published file that can be read all the while, and a
second run that does nothing again.

`make proof` runs it: twice the starter recipe in a new home. Prints each figure beside its goal, and fails when one is missed.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.flows.runs import artifacts, command, environment

GIB = 2**30
FIRST_RUN_S, RERUN_S, MEMORY_GIB, GAIN = 360.0, 20.0, 4.0, 0.08


def tree_memory(process: psutil.Process) -> int:
    """Bytes of memory that a process and all its descendants hold; shared pages are counted once (proportional set size)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def measured_run(home: Path) -> tuple[float, float]:
    """Seconds and peak memory (GiB) of one run of the starter recipe. Raises when the run fails."""
    started, peak = time.monotonic(), 0
    process = subprocess.Popen(command("run", "starter", "--home", str(home)), env=environment(home / "prefect"))
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.5):
            peak = max(peak, tree_memory(psutil.Process(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"the run failed with exit code {code}")
    return seconds, peak / GIB


class Reader(threading.Thread):
    """Opens the published warehouse anew four times a second, and asks what only a whole one answers alike."""

    ASK = "select (select count(*) from difficulty where n > 0), (select sum(problems) from difficulty_histogram)"

    def __init__(self, warehouse: Path) -> None:
        super().__init__()
        self.warehouse = warehouse
        self.reads, self.faults, self.done = 0, list[str](), threading.Event()

    def run(self) -> None:
        import duckdb

        while not self.done.wait(0.25):
            if not self.warehouse.exists():
                continue
            try:
                with duckdb.connect(str(self.warehouse), read_only=True, config={"threads": 1}) as session:
                    [(measured, shown)] = session.sql(self.ASK).fetchall()
            except duckdb.Error as error:
                self.faults.append(str(error))
            else:
                self.reads += 1
                self.faults += [] if measured == shown else [f"{measured} problems measured, {shown} in the histogram"]


def held_out(lake: Lake) -> dict[str, tuple[float, float, float]]:
    """Accuracy and its interval on all held-out problems, hints off, by policy."""
    rows = query(lake, "select policy, accuracy, accuracy_low, accuracy_high from evaluation where dataset = 'all' and not hints")
    return {policy: (accuracy, low, high) for policy, accuracy, low, high in rows.rows()}


def main() -> int:
    """Run, print the table, and give the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        reader = Reader(Lake(home).warehouse)
        reader.start()
        try:
            first, memory = measured_run(home)
        finally:
            reader.done.set()
            reader.join()
        before = artifacts(home)
        again, _ = measured_run(home)
        lake = Lake(home)
        results = held_out(lake)
        base, stage2 = results["base"], results["stage2"]
        shapes = query(lake, "select bool_and(shape = 'u') from u_shape where policy = 'base' and split = 'train'")
        figures = [
            ("first run", f"{first:.0f} s", f"at most {FIRST_RUN_S:.0f} s", first <= FIRST_RUN_S),
            ("second run", f"{again:.1f} s", f"at most {RERUN_S:.0f} s", again <= RERUN_S),
            (
                "second run makes",
                f"{sum(map(len, artifacts(home).values())) - sum(map(len, before.values()))} artifacts",
                "none",
                artifacts(home) == before,
            ),
            ("peak memory", f"{memory:.2f} GiB", f"under {MEMORY_GIB:.0f} GiB", memory < MEMORY_GIB),
            ("read while it ran", f"{reader.reads} times, {len(reader.faults)} failed", "0 failed", reader.reads > 0 and not reader.faults),
            ("both histograms U-shaped", str(shapes.item()), "True", bool(shapes.item())),
            *((f"{name}, held-out avg@8", "{:.1%} ({:.1%} to {:.1%})".format(*values), "", True) for name, values in results.items()),
            ("gain of stage 2", f"{100 * (stage2[0] - base[0]):+.1f} points", f"at least {100 * GAIN:.0f}", stage2[0] - base[0] >= GAIN),
            ("intervals apart", str(base[2] < stage2[1]), "True", base[2] < stage2[1]),
        ]
    for name, found, goal, met in figures:
        print(f"{name:28} {found:28} {goal:16} {'' if met else 'MISSED'}")
    return 0 if all(met for *_, met in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
