"""Draws difficulty histograms in a terminal: how many problems are solved how often, per dataset and policy, and whether that is a U."""

import polars as pl
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tasks.difficulty.settings import BANDS

PROFILE = ["dataset", "split", "policy_id", "sampling_id", "grader_id"]
COLOURS = dict(zip(BANDS, ("red", "dark_orange", "green", "cyan", "blue"), strict=True))
BAR_WIDTH = 40
SHORT = 8


def draw(histogram: pl.DataFrame, u_shape: pl.DataFrame) -> RenderableType:
    """The rows of the marts `difficulty_histogram` and `u_shape` as one chart a profile; a column `policy`, if there, names policies."""
    if histogram.is_empty():
        return Text("No difficulty yet: profile problems first.")
    shapes = {tuple(row[name] for name in PROFILE): row for row in u_shape.to_dicts()}
    charts: list[RenderableType] = []
    order = ["dataset", "split", *(["policy"] if "policy" in histogram.columns else []), *PROFILE[2:], "bin"]
    trained_first = [name == "split" for name in order]  # "train" is the last of the usual names
    for key, bins in histogram.sort(order, descending=trained_first).group_by(PROFILE, maintain_order=True):
        charts += [title(bins.row(0, named=True)), chart(bins), verdict(shapes.get(key)), Text()]
    return Group(*charts[:-1])


def title(row: dict) -> Text:
    """What a chart shows: the place of the problems, the policy, and the start of the digests."""
    policy = row.get("policy") or row["policy_id"][:SHORT]
    details = f" · sampling {row['sampling_id'][:SHORT]} · grader {row['grader_id'][:SHORT]}"
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


def verdict(shape: dict | None) -> Text:
    """Whether the histogram is a U, with the fit that says so, and whether that may be chance."""
    if shape is None or shape["alpha"] is None:
        return Text("no shape: the counts do not fix one (all problems solved alike, or one round only)", style="dim")
    fit = f"Beta({shape['alpha']:.2f}, {shape['beta']:.2f}) over {shape['problems']} problems"
    ends = f"never solved {shape['never_share']:.1%}, always {shape['always_share']:.1%}"
    said = ("U-shaped", "bold green") if shape["is_u"] else ("not U-shaped", "bold")
    doubt = " (chance alone could do that)" if shape["is_u"] and shape.get("shape", "u") != "u" else ""
    return Text.assemble(said, f"{doubt}: {fit}; {ends}")
