"""How hard the problems are: a histogram per dataset with its Beta-binomial verdict."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from tasks.difficulty.shapes import shape_of, shapes_counted
from tasks.estimates.fit import PROFILE
from tasks.estimates.settings import BANDS, band_ranges
from tasks.reporting.charts import Ends, histogram_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Difficulty
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, number, parameter, percent

MOST_CHARTS = 12
MOST_LETTERS = 400  # of a reason
PLACE = ["dataset", "split"]


def difficulty_section(inputs: Difficulty, set_aside: Sequence[str] = ()) -> dict[str, Any]:
    """Figures of the largest datasets, a table of all of them, and what was `set_aside`, before it was asked or since nothing came."""
    shapes = inputs.shapes
    drawn = [figure_of(inputs, shape) for shape in shapes.head(MOST_CHARTS).iter_rows(named=True)]
    return {
        "figures": drawn,
        "not_drawn": max(0, len(shapes) - MOST_CHARTS),
        "overview": overview(inputs, shapes),
        "bands": band_ranges(inputs.edges),
        "unmeasured": " ".join(filter(None, [unmeasured(inputs.by_problem), misplaced(inputs)])),
        "set_aside": [label(line, MOST_LETTERS) for line in set_aside],
        "headline": shapes_counted(shapes.iter_rows(named=True)),
        "has_u": "u" in shapes["shape"],
    }


def figure_of(inputs: Difficulty, shape: dict[str, Any]) -> Figure:
    """The histogram of one dataset and split."""
    rows = inputs.histogram.filter(*(pl.col(name) == shape[name] for name in PLACE)).sort("bin")
    name = place_title(shape, inputs.shapes)
    never, always = percent(shape["never_share"], 0), percent(shape["always_share"], 0)
    description = (
        f"Histogram of {shape['problems']} problems of {name}: {never} were never solved and {always} every time. {verdict(shape)}"
    )
    numbers = table(
        f"{name}: problems by times solved",
        ("#solved", "#accuracy", "band", "#problems", "#share", "#fit"),
        [
            (row["bin"], percent(row["accuracy"], 0), row["band"], f"{row['problems']:,}", percent(row["share"]), number(row["expected"]))
            for row in rows.iter_rows(named=True)
        ],
    )
    return Figure(
        title=name,
        svg=histogram_chart(rows, Ends(inputs.edges.low, inputs.edges.high), description),
        caption=verdict(shape),
        numbers=numbers,
    )


def place_title(row: dict[str, Any], rows: pl.DataFrame) -> str:
    """The dataset's name, with its split where the table has several splits."""
    name = label(row["dataset"])
    return f"{name} / {label(row['split'])}" if rows["split"].n_unique() > 1 else name


def verdict(shape: dict[str, Any]) -> str:
    """What the Beta-binomial fit says, in one sentence."""
    words = shape_of(shape)
    if shape["alpha"] is None:
        return f"{words.title}: {words.reason}."
    return f"{words.title}: α = {parameter(shape['alpha'])}, β = {parameter(shape['beta'])}, {words.reason}."


def overview(inputs: Difficulty, shapes: pl.DataFrame) -> Table:
    """Every dataset with its problems by band and its verdict."""
    counts = inputs.by_problem.group_by([*PLACE, "band"]).len()
    found = {(dataset, split, band): n for dataset, split, band, n in counts.iter_rows()}
    rows = [
        (
            place_title(shape, shapes),
            f"{shape['problems']:,}",
            *(f"{found.get((shape['dataset'], shape['split'], band), 0):,}" for band in BANDS),
            parameter(shape["alpha"]),
            parameter(shape["beta"]),
            shape_of(shape).short,
        )
        for shape in shapes.iter_rows(named=True)
    ]
    return table("Problems by band of difficulty", ("dataset", "#problems", *(f"#{band}" for band in BANDS), "#α", "#β", "shape"), rows)


def unmeasured(by_problem: pl.DataFrame) -> str:
    """Where problems have no accuracy, how many and of what; they are in no histogram."""
    missing = by_problem.filter(pl.col("accuracy").is_null()).group_by(PLACE).len().sort(PLACE)
    if missing.is_empty():
        return ""
    places = ", ".join(f"{count:,} of {label(dataset)} / {label(split)}" for dataset, split, count in missing.iter_rows())
    return f"Unmeasured, since no answer to them counts: {places}."


def misplaced(inputs: Difficulty) -> str:
    """How many problems are expected to be in another band than their raw share says; empty where no estimate is at hand."""
    if inputs.posteriors is None:
        return ""
    known = inputs.by_problem.filter(pl.col("n") > 0).join(inputs.posteriors, on=[*PROFILE, "n", "k"])
    sure = pl.coalesce(pl.when(pl.col("band") == band).then(pl.col(f"p_{band}")) for band in BANDS)
    share = known.select((1 - sure).mean()).item()
    return (
        "" if share is None else f"Bands are those of the raw shares; about {percent(share, 0)} of problems are expected to be in another."
    )
