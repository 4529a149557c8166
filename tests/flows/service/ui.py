"""The Prefect UI in a real browser: a run is started from its form with changed parameters, and its artifacts show.

Nothing is asked of any other machine. Screenshots are left under test-output/.
"""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from tests.chromium import OUTPUT, Watched
from tests.flows.runs import TINY
from tests.flows.service.serving import Served


def ui(served: Served) -> str:
    """Where the UI is."""
    return served.api.removesuffix("/api")


def quick_recipe(folder: Path) -> Path:
    """The tiny recipe with one stage and no hints."""
    fields = deepcopy(TINY)
    del fields["stages"]["stage2"]
    fields["evaluation"]["hints"] = False
    path = folder / "quick.yaml"
    path.write_text(yaml.safe_dump({**fields, "name": "quick"}))
    return path


def start_from_the_form(served: Served, browser: Any, folder: Path) -> None:
    """Fill in the form as a person would, and look at what the run leaves once it has ended."""
    OUTPUT.mkdir(exist_ok=True)
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        page = context.new_page()
        watched = Watched(page)
        fill_in(page, served, quick_recipe(folder))
        run = served.until(lambda: started_run(served))
        page.goto("about:blank")  # the UI looks again and again, which takes from the run
        assert (run["parameters"]["rounds"], run["parameters"]["steps"]) == (3, "stage1=2")
        reports = f"http://127.0.0.1:{int(ui(served).rpartition(':')[2]) + 1}"
        ended = served.ended(run)
        assert ended["state_type"] == "COMPLETED", served.said()
        assert ended["name"] == "quick" and ended["state"]["message"].startswith(f"report: {reports}/")
        look_at_run(page, served, run["id"])
        assert watched.outside(ui(served), reports, "blob:") == []


def fill_in(page: Any, served: Served, recipe: Path) -> None:
    """Start the pipeline from its form, with other parameters than it offers."""
    page.goto(f"{ui(served)}/sign-in#{served.password}")
    page.wait_for_url("**/deployments")
    page.get_by_role("link", name="pipeline", exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    parameter(page, "recipe").locator("textarea").fill(str(recipe))
    for name, kind, field, value in (("rounds", "int", "input", "3"), ("steps", "str", "textarea", "stage1=2")):
        parameter(page, name).get_by_role("button", name=kind, exact=True).click()
        parameter(page, name).locator(field).fill(value)
    assert "How often every problem is sampled" in parameter(page, "rounds").inner_text()
    page.screenshot(path=OUTPUT / "ui-form.png")
    page.get_by_role("button", name="Submit").click()


def parameter(page: Any, name: str) -> Any:
    """The part of the form that a parameter is in."""
    return page.locator(".schema-form-property").filter(has=page.get_by_text(re.compile(rf"^{name}\b"))).last


def started_run(served: Served) -> dict[str, Any] | None:
    """The run that the form has started."""
    runs = served.post("/flow_runs/filter", deployments={"name": {"any_": ["pipeline"]}}).json()
    return runs[0] if runs else None


def look_at_run(page: Any, served: Served, run_id: str) -> None:
    """Look at the run's artifacts as a person would, and open the report by its link."""
    page.goto(f"{ui(served)}/runs/flow-run/{run_id}")
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
    [found] = [item for item in served.post("/artifacts/filter").json() if item["key"] == key]
    page.goto(f"{ui(served)}/artifacts/artifact/{found['id']}")
