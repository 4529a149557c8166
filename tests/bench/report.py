"""The report of a large run: how big its page is, how long it takes to make, and how long Chromium takes to open it.

`python -m tests.bench.report` runs it. The lake is made up by the writers that a real run uses (tests/reporting/made.py); questions,
answers and pictures are as long and as large as real ones. Opening is from asking for the file to a page that is loaded and laid out, the
median over fresh browser contexts.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tasks.reporting.task import PAGE, ReportRequest, report_run
from tests.bench.row import Row
from tests.chromium import chromium
from tests.reporting.made import Run, Size, make

PROBLEMS, OPENINGS = 5_000, 5
SECONDS, MEGABYTES = 2.0, 15.0
LAID_OUT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(document.body.offsetHeight))))"


@dataclass(frozen=True)
class Opened:
    """A page's bytes, the seconds that making it took, and those of each opening."""

    size: int
    made: float
    openings: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return median(self.openings)


def large_run(home: Path, problems: int) -> Run:
    """A run of so many training problems in two datasets, and a tenth as many held out."""
    said = "Let us look at the figure and work it out step by step. " * 25
    size = Size(
        problems=problems // 2,
        heldout=max(20, problems // 20),
        images=24,
        image_side=640,
        steps=200,
        question="<image>" + "In the figure, the red cells hold numbers that add up to what is asked for. " * 8,
        response=f"<think>{said}</think> \\boxed{{{{{{answer}}}}}}",
    )
    return make(home, size)


def opened(browser: Any, problems: int, openings: int = OPENINGS) -> Opened:
    """Make the run and its report, and open it so often."""
    with tempfile.TemporaryDirectory() as folder:
        run = large_run(Path(folder), problems)
        started = time.perf_counter()
        page = report_run.fn(ReportRequest(**run.arguments)).file(PAGE)
        made = time.perf_counter() - started
        return Opened(page.stat().st_size, made, tuple(open_once(browser, page) for _ in range(openings)))


def open_once(browser: Any, page: Path) -> float:
    """Seconds until the page is loaded and laid out, in a context of its own."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        tab = context.new_page()
        started = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="load")
        assert tab.evaluate(LAID_OUT) > 1_000
        return time.perf_counter() - started


def rows(problems: int = PROBLEMS) -> list[Row]:
    """All of it. Raises NoChromium."""
    with chromium() as browser:
        found = opened(browser, problems)
    what = f"the report of a run of {problems:,} problems"
    slowest = max(found.openings)
    return [
        Row(f"{what}: opened in Chromium", f"{found.seconds:.2f} s (slowest {slowest:.2f} s)", f"< {SECONDS:.0f} s", slowest < SECONDS),
        Row(f"{what}: size", f"{found.size / 1e6:.2f} MB", f"< {MEGABYTES:.0f} MB", found.size < MEGABYTES * 1e6),
        Row(f"{what}: made in", f"{found.made:.1f} s"),
    ]


if __name__ == "__main__":
    for line in rows():
        print(line)
