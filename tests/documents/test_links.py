"""Every relative link of every Markdown page leads to a file, and to a heading where it names one."""

from pathlib import Path

import pytest

from tasks.base.process import PROJECT
from tests.documents.pages import anchors, broken_links, pages

PAGES = pages(PROJECT)
READ_FIRST = {
    "README.md",
    ".github/CONTRIBUTING.md",
    "deployments/README.md",
    "flows/README.md",
    "sql/README.md",
    "sql/COOKBOOK.md",
    "tasks/README.md",
    "tests/README.md",
    "tests/bench/RESULTS.md",
}
PAGE = """# A page

[one](there.md) [`two`](there.md#what-it-says) [here](#a-page) [a folder](folder) <img src="picture.webp" alt="">
[out there](https://example.org/nowhere.md) and `[code](nowhere.md)`

```md
[in a block](nowhere.md)
```
"""
THERE = "# There\n\n## What it says\n\n```sh\n# not a heading\n```\n\n## Twice\n\n## Twice\n\n## `code`, “quotes” & [links](x.md)\n"


def test_the_pages_that_people_read_are_looked_at() -> None:
    assert {str(page.relative_to(PROJECT)) for page in PAGES} >= READ_FIRST


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, PROJECT) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two pages, a folder and a picture, beside a file that is not its own."""
    (tmp_path / "outside.md").write_text("# Outside\n")
    project = tmp_path / "project"
    (project / "folder").mkdir(parents=True)
    (project / "picture.webp").touch()
    (project / "there.md").write_text(THERE)
    return project


@pytest.mark.parametrize(
    "link",
    [
        "nowhere.md",
        "there.md#not-a-heading",
        "there.md#what-it-say",
        "there.md#twice-2",
        "#there",
        "folder/there.md",
        "folder#there",
        "../outside.md",
        "/etc/hosts",
        "picture.png",
    ],
)
def test_a_link_that_leads_nowhere_is_found(project: Path, link: str) -> None:
    page = project / "page.md"
    page.write_text(f"{PAGE}\nAnd a [broken one]({link}).\n")
    assert broken_links(page, project) == [link]


def test_headings_are_named_as_github_names_them() -> None:
    assert anchors(THERE) == {"there", "what-it-says", "twice", "twice-1", "code-quotes--links"}
