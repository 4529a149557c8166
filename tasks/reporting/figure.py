"""A chart on a page: its picture, its words, and its numbers as a table for those who want or need them."""

from dataclasses import dataclass

from markupsafe import Markup

from tasks.reporting.table import Table


@dataclass(frozen=True)
class Figure:
    """`title`, `caption` and `notes`, a line each, stand above the picture; `numbers` unfolds below it."""

    title: str
    svg: Markup
    caption: str = ""
    notes: tuple[str, ...] = ()
    numbers: Table | None = None
