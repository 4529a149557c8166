"""A real Chromium, headless, for tests and benchmarks of pages: the one of CHROMIUM, of the system, or of `playwright install chromium`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks.base.process import PROJECT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium here: install the system's (apt-get install chromium), run `playwright install chromium`, or set CHROMIUM to one"
OUTPUT = PROJECT / "test-output"


class NoChromium(Exception):
    """There is no Chromium, or no Playwright to drive it."""


def executable(playwright: Any) -> str:
    """Where Chromium is. Raises NoChromium."""
    known = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), playwright.chromium.executable_path]
    found = [path for path in known if path and Path(path).is_file()]
    if not found:
        raise NoChromium(MISSING)
    return found[0]


@contextmanager
def chromium(*options: str) -> Iterator[Any]:
    """A browser; without its sandbox, which wants rights that containers lack, as it only sees pages of our own. Raises NoChromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoChromium("no Playwright here: pip install 'difficulty-prior[dev]'") from error

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(playwright), args=["--no-sandbox", *options])
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """What a page does that it should not: what it says on the console, asks of elsewhere, and opens."""

    def __init__(self, page: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.asked.append(request.url))

    def outside(self, *own: str) -> list[str]:
        """The requests but for those that start with one of `own`; what lies in the page itself (data:) is no request."""
        return [url for url in self.asked if not url.startswith((*own, "data:"))]
