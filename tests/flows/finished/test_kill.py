"""A run that is killed twice, then finished, leaves the tables of an undisturbed one. `make bench` kills many more times."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from polars.testing import assert_frame_equal

from tests.flows.finished.conftest import Finished
from tests.flows.runs import command, environment, run, tables
from tests.patience import until

pytestmark = pytest.mark.process

POINTS: dict[str, Callable[[Path], bool]] = {
    "while the first stage trains": lambda home: any(home.glob("aside/stages-*/**/checkpoint-2")),
    "in the evaluation": lambda home: (
        len(list(home.glob("stages/*/manifest.json"))) == 2 and len(list(home.glob("graded/*/manifest.json"))) >= 3
    ),
}


def kill_at(reached: Callable[[Path], bool], home: Path, recipe: Path, prefect_home: Path) -> None:
    """Start the run, and SIGKILL it as soon as its lake shows that the point is reached."""
    before, output = set(psutil.pids()), (home.parent / f"{home.name}.log").open("a")
    process = subprocess.Popen(
        command("run", str(recipe), "--home", str(home)), env=environment(prefect_home), stdout=output, stderr=subprocess.STDOUT
    )
    try:
        until(lambda: reached(home) or process.poll() is not None)
        assert process.poll() is None, f"the run ended before the point was reached: see {output.name}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not left_running(prefect_home, before), lambda: f"outlived the killed run: {left_running(prefect_home, before)}")


def left_running(prefect_home: Path, before: set[int]) -> list[str]:
    """What a killed run with this PREFECT_HOME has left, and was not there before: workers, fork servers, graders, a temporary server."""
    left: list[str] = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid not in before
                and process.environ().get("PREFECT_HOME") == str(prefect_home)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                left.append(f"{process.status()} {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return left


def test_killed_and_finished_equals_undisturbed(tmp_path: Path, prefect_home: Path, finished: Finished) -> None:
    killed = tmp_path / "killed"
    for reached in POINTS.values():
        kill_at(reached, killed, finished.recipe, prefect_home)
    done = run(killed, finished.recipe, prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    found = tables(killed)
    for relation, rows in tables(finished.home).items():
        assert_frame_equal(found[relation], rows, check_exact=True)
