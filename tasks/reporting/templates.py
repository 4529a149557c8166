"""Lays parts out by a template of this room, with the style that all its pages share; everything that others wrote is escaped."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

ROOM = Path(__file__).parent
STYLE = "report.css"


def palette() -> str:
    """The part of the style that gives the inks, for light and for dark."""
    style = (ROOM / STYLE).read_text(encoding="utf-8")
    return style[: style.index("* {")]


def laid_out(template: str, **parts: Any) -> str:
    """A template with the pages' style; whatever is not Markup is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOM), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = Markup((ROOM / STYLE).read_text(encoding="utf-8"))
    return environment.get_template(template).render(style=style, **parts)
