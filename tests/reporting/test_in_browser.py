"""The pages in a real browser: nothing in them acts or asks for anything, and they can be read and used at every width.

Screenshots are left under test-output/.
"""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.reporting.index import write_index
from tasks.reporting.task import PAGE, ReportRequest, report_run
from tests.bench.report import MEGABYTES, SECONDS, opened
from tests.chromium import OUTPUT, NoChromium, Watched, chromium
from tests.reporting.made import Run
from tests.reporting.test_report import HOSTILE_NAME

pytestmark = pytest.mark.process

VIEWS = [(390, "light"), (820, "light"), (1440, "light"), (390, "dark")]  # a scheme changes colours alone
MARK = "acted=1"
ACTING_NAME = f"<img src=x onerror='{MARK}'>"
ACTING_TEXT = (
    f"</pre></style></svg></p><script>{MARK}</script><img src=https://example.org/x onerror='{MARK}'> {{answer}} javascript:alert(1)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; without one the tests of this file are skipped."""
    try:
        with chromium() as found:
            yield found
    except NoChromium as error:
        pytest.skip(str(error))


def address(run: Run) -> str:
    """Where the report of a run is to be opened; it is made first."""
    return report_run.fn(ReportRequest(**run.arguments)).file(PAGE).as_uri()


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_pages_fit_every_width(made, browser, width, scheme):
    OUTPUT.mkdir(exist_ok=True)
    here = address(made())
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        watched = Watched(page)
        for name, url in (("report", here), ("index", f"{here.rsplit('/', 2)[0]}/index.html")):
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            page.screenshot(path=OUTPUT / f"{name}-{width}-{scheme}.png", full_page=True)
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor")
            == {
                "light": "rgb(246, 246, 243)",
                "dark": "rgb(20, 23, 26)",
            }[scheme]
        )
        assert watched.said == [] and watched.outside("file:///") == []


def test_nothing_that_others_wrote_acts(made, browser):
    run = made(datasets=(ACTING_NAME, HOSTILE_NAME), question=f"<image>{ACTING_TEXT}", response=ACTING_TEXT, problems=24)
    with browser.new_context() as context:
        page = context.new_page()
        watched = Watched(page)
        page.goto(address(run))
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert ACTING_NAME in page.inner_text("#difficulty") and "<script>" in page.inner_text("#examples")
        assert page.evaluate("window.acted ?? null") is None
        page.goto(f"{page.url.rsplit('/', 2)[0]}/index.html")
        assert page.evaluate("window.acted ?? null") is None
        assert watched.said == []
        assert {url.rsplit("/", 1)[1] for url in watched.asked if not url.startswith("data:")} == {"report.html", "index.html"}


def test_pages_can_be_used_by_keyboard(made, browser):
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(address(made()))
        page.keyboard.press("Tab")
        skip = page.locator("a.skip")
        assert skip.evaluate("link => link === document.activeElement") and skip.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#result")
        summary = page.locator("#difficulty summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("#difficulty details").first.get_attribute("open") is not None
        page.keyboard.press("Tab")
        outline = page.evaluate("(element => [getComputedStyle(element).outlineStyle, element.tagName])(document.activeElement)")
        assert outline == ["solid", "DIV"]  # the table that it unfolded, which scrolls
        for link in page.locator("nav a").all():
            assert page.locator(f"section{link.get_attribute('href')}").count() == 1


def test_pages_print_whole(made, browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address(made()))
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert page.locator("#examples .responses").first.is_visible() and page.locator("#curated .sql").first.is_visible()
        printed = page.pdf(format="A4")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 5 < pages < 100  # most of them are the data dictionary and the rules' SQL


def test_index_lists_what_is_there(made, browser):
    run = made()
    home = run.home
    first = report_run.fn(ReportRequest(**run.arguments))
    second = report_run.fn(ReportRequest(**{**run.arguments, "name": ACTING_NAME}))
    with browser.new_context() as context:
        page = context.new_page()
        watched = Watched(page)
        page.goto((home / "reports" / "index.html").as_uri())
        assert {"starter", ACTING_NAME} <= set(page.locator(".run h2").all_inner_texts())
        page.get_by_role("link", name="starter", exact=True).first.click()
        assert page.locator("h1").inner_text() == "starter" and first.key in page.url
        page.get_by_role("link", name="All runs").click()
        shutil.rmtree(second.path)
        write_index(home)
        page.reload()
        assert ACTING_NAME not in page.locator(".run h2").all_inner_texts()
        assert watched.said == []


def test_a_large_report_opens_at_once(browser):
    found = opened(browser, 600, openings=2)
    assert found.seconds < SECONDS and found.size < MEGABYTES * 1e6 / 4
