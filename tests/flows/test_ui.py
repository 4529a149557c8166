"""The Prefect UI in a real browser, from a clean home: a run is started from its form with changed parameters, and its artifacts show.

Nothing is asked of any other machine. Screenshots are left under test-output/.
"""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import yaml

from tasks.lake import Lake
from tests.chromium import OUTPUT, NoChromium, Watched, chromium
from tests.flows.runs import TINY, command, environment

PATIENCE_S = 480
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Served:
    """What `difficulty-prior serve` brought up: the UI's address, and the lake."""

    ui: str
    reports: str
    home: Path

    def get(self, path: str) -> Any:
        """What the server's API says."""
        return httpx.get(f"{self.ui}/api/{path}", timeout=30).raise_for_status().json()

    def ask(self, path: str, **body: Any) -> Any:
        """What the server's API finds."""
        return httpx.post(f"{self.ui}/api/{path}", json=body, timeout=30).raise_for_status().json()


def free_ports() -> int:
    """A port that is free, and so is the next one."""
    for port in range(24_200, 24_400, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise OSError("no two free ports from 24200 to 24400")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; without one this file is skipped."""
    try:
        with chromium() as found:
            yield found
    except NoChromium as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def served(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Everything that `serve` brings up, from clean homes; ended as by Ctrl-C."""
    folder, port = tmp_path_factory.mktemp("served"), free_ports()
    log, home = folder / "serve.log", folder / "runs"
    arguments = command("serve", "--home", str(home), "--port", str(port))
    with log.open("w") as output:
        process = subprocess.Popen(arguments, env=environment(folder / "prefect"), stdout=output, stderr=subprocess.STDOUT)
    try:
        awaited(lambda: "ready;" in log.read_text() or process.poll() is not None, "serve to be ready")
        assert process.poll() is None, log.read_text()
        yield Served(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", home)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def awaited(happened: Any, what: str, every: float = 0.5) -> Any:
    """What `happened` gives once it is true. Fails after PATIENCE_S."""
    started = time.monotonic()
    while not (found := happened()):
        assert time.monotonic() - started < PATIENCE_S, f"waited {PATIENCE_S} s for {what}"
        time.sleep(every)
    return found


def quick_recipe(folder: Path) -> Path:
    """The tiny recipe with one stage and no hints."""
    fields = deepcopy(TINY)
    fields["training"]["stage2"] = fields["curation"]["stage2"] = None
    fields["evaluation"]["hints"] = False
    path = folder / "quick.yaml"
    path.write_text(yaml.safe_dump({**fields, "name": "quick"}))
    return path


def test_a_run_is_started_from_the_form(served, browser, tmp_path):
    OUTPUT.mkdir(exist_ok=True)
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        page = context.new_page()
        watched = Watched(page)
        fill_in(page, served, quick_recipe(tmp_path))
        run = awaited(lambda: started_run(served), "the run to be there")
        assert (run["parameters"]["rounds"], run["parameters"]["stage1_steps"]) == (3, 2)
        ended = awaited(lambda: ended_run(served, run["id"]), "the run to end", every=1)
        assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
        look_at_run(page, served, run["id"])
        assert watched.outside(served.ui, served.reports, "blob:") == []
    assert pl.read_parquet(next(served.home.glob("difficulty/*/difficulty.parquet")))["n"].max() == 3
    assert Lake(served.home).scan("groups").select(pl.col("step").max()).collect().item() == 2


def fill_in(page: Any, served: Served, recipe: Path) -> None:
    """Start the pipeline from its form, with other parameters than it offers."""
    page.goto(f"{served.ui}/deployments")
    page.get_by_role("link", name="pipeline", exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    parameter(page, "recipe").locator("textarea").fill(str(recipe))
    for name, value in (("rounds", "3"), ("stage1_steps", "2")):
        parameter(page, name).get_by_role("button", name="int", exact=True).click()
        parameter(page, name).locator("input").fill(value)
    assert "How often every problem is sampled" in parameter(page, "rounds").inner_text()
    page.screenshot(path=OUTPUT / "ui-form.png")
    page.get_by_role("button", name="Submit").click()


def parameter(page: Any, name: str) -> Any:
    """The part of the form that a parameter is in."""
    return page.locator(".schema-form-property").filter(has=page.get_by_text(re.compile(rf"^{name}\b"))).last


def started_run(served: Served) -> dict[str, Any] | None:
    """The run that the form has started."""
    runs = served.ask("flow_runs/filter", deployments={"name": {"any_": ["pipeline"]}})
    return runs[0] if runs else None


def ended_run(served: Served, run_id: str) -> dict[str, Any] | None:
    """The flow run once it has ended."""
    run = served.get(f"flow_runs/{run_id}")
    return run if run["state_type"] in ENDED else None


def look_at_run(page: Any, served: Served, run_id: str) -> None:
    """Look at the run's artifacts as a person would, and open the report by its link."""
    page.goto(f"{served.ui}/runs/flow-run/{run_id}")
    page.get_by_text("Artifacts", exact=True).last.click()
    for key in ("quick-report", "quick-curated-sets", "quick-evaluation", "quick-cost"):
        page.get_by_text(key, exact=True).first.wait_for()
    page.screenshot(path=OUTPUT / "ui-run.png", full_page=True)
    open_artifact(page, served, "quick-difficulty-starter-figures-train")
    picture = page.get_by_role("img", name="Histogram")
    picture.wait_for()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 200
    page.screenshot(path=OUTPUT / "ui-histogram.png")
    open_artifact(page, served, "quick-report")
    page.get_by_role("link", name="Open the report").wait_for()
    page.screenshot(path=OUTPUT / "ui-report.png")
    page.goto(page.get_by_role("link", name="Open the report").get_attribute("href"))
    assert page.locator("h1").inner_text() == "quick" and page.locator("#result .card").count() == 2
    page.get_by_role("link", name="All runs").click()
    page.get_by_role("link", name="quick").wait_for()


def open_artifact(page: Any, served: Served, key: str) -> None:
    """Go to the last version of an artifact."""
    [found] = [item for item in served.ask("artifacts/filter") if item["key"] == key]
    page.goto(f"{served.ui}/artifacts/artifact/{found['id']}")
