"""A rerun of a finished pipeline against a flow that does nothing: whole processes, by turns, on one server and with a temporary one.

`python -m tests.bench.rerun` runs it alone.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.row import Row
from tests.flows.runs import command, environment, run, tiny_recipe
from tests.prefect_server import prefect_server

TIMES = 5
MOST = 2.0
NOTHING = """
from prefect import flow

@flow
def nothing():
    pass

nothing()
"""


def seconds(arguments: Sequence[str], variables: dict[str, str]) -> float:
    """How long a process takes. Raises AssertionError, with what it said, when it fails."""
    started = time.perf_counter()
    done = subprocess.run(arguments, env=variables, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    assert done.returncode == 0, done.stdout + done.stderr
    return took


def compared(rerun: Sequence[str], nothing: Sequence[str], variables: dict[str, str], times: int = TIMES) -> tuple[float, float]:
    """The median seconds of both, taken by turns after one of each that is not counted."""
    pairs = [(seconds(rerun, variables), seconds(nothing, variables)) for _ in range(times + 1)][1:]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def rows(times: int = TIMES) -> list[Row]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe, home, script = tiny_recipe(folder), folder / "runs", folder / "nothing.py"
        script.write_text(NOTHING)
        rerun, nothing = command("run", str(recipe), "--home", str(home)), [sys.executable, str(script)]
        with prefect_server(folder) as server:
            server.up()
            assert run(home, recipe, server.home, api=server.api).returncode == 0
            variables = environment(server.home)
            kept = compared(rerun, nothing, variables | {"PREFECT_API_URL": server.api}, times)
        temporary = compared(rerun, nothing, variables, times)
    return [
        row("on a running server", *kept, MOST),
        row("with a temporary server of its own", *temporary, None),
    ]


def row(where: str, rerun: float, nothing: float, most: float | None) -> Row:
    """A line of the table."""
    ratio = rerun / nothing
    what, figures = f"rerun of a finished pipeline against a no-op flow, {where}", f"{ratio:.2f}x ({rerun:.1f} s against {nothing:.1f} s)"
    return Row(what, figures, f"≤ {most:g}x", ratio <= most) if most else Row(what, figures)


if __name__ == "__main__":
    for line in rows():
        print(line)
