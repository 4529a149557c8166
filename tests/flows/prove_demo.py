"""What `make demo` must show, measured: wall time, peak memory, the gain, the U, a published file that can be read all the while, and a
second run that does nothing again.

`make proof` runs it: twice the starter recipe in a new home. Puts each figure beside its goal into tests/bench/RESULTS.md, with what came
of the held-out problems, and fails when a goal is missed.
"""

import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import polars as pl
import psutil

from tasks.lake.lake import Lake
from tasks.reporting.wording import percent, percent_interval
from tasks.warehouse.querying import query
from tests.bench.results import machine, put
from tests.bench.row import Row, line_of
from tests.flows.runs import artifacts, command, environment

GIB = 2**30
FIRST_RUN_S, RERUN_S, MEMORY_GIB, GAIN = 360.0, 20.0, 4.0, 0.186


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


def held_out(lake: Lake) -> pl.DataFrame:
    """Accuracy and its interval on the held-out problems: all of them, hints off and on, and each dataset, hints off; base first."""
    asked = """
        select dataset, hints, policy, problems, accuracy, accuracy_low, accuracy_high from evaluation
        where is_newest and split = case when dataset = 'all' then 'all' else 'heldout' end and (dataset = 'all' or not hints)
        order by dataset <> 'all', dataset, hints, policy <> 'base', policy
    """
    return query(lake, asked)


def held_out_table(rows: pl.DataFrame) -> str:
    """The held-out results in Markdown: a column a policy, with the interval over problems."""
    policies = rows["policy"].unique(maintain_order=True).to_list()
    heads = [f"held-out avg@8, {rows['problems'].max()} problems (95% interval over problems)", *policies]
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---|' * len(policies)}"]
    for (dataset, hints), group in rows.group_by("dataset", "hints", maintain_order=True):
        name = "both datasets" if dataset == "all" else str(dataset).removeprefix("starter-")
        cells = [f"{percent(row['accuracy'])} ({percent_interval(row['accuracy_low'], row['accuracy_high'])})" for row in group.to_dicts()]
        lines.append(f"| {name}, hints {'on' if hints else 'off'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def shapes(lake: Lake) -> list[Row]:
    """Of each dataset's histogram whether it is a U, with the fit and the shares at both ends."""
    asked = """
        select dataset, problems, shape, round(alpha, 2) as alpha, round(beta, 2) as beta, never_share, always_share from u_shape
        where policy = 'base' and split = 'train' and not hints order by dataset
    """
    return [
        Row(
            f"{row['dataset']}: histogram of {row['problems']} problems",
            f"{row['shape']}: (α, β) = ({row['alpha']}, {row['beta']}), {percent(row['never_share'], 0)} never solved, "
            f"{percent(row['always_share'], 0)} always",
            "a U",
            row["shape"] == "u",
        )
        for row in query(lake, asked).to_dicts()
    ]


def gained(rows: pl.DataFrame) -> list[Row]:
    """How far the last policy is above the base, on all held-out problems with hints off."""
    plain = rows.filter(pl.col("dataset") == "all", ~pl.col("hints")).to_dicts()
    base, last = plain[0], plain[-1]
    gain = last["accuracy"] - base["accuracy"]
    return [
        Row(f"gain of {last['policy']}", f"{100 * gain:+.1f} points", f"≥ {100 * GAIN:.1f}", gain >= GAIN),
        Row("intervals apart", str(base["accuracy_high"] < last["accuracy_low"]), "True", base["accuracy_high"] < last["accuracy_low"]),
    ]


def measured(home: Path) -> tuple[list[Row], str]:
    """Every figure of two runs in a new home, and the table of held-out results."""
    lake = Lake(home)
    reader = Reader(lake.warehouse)
    reader.start()
    try:
        first, memory = measured_run(home)
    finally:
        reader.done.set()
        reader.join()
    before = artifacts(home)
    again, _ = measured_run(home)
    made = sum(map(len, artifacts(home).values())) - sum(map(len, before.values()))
    rows = held_out(lake)
    return [
        Row("first run", f"{first:.0f} s", f"≤ {FIRST_RUN_S:.0f} s", first <= FIRST_RUN_S),
        Row("second run", f"{again:.1f} s", f"≤ {RERUN_S:.0f} s", again <= RERUN_S),
        Row("second run makes", f"{made} artifacts", "none", artifacts(home) == before),
        Row("peak memory", f"{memory:.2f} GiB", f"< {MEMORY_GIB:.0f} GiB", memory < MEMORY_GIB),
        Row("read while it ran", f"{reader.reads} times, {len(reader.faults)} failed", "0 failed", reader.reads > 0 and not reader.faults),
        *shapes(lake),
        *gained(rows),
    ], held_out_table(rows)


def main() -> int:
    """Run, print the figures, put them into the results, and give the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        rows, results = measured(Path(folder))
    figures = "\n".join(line_of(row) for row in rows)
    head = f"Measured by `make proof` on {machine()}, {date.today().isoformat()}:"
    put("proof", "\n".join([head, "", results, "", "| what | measured | goal | |", "|---|---|---|---|", figures]))
    print(f"{results}\n\n{figures}")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
