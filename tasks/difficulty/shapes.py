"""Says in words what shape the mart `u_shape` found: for each shape one sentence that is true of it, of however few problems.

"U-shaped" is said where `shape` is `u`, and nowhere else: `is_u` is no more than the best guess of a fit, which a flat spread of few
problems gives every third time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NO_FIT = "none"


@dataclass(frozen=True)
class ShapeWords:
    """A shape: `short` in a table, `name` after "is", `title` and `reason` before and after the fitted parameters."""

    short: str
    name: str
    title: str
    reason: str


SHAPES = {
    "u": ShapeWords("U", "U-shaped", "U-shaped", "both surely below 1"),
    "hump": ShapeWords("hump", "humped", "A single hump", "both surely above 1"),
    "falling": ShapeWords("falling", "falling", "Falling (the harder, the more problems)", "α is surely below 1, β is not below it"),
    "rising": ShapeWords("rising", "rising", "Rising (the easier, the more problems)", "β is surely below 1, α is not below it"),
    "flat": ShapeWords("flat?", "not told apart from flat", "Not told apart from flat", "neither surely differs from 1"),
    "unclear": ShapeWords(
        "unclear", "of no clear shape", "No clear shape", "one of them surely differs from 1, the other may lie on either side of it"
    ),
    "mixture": ShapeWords(
        "mixture",
        "a mixture that no single Beta describes",
        "A mixture of two",
        "no single Beta describes the counts, so that its α and β say nothing",
    ),
    "panel": ShapeWords(
        "panel",
        "a panel's, to which nothing is fitted",
        "A panel's answers",
        "they are several models' and no rounds of one policy, so nothing is fitted to them",
    ),
    NO_FIT: ShapeWords(
        "no fit",
        "without a fit",
        "No shape",
        "the counts fix none: all are always solved, or all never, or no problem was asked twice",
    ),
}


def shape_of(row: Mapping[str, Any]) -> ShapeWords:
    """The words for a row of the mart `u_shape`."""
    return SHAPES[row["shape"] or NO_FIT]


def shapes_counted(rows: Iterable[Mapping[str, Any]]) -> str:
    """How many histograms are of which shape, in a sentence; the shapes in the order of SHAPES."""
    counts = Counter(row["shape"] or NO_FIT for row in rows)
    if not counts:
        return "No problem has been measured."
    if counts.total() == 1:
        return f"The histogram is {SHAPES[next(iter(counts))].name}."
    parts = [f"{counts[shape]} {'is' if counts[shape] == 1 else 'are'} {words.name}" for shape, words in SHAPES.items() if counts[shape]]
    return f"Of {counts.total()} histograms {', '.join(parts)}."
