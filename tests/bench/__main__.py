"""`make bench`: every benchmark, one table; it replaces the last one in the README.

`python -m tests.bench NAME …` runs only those named (adaptive, grading, sampling, kills, streaming) and leaves the README alone.
"""

import importlib
import platform
import sys
import time
from datetime import date
from pathlib import Path

import psutil

from tests.bench.row import Row

NAMES = ("adaptive", "grading", "sampling", "kills", "streaming")
README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def measured(name: str) -> list[Row]:
    """The lines of one benchmark. One that breaks is a line too, and a missed goal, so that the others still count."""
    started = time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        return importlib.import_module(f"tests.bench.{name}").rows()
    except Exception as error:  # noqa: BLE001 - a benchmark may break in any way
        print(f"{error!r}", file=sys.stderr)
        return [Row(name, f"broke: {type(error).__name__}", "", False)]
    finally:
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def machine() -> str:
    """What it was measured on."""
    model = next((line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine())
    return f"{psutil.cpu_count()} cores of {model}, {psutil.virtual_memory().total / 2**30:.0f} GiB, no GPU"


def cpu_lines() -> list[str]:
    """What Linux says of its processors; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def table(rows: list[Row]) -> str:
    """The table in Markdown, with where and when it was measured."""
    marks = {True: "met", False: "**missed**", None: ""}
    lines = [f"| {row.what} | {row.measured} | {row.goal} | {marks[row.ok]} |" for row in rows]
    head = f"Measured by `make bench` on {machine()}, {date.today().isoformat()}:"
    return "\n".join([head, "", "| what | measured | goal | |", "|---|---|---|---|", *lines])


def main(names: list[str]) -> int:
    """Run, print, and give the exit code: 1 when a goal was missed."""
    rows = [row for name in names or NAMES for row in measured(name)]
    print(table(rows))
    if not names:
        before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
