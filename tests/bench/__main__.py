"""`make bench`: every benchmark, one table in the README (one more of machines with a GPU), where each one's lines replace its last ones.

`python -m tests.bench NAME …` runs only those named (NAMES).
"""

import importlib
import platform
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil

from tests.bench.row import Row

NAMES = (
    "simulated",
    "similarity",
    "adaptive",
    "grading",
    "sampling",
    "engines",
    "training",
    "kills",
    "stage_kills",
    "streaming",
    "warehouse",
    "histories",
    "rerun",
    "slots",
    "report",
    "sweep",
    "interrupting",
    "start",
)
README = Path(__file__).resolve().parents[2] / "README.md"
TABLE = "bench on a GPU" if shutil.which("nvidia-smi") else "bench"  # machines with a GPU have a table of their own
BEGIN, END = f"<!-- {TABLE}: begin -->", f"<!-- {TABLE}: end -->"


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
    return f"{psutil.cpu_count()} cores of {model}, {psutil.virtual_memory().total / 2**30:.0f} GiB, {gpu()}"


def gpu() -> str:
    """The first GPU's name. Asked of the driver's tool: torch, imported here, would count as memory of every benchmark's process."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def cpu_lines() -> list[str]:
    """What Linux says of its processors; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def lines_of(name: str, rows: list[Row]) -> list[str]:
    """A benchmark's lines of the table in Markdown, each with the benchmark's name where readers do not see it."""
    marks = {True: "met", False: "**missed**", None: ""}
    today = date.today().isoformat()
    return [f"| {row.what} | {row.measured} | {row.goal} | {marks[row.ok]} | {today} <!-- {name} --> |" for row in rows]


def table(lines: dict[str, list[str]]) -> str:
    """The table, its benchmarks in the order of NAMES, with where they were measured."""
    head = f"Measured by `make bench` on {machine()}:"
    return "\n".join(
        [head, "", "| what | measured | goal | | on |", "|---|---|---|---|---|", *(line for name in NAMES for line in lines[name])]
    )


def kept_lines() -> dict[str, list[str]]:
    """Each benchmark's lines that the README has now."""
    shown = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].splitlines()
    return {name: [line for line in shown if line.endswith(f"<!-- {name} --> |")] for name in NAMES}


def put_into_readme(begin: str, text: str, end: str) -> None:
    """Put a text between two marks of the README, in the place of what stood there."""
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    README.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def main(names: list[str]) -> int:
    """Run, print, put the lines into the README, and give the exit code: 1 when a goal was missed."""
    found = {name: measured(name) for name in names or NAMES}
    lines = {**kept_lines(), **{name: lines_of(name, rows) for name, rows in found.items()}}
    print("\n".join(line for name in found for line in lines[name]))
    put_into_readme(BEGIN, table(lines), END)
    return 1 if any(row.ok is False for rows in found.values() for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
