"""Renders an Altair chart to inline SVG whose colours are the page's CSS variables, so that one chart serves light, dark and print.

Charts are drawn in sentinel colours, one for each variable, and these are replaced in the parsed SVG; text inside is never touched by
string replacement, so a dataset's name stays a name. Nothing is fetched while rendering.
"""

import base64
import re
from xml.etree import ElementTree

import altair as alt
import vl_convert
from markupsafe import Markup

INKS = (
    "ink",
    "muted",
    "line",
    "surface",
    "accent",
    "hopeless",
    "hard",
    "medium",
    "easy",
    "trivial",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
)
SERIES = tuple(name for name in INKS if name.startswith("series-"))
COLOURS = {name: f"#0101{number:02x}" for number, name in enumerate(INKS, start=1)}
VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}
MOST_SCALED = 1.3
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
GEOMETRY = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox")
DROPPED = ("class", "font-family", "pointer-events", "stroke-miterlimit", "version", "aria-hidden")

CONFIG = {
    "aria": False,
    "background": None,
    "font": "sans-serif",
    "padding": {"left": 8, "right": 12, "top": 6, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelColor": COLOURS["muted"],
        "titleColor": COLOURS["muted"],
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": COLOURS["line"],
        "domainColor": COLOURS["line"],
        "tickColor": COLOURS["line"],
        "tickSize": 4,
        "labelPadding": 5,
    },
    "axisY": {"domain": False, "ticks": False},
    "axisX": {"grid": False, "labelFlush": False},
    "text": {"color": COLOURS["muted"], "fontSize": 12},
}


def inline_svg(chart: alt.TopLevelMixin, description: str) -> Markup:
    """The chart as an SVG element for a page: it scales with its place, and reads as `description` where it is not seen."""
    rendered = vl_convert.vegalite_to_svg({**chart.to_dict(), "config": CONFIG}, allowed_base_urls=[])
    root = ElementTree.fromstring(rendered)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = kept_attributes(element.attrib)
    remove_empty(root)
    width = float(root.attrib["viewBox"].split()[2])
    style = f"max-width:{MOST_SCALED * width:.0f}px"  # so that words have much the same size on all charts
    root.attrib = {"viewBox": root.attrib["viewBox"], "style": style, "role": "img", "aria-label": description, "focusable": "false"}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def picture_uri(svg: Markup, palette: str) -> str:
    """A chart as a picture that stands alone, on a ground of its own, as a data URI; `palette` is the CSS that gives the inks."""
    left, top, width, height = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg).groups()  # type: ignore[union-attr]
    opening, _, content = str(svg).partition(">")
    ground = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="8" fill="var(--surface)"/>'
    sized = opening.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" ', 1)
    text = f"{sized}><style>{palette} text {{ font-family: sans-serif }}</style>{ground}{content}"
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"


def kept_attributes(attributes: dict[str, str]) -> dict[str, str]:
    """An element's attributes with colours as variables, short coordinates, and without what a still picture does not need."""
    kept = {}
    for name, value in attributes.items():
        if name in GEOMETRY:
            kept[name] = LONG_NUMBER.sub(lambda match: f"{float(match[0]):.1f}", value)
        elif name not in DROPPED and not (name == "opacity" and value == "1"):
            kept[name] = VARIABLES.get(value, value)
    return kept


def remove_empty(element: ElementTree.Element) -> None:
    """Drop paths that draw nothing and groups that hold nothing."""
    for child in list(element):
        remove_empty(child)
        draws_nothing = child.tag == "path" and (child.get("display") == "none" or (not child.get("fill") and not child.get("stroke")))
        if draws_nothing or (child.tag == "g" and not len(child)):
            element.remove(child)


def ink(name: str) -> str:
    """The sentinel colour to draw in for the CSS variable `--name`."""
    return COLOURS[name]


def series_ink(position: int) -> str:
    """The colour of the series at this position (policies and stages keep theirs on every chart)."""
    return COLOURS[SERIES[position % len(SERIES)]]
