"""How hard the problems are: a histogram per dataset with its Beta-binomial verdict."""

from math import exp, lgamma
from typing import Any

import polars as pl

from tasks.difficulty.settings import BANDS
from tasks.reporting.charts import histogram_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Difficulty
from tasks.reporting.table import Table, table
from tasks.reporting.wording import label, number, parameter, percent

MOST_CHARTS = 12
PLACE = ["dataset", "split"]


def difficulty_section(inputs: Difficulty) -> dict[str, Any]:
    """Figures of the largest datasets, and a table of all of them."""
    shapes = inputs.shapes
    drawn = [figure_of(inputs, shape) for shape in shapes.head(MOST_CHARTS).iter_rows(named=True)]
    return {
        "figures": drawn,
        "not_drawn": max(0, len(shapes) - MOST_CHARTS),
        "overview": overview(inputs, shapes),
        "bands": band_ranges(inputs),
        "headline": shape_headline(shapes),
    }


def shape_headline(shapes: pl.DataFrame) -> str:
    """In words, how many datasets are U-shaped."""
    u_shaped = int(shapes["is_u"].fill_null(False).sum())
    if len(shapes) == 1:
        return "The dataset is U-shaped." if u_shaped else "The dataset is not U-shaped."
    return f"{u_shaped} of {len(shapes)} datasets are U-shaped."


def figure_of(inputs: Difficulty, shape: dict[str, Any]) -> Figure:
    """The histogram of one dataset and split."""
    rows = inputs.histogram.filter(*(pl.col(name) == shape[name] for name in PLACE)).sort("bin")
    rows = rows.with_columns(expected=expected(rows, shape))
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
    return Figure(title=name, svg=histogram_chart(rows, inputs.edges, description), caption=verdict(shape), numbers=numbers)


def place_title(row: dict[str, Any], rows: pl.DataFrame) -> str:
    """The dataset's name, with its split where the table has several splits."""
    name = label(row["dataset"])
    return f"{name} / {label(row['split'])}" if rows["split"].n_unique() > 1 else name


def verdict(shape: dict[str, Any]) -> str:
    """What the Beta-binomial fit says, in one sentence."""
    if shape["alpha"] is None:
        return "No shape: the counts fix no Beta-binomial."
    sizes = f"α = {parameter(shape['alpha'])}, β = {parameter(shape['beta'])}"
    if not shape["is_u"]:
        return f"Not U-shaped: {sizes}, not both below 1."
    return f"U-shaped: {sizes}, both below 1{'' if shape['shape'] == 'u' else ', though chance alone could do that'}."


def expected(rows: pl.DataFrame, shape: dict[str, Any]) -> pl.Series:
    """How many problems the fit expects in each bin; null without a fit."""
    if shape["alpha"] is None:
        return pl.Series([None] * len(rows), dtype=pl.Float64)
    bins = rows.select("bin", "bins").iter_rows()
    return pl.Series([shape["problems"] * beta_binomial(k, n, shape["alpha"], shape["beta"]) for k, n in bins], dtype=pl.Float64)


def beta_binomial(k: int, n: int, alpha: float, beta: float) -> float:
    """The chance of k successes of n under a Beta-binomial."""
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + log_beta(k + alpha, n - k + beta) - log_beta(alpha, beta))


def log_beta(a: float, b: float) -> float:
    """Logarithm of the Beta function."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


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
            "no fit" if shape["alpha"] is None else "U" if shape["is_u"] else "not U",
        )
        for shape in shapes.iter_rows(named=True)
    ]
    return table("Problems by band of difficulty", ("dataset", "#problems", *(f"#{band}" for band in BANDS), "#α", "#β", "shape"), rows)


def band_ranges(inputs: Difficulty) -> list[tuple[str, str]]:
    """Each band with its range of accuracy, for the legend."""
    edges = inputs.edges
    low, hard, medium, high = (f"{edge:g}" for edge in (edges.low, edges.hard_below, edges.medium_below, edges.high))
    ranges = (f"below {low}", f"{low} to {hard}", f"{hard} to {medium}", f"{medium} to {high}", f"above {high}")
    return list(zip(BANDS, ranges, strict=True))
