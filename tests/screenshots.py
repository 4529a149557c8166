"""`make screenshots`: the README's pictures of the report and of the Prefect UI, from the lake of a finished run.

`python -m tests.screenshots HOME` writes them to .github/images/. The UI is that of a server of its own, started for it with a home of its
own, in which the finished run is run again: everything is cached, but the report, which is made anew so that the UI shows its artifacts.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.base.process import PROJECT
from tasks.reporting.index import REPORTS, reports_of
from tests.chromium import chromium
from tests.flows.service.serving import serving

IMAGES, MOST_BYTES = PROJECT / ".github" / "images", 150_000
SETTLES_MS = 1500  # until the UI has drawn its pictures
QUALITIES = (90, 80, 65, 50)


def keep(shot: bytes, name: str) -> None:
    """Write a screenshot as WebP, at the best quality that stays small."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for quality in QUALITIES:
        content = io.BytesIO()
        Image.open(io.BytesIO(shot)).convert("RGB").save(content, "WEBP", quality=quality, method=6)
        if content.tell() <= MOST_BYTES:
            break
    (IMAGES / f"{name}.webp").write_bytes(content.getvalue())
    print(f"{IMAGES / name}.webp: {content.tell():,} bytes")


def newest_report(home: Path, recipe: str) -> Path:
    """The page of the last run of a recipe."""
    return home / REPORTS / next(report.link for report in reports_of(home) if report.name == recipe)


def shoot_report(browser: Any, home: Path, recipe: str) -> None:
    """The top of the report, light and dark, and on a phone."""
    page = newest_report(home, recipe)
    for name, width, height, scheme in (
        ("report", 1440, 1000, "light"),
        ("report-dark", 1440, 1000, "dark"),
        ("report-phone", 390, 844, "light"),
    ):
        with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1.25) as context:
            tab = context.new_page()
            tab.goto(page.as_uri())
            keep(tab.screenshot(), name)


def shoot_ui(browser: Any, home: Path, recipe: str) -> None:
    """A run and its artifacts."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.rmtree(newest_report(home, recipe).parent)  # it is made anew by the run
        with serving(Path(folder), "--home", str(home)) as served:
            run = served.ended(served.start("pipeline", recipe=recipe))
            ui = served.api.removesuffix("/api")
            with browser.new_context(viewport={"width": 1440, "height": 900}, device_scale_factor=1.25) as context:
                tab = context.new_page()
                tab.goto(f"{ui}/sign-in#{served.password}")
                tab.wait_for_url("**/deployments")
                tab.goto(f"{ui}/runs/flow-run/{run['id']}")
                tab.get_by_text("Artifacts", exact=True).last.click()
                tab.get_by_text(f"{recipe}-report").first.wait_for()
                tab.wait_for_timeout(SETTLES_MS)
                keep(tab.screenshot(), "ui-run")


def main(home: Path, recipe: str = "starter") -> None:
    """All of them."""
    with chromium() as browser:
        shoot_ui(browser, home, recipe)
        shoot_report(browser, home, recipe)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), *sys.argv[2:])
