"""The Prefect UI in a real browser, from a clean home: a run is started from its form with changed parameters, and its artifacts show.

Nothing is asked of any other machine. Screenshots are left under test-output/.
"""

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

PATIENCE_S = 240
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Served:
    """What `difficulty-prior serve` brought up: the UI's address, and the lake."""

    ui: str
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
        yield Served(f"http://127.0.0.1:{port}", home)
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
        page.goto(f"{served.ui}/deployments")
        page.get_by_role("link", name="pipeline", exact=True).click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("Custom run").click()
        field(page, "recipe").fill(str(quick_recipe(tmp_path)))
        field(page, "rounds").fill("3")
        field(page, "stage1_steps").fill("2")
        page.screenshot(path=OUTPUT / "ui-form.png", full_page=True)
        page.get_by_role("button", name="Submit").click()
        [run] = awaited(lambda: served.ask("flow_runs/filter"), "the run to be there")
        assert (run["parameters"]["rounds"], run["parameters"]["stage1_steps"]) == (3, 2)
        ended = awaited(lambda: ended_run(served, run["id"]), "the run to end", every=1)
        assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
        page.goto(f"{served.ui}/runs/flow-run/{run['id']}?tab=Artifacts")
        page.get_by_text("quick-evaluation").first.wait_for()
        page.screenshot(path=OUTPUT / "ui-run.png", full_page=True)
        look_at_artifacts(page, served)
        assert watched.outside(served.ui, f"{served.ui[:-1]}") == []
    assert pl.read_parquet(next(served.home.glob("difficulty/*/difficulty.parquet")))["n"].max() == 3
    steps = Lake(served.home).scan("groups").select(pl.col("step").max()).collect().item()
    assert steps == 2


def field(page: Any, name: str) -> Any:
    """The form's input for a parameter."""
    return page.get_by_label(name, exact=False).first


def ended_run(served: Served, run_id: str) -> dict[str, Any] | None:
    """The flow run once it has ended."""
    run = served.get(f"flow_runs/{run_id}")
    return run if run["state_type"] in ENDED else None


def look_at_artifacts(page: Any, served: Served) -> None:
    """Open the artifacts of the run as a person would, and the report from its link."""
    page.goto(f"{served.ui}/artifacts")
    page.get_by_text("quick-report").first.wait_for()
    page.screenshot(path=OUTPUT / "ui-artifacts.png", full_page=True)
    page.goto(f"{served.ui}/artifacts/key/quick-report")
    page.get_by_role("link", name="Open the report").first.wait_for()
    page.screenshot(path=OUTPUT / "ui-report.png", full_page=True)
    address = page.get_by_role("link", name="Open the report").first.get_attribute("href")
    page.goto(address)
    assert page.locator("h1").inner_text() == "quick" and page.locator("#result .card").count() == 2
