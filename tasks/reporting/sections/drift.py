"""What each stage changed: the histogram of every policy, from band to band, and problem by problem."""

from typing import Any

import polars as pl

from tasks.difficulty.shapes import shape_of
from tasks.estimates.settings import BANDS
from tasks.reporting.charts import Ends, histogram_chart, transition_chart
from tasks.reporting.figure import Figure
from tasks.reporting.measured import Measured
from tasks.reporting.sections.difficulty import place_title
from tasks.reporting.table import Table, table
from tasks.reporting.wording import MISSING, p_value, parameter, percent, points, points_interval

MOST_DATASETS = 3
PLACE = ["dataset", "split"]
NO_ENDS = Ends()  # nothing is chosen from these histograms, so no stage's thresholds belong on them


def drift_section(measured: Measured) -> dict[str, Any]:
    """The histograms of the policies on the largest datasets that several of them answered, and what changed between two of them."""
    shapes = comparable(measured)
    places = shapes.group_by(PLACE).agg(pl.col("problems").max()).sort("problems", *PLACE, descending=[True, False, False])
    return {
        "histograms": [histograms(measured, shapes, place) for place in places.head(MOST_DATASETS).iter_rows(named=True)],
        "not_drawn": max(0, len(places) - MOST_DATASETS),
        "shapes": shape_table(measured, shapes),
        "transitions": [figure for pair in measured.steps() if (figure := transition_figure(measured, *pair))],
        "changes": change_table(measured, places),
    }


def comparable(measured: Measured) -> pl.DataFrame:
    """The shapes of those datasets and splits that more than one policy answered, policies in order."""
    order = {policy_id: place for place, policy_id in enumerate(measured.policies)}
    rows = measured.shapes.filter(pl.col("policy_id").is_in(list(order)))
    several = pl.col("policy_id").n_unique().over(PLACE) > 1
    return rows.filter(several).sort(*PLACE, pl.col("policy_id").replace_strict(order, return_dtype=pl.Int64))


def histograms(measured: Measured, shapes: pl.DataFrame, place: dict[str, Any]) -> tuple[str, list[Figure]]:
    """A dataset's title, and the histogram of each policy, all to one scale."""
    here = [pl.col(name) == place[name] for name in PLACE]
    rows, mine = measured.histogram.filter(*here), shapes.filter(*here)
    bars = [bars_of(rows, shape) for shape in mine.iter_rows(named=True)]
    most = max(float(part[name].max() or 1) for part in bars for name in ("problems", "expected"))  # type: ignore[arg-type]
    drawn = [histogram(measured, *pair, most) for pair in zip(bars, mine.iter_rows(named=True), strict=True)]
    return place_title(place, shapes), drawn


def bars_of(rows: pl.DataFrame, shape: dict[str, Any]) -> pl.DataFrame:
    """A policy's bins."""
    return rows.filter(pl.col("policy_id") == shape["policy_id"], pl.col("sampling_id") == shape["sampling_id"]).sort("bin")


def histogram(measured: Measured, rows: pl.DataFrame, shape: dict[str, Any], most: float) -> Figure:
    """The histogram of one policy."""
    title = measured.title(shape["policy_id"])
    said = f"never solved {percent(shape['never_share'], 0)}, always {percent(shape['always_share'], 0)}"
    description = f"{title}: histogram of {shape['problems']} problems by how often they are solved; {said}."
    return Figure(title=title, svg=histogram_chart(rows, NO_ENDS, description, most=most), caption=said)


def shape_table(measured: Measured, shapes: pl.DataFrame) -> Table:
    """Every policy on every dataset: how many problems are in each band, and the fit."""
    keys = [*PLACE, "policy_id", "sampling_id", "band", "problems"]
    found = {tuple(row[:-1]): row[-1] for row in measured.bands.select(keys).iter_rows()}
    rows = [
        (
            place_title(shape, shapes),
            measured.title(shape["policy_id"]),
            f"{shape['problems']:,}",
            *(f"{found.get((shape['dataset'], shape['split'], shape['policy_id'], shape['sampling_id'], band), 0):,}" for band in BANDS),
            percent(shape["never_share"], 0),
            percent(shape["always_share"], 0),
            parameter(shape["alpha"]),
            parameter(shape["beta"]),
            shape_of(shape).short,
        )
        for shape in shapes.iter_rows(named=True)
    ]
    heads = ("dataset", "policy", "#problems", *(f"#{band}" for band in BANDS), "#never", "#always", "#α", "#β", "shape")
    return table("Problems by band of difficulty, policy by policy", heads, rows)


def transition_figure(measured: Measured, first: str, later: str) -> Figure | None:
    """Where the problems of each band went; None where no problem was asked of both."""
    rows = measured.transitions.filter(pl.col("policy_id") == first, pl.col("later_policy_id") == later)
    if rows.is_empty():
        return None
    summed = rows.group_by("band", "later_band").agg(pl.col("problems").sum()).sort("band", "later_band")
    cells = summed.with_columns(of=pl.col("problems").sum().over("band"))
    ranks = {band: place for place, band in enumerate(BANDS)}
    moved = cells.with_columns(by=pl.col("later_band").replace_strict(ranks, return_dtype=pl.Int64) - pl.col("band").replace_strict(ranks))
    easier, harder, total = (int(moved.filter(part)["problems"].sum()) for part in (pl.col("by") > 0, pl.col("by") < 0, pl.lit(True)))
    title = f"{measured.title(first)} → {measured.title(later)}"
    said = f"{percent(easier / total, 0)} of {total:,} problems in an easier band, {percent(harder / total, 0)} in a harder one"
    said += stays_said(rows, int(moved.filter(pl.col("by") == 0)["problems"].sum()), total)
    drawn = cells.select("band", "later_band", "problems", share=pl.col("problems") / pl.col("of"))
    chart = transition_chart(drawn, measured.title(first), measured.title(later), f"{title}: problems from band to band; {said}.")
    return Figure(title=title, svg=chart, caption=said)


def stays_said(rows: pl.DataFrame, stay: int, total: int) -> str:
    """How many stay in their band, and how many would by chance alone, where that is known of all of them."""
    diagonal = rows.filter(pl.col("band") == pl.col("later_band"))
    if diagonal.is_empty() or diagonal["share_by_chance"].null_count():
        return f"; {percent(stay / total, 0)} stay in theirs"
    by_chance = diagonal.select((pl.col("share_by_chance") * pl.col("problems") / pl.col("share")).sum()).item()
    return f"; {percent(stay / total, 0)} stay in theirs, of a policy that has not changed {percent(by_chance / total, 0)} would"


def change_table(measured: Measured, places: pl.DataFrame) -> Table | None:
    """The mart `policy_drift` in words; None where no two policies answered the same problems."""
    rows = []
    for first, later in measured.steps():
        part = measured.drift.filter(pl.col("policy_id") == first, pl.col("later_policy_id") == later)
        rows += [(f"{measured.title(first)} → {measured.title(later)}", *change(row, places)) for row in part.iter_rows(named=True)]
    first_heads = ("from → to", "dataset", "#problems", "#difference", "#interval")
    heads = (*first_heads, "drifted", "#up", "#down", "#now solved", "#now unsolved")
    caption = (
        "What changed, in percentage points, problem by problem; in brackets what a policy that has not changed would show. Drifted says "
        "whether such a policy would move the mean as far in fewer than 1 of 100 comparisons. Where problems are versions of one, the "
        "interval is between clusters of them, by Student's t"
    )
    return table(caption, heads, rows) if rows else None


def change(row: dict[str, Any], places: pl.DataFrame) -> tuple[str, ...]:
    """One line of the mart `policy_drift`."""
    gained, lost = (times(row[f"{name}_by_chance"], row[of]) for name, of in (("gained", "never"), ("lost", "solved")))
    return (
        place_title(row, places),
        f"{row['problems']:,}",
        points(row["difference"]),
        points_interval(row["difference_low"], row["difference_high"]),
        MISSING if row["drifted"] is None else f"{'yes' if row['drifted'] else 'no'}, p = {p_value(row['p_value'])}",
        beside(row["up"], row["up_by_chance"]),
        beside(row["down"], row["down_by_chance"]),
        f"{beside(row['gained'], gained)} of {row['never']:,}",
        f"{beside(row['lost'], lost)} of {row['solved']:,}",
    )


def times(share: float | None, of: int) -> float | None:
    """The problems that a share of so many is."""
    return None if share is None else share * of


def beside(found: int | None, by_chance: float | None) -> str:
    """A number of problems, and in brackets the one that chance alone gives, where that is known."""
    if found is None or by_chance is None:
        return MISSING if found is None else f"{found:,}"
    return f"{found:,} ({by_chance:,.0f})"
