"""`make bench`: every benchmark, one table in RESULTS.md (one more of machines with a GPU), where each one's lines replace its last ones.

`python -m tests.bench NAME …` runs only those named (NAMES).
"""

import importlib
import shutil
import sys
import time
from datetime import date

from tests.bench.results import machine, put, shown
from tests.bench.row import Row, line_of

NAMES = (
    "simulated",
    "estimates",
    "drift",
    "live",
    "intervals",
    "ingesting",
    "similarity",
    "labels",
    "adaptive",
    "grading",
    "auditing",
    "sampling",
    "engines",
    "training",
    "kills",
    "stage_kills",
    "unlost",
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
TABLE = "bench on a GPU" if shutil.which("nvidia-smi") else "bench"  # machines with a GPU have a table of their own


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


def lines_of(name: str, rows: list[Row]) -> list[str]:
    """A benchmark's lines of the table in Markdown, each with the benchmark's name where readers do not see it."""
    return [line_of(row, f"{date.today().isoformat()} <!-- {name} -->") for row in rows]


def table(lines: dict[str, list[str]]) -> str:
    """The table, its benchmarks in the order of NAMES, with where they were measured."""
    head = f"Measured by `make bench` on {machine()}:"
    return "\n".join(
        [head, "", "| what | measured | goal | | on |", "|---|---|---|---|---|", *(line for name in NAMES for line in lines[name])]
    )


def kept_lines() -> dict[str, list[str]]:
    """Each benchmark's lines that RESULTS.md has now."""
    lines = shown(TABLE).splitlines()
    return {name: [line for line in lines if line.endswith(f"<!-- {name} --> |")] for name in NAMES}


def main(names: list[str]) -> int:
    """Run, print, put the lines into RESULTS.md, and give the exit code: 1 when a goal was missed. Ends at once at a name of no bench."""
    if unknown := set(names) - set(NAMES):
        sys.exit(f"no bench is called {', '.join(sorted(unknown))}: there are {', '.join(NAMES)}")
    found = {name: measured(name) for name in names or NAMES}
    lines = {**kept_lines(), **{name: lines_of(name, rows) for name, rows in found.items()}}
    print("\n".join(line for name in found for line in lines[name]))
    put(TABLE, table(lines))
    return 1 if any(row.ok is False for rows in found.values() for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
