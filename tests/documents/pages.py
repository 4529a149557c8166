"""The project's Markdown pages, and what tests look for in them: links, headings, blocks of code, inline code."""

import re
from pathlib import Path

FOLDERS = ("", ".github", "deployments", "flows", "sql", "tasks", "tests")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?:\]\(|<img src=\")([^)\s\"]+)")


def pages(project: Path) -> list[Path]:
    """Every Markdown page of the project, whatever stands in its environment, lakes and caches."""
    found = {page for folder in FOLDERS for page in (project / folder).glob("*.md" if not folder else "**/*.md")}
    return sorted(page for page in found if page.is_file())


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code in a language."""
    return [code for name, code in FENCED.findall(text) if name == language]


def prose(text: str) -> str:
    """A page's text without its blocks of code."""
    return FENCED.sub("", text)


def inline_code(text: str) -> list[str]:
    """What stands between single backquotes, on one line."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def table_under(text: str, head: str) -> list[list[str]]:
    """The rows of the table whose first line begins so, each as its cells."""
    lines = text[text.index(head) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def anchors(text: str) -> set[str]:
    """What a link to a place of a page may name: its headings as GitHub turns them into ids."""
    seen: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
        seen[anchor] = seen.get(anchor, 0) + 1
    return found


def broken_links(page: Path, project: Path) -> list[str]:
    """The relative links of a page that lead nowhere: to no file, out of the project, or to a heading that is not there."""
    text = prose(page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(re.sub(r"`[^`\n]*`(?!\])", "", text)) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if not leads_somewhere(link, page, project)]


def leads_somewhere(link: str, page: Path, project: Path) -> bool:
    """Whether a relative link names a file or folder of the project and, after a #, one of its headings."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page.resolve()
    if path.startswith("/") or not target.exists() or not target.is_relative_to(project.resolve()):
        return False
    return not anchor or (target.suffix == ".md" and anchor in anchors(target.read_text(encoding="utf-8")))
