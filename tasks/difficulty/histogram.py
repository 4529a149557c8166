"""Draws difficulty histograms in a terminal: how many problems are solved how often, per dataset and policy, and what shape that has."""

import polars as pl
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tasks.difficulty.shapes import shape_of
from tasks.estimates.settings import BANDS, DifficultySettings, band_ranges

PROFILE = ["dataset", "split", "policy_id", "sampling_id", "grader_id"]
COLOURS = dict(zip(BANDS, ("red", "dark_orange", "green", "cyan", "blue"), strict=True))
BAR_WIDTH = 40
SHORT = 8


def draw(histogram: pl.DataFrame, u_shape: pl.DataFrame, edges: DifficultySettings | None = None) -> RenderableType:
    """The rows of the marts `difficulty_histogram` and `u_shape` as one chart a profile; a column `policy`, if there, names policies.
    `edges`, where given, are those that the bands were made with, and are told below."""
    if histogram.is_empty():
        return Text("No problem has an answer that counts: profile problems first.")
    shapes = {tuple(row[name] for name in PROFILE): row for row in u_shape.to_dicts()}
    charts: list[RenderableType] = []
    order = ["dataset", "split", *(["policy"] if "policy" in histogram.columns else []), *PROFILE[2:], "bin"]
    trained_first = [name == "split" for name in order]  # "train" is the last of the usual names
    for key, bins in histogram.sort(order, descending=trained_first).group_by(PROFILE, maintain_order=True):
        charts += [title(bins.row(0, named=True)), chart(bins), verdict(shapes.get(key)), Text()]
    return Group(*charts, legend(edges)) if edges else Group(*charts[:-1])


def title(row: dict) -> Text:
    """What a chart shows: the place of the problems, and in words, or by the start of a digest without, policy, sampling and grader."""
    policy, sampling, grader = (row.get(name) or row[f"{name}_id"][:SHORT] for name in ("policy", "sampling", "grader"))
    details = f" · {sampling} · judged by {grader}"
    return Text.assemble((f"{row['dataset']}/{row['split']} · {policy}", "bold"), (details, "dim"))


def chart(bins: pl.DataFrame) -> Table:
    """One bar a bin, as long as its share of the largest, coloured by its band."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("solved", justify="right")
    table.add_column("band")
    table.add_column("", width=BAR_WIDTH)
    table.add_column("problems", justify="right")
    table.add_column("share", justify="right")
    largest = max(bins["problems"].to_list())
    for row in bins.to_dicts():
        bar = Bar(size=largest, begin=0, end=row["problems"], width=BAR_WIDTH, color=COLOURS[row["band"]])
        table.add_row(f"{row['bin']}/{row['bins']}", row["band"], bar, str(row["problems"]), f"{row['share']:.1%}")
    return table


def legend(edges: DifficultySettings) -> Text:
    """The bands by their accuracy: as the warehouse was last published, which is not always as a stage was curated."""
    parts = [part for band, said in band_ranges(edges) for part in ((band, COLOURS[band]), (f" {said}, ", "dim"))]
    return Text.assemble(("bands by accuracy: ", "dim"), *parts[:-1], (parts[-1][0].rstrip(", "), "dim"))


def verdict(shape: dict | None) -> Text:
    """What shape the histogram has, with the fit that says so."""
    if shape is None:
        return Text("no shape: nothing was fitted", style="dim")
    words = shape_of(shape)
    if shape["alpha"] is None:
        return Text(f"{words.title.lower()}: {words.reason}; {ends(shape)}", style="dim")
    fit = f": Beta({shape['alpha']:.2f}, {shape['beta']:.2f}) over {shape['problems']:,} problems, {words.reason}; {ends(shape)}"
    return Text.assemble((words.title, "bold green" if shape["shape"] == "u" else "bold"), fit)


def ends(shape: dict) -> str:
    """How many problems are never, and how many always solved."""
    return f"never solved {shape['never_share']:.1%}, always {shape['always_share']:.1%}"
