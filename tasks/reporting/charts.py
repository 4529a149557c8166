"""The charts of a report, each from a small table of named columns. Sized for a phone: a wider place scales them up.

Colours are sentinels that `svg.inline_svg` turns into the page's variables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl
from markupsafe import Markup

from tasks.estimates.settings import BANDS
from tasks.reporting.svg import SERIES, ink, inline_svg, series_ink

WIDTH, HEIGHT = 280, 170
MOST_TICKS = 9
MOST_SERIES = len(SERIES)
SAME = 1e-9  # accuracies nearer than this are one
CLOSE = 40.0  # of two labels, in pixels: nearer than this they would run into each other


@dataclass(frozen=True)
class Ends:
    """The accuracies between which a histogram's problems are of use, None where there is no such end."""

    low: float | None = None
    high: float | None = None


def band_scale() -> alt.Scale:
    """Each band in its colour."""
    return alt.Scale(domain=list(BANDS), range=[ink(band) for band in BANDS])


def series_scale(names: Sequence[str]) -> alt.Scale:
    """Each of these names in the colour of its place."""
    return alt.Scale(domain=list(names), range=[series_ink(place) for place, _ in enumerate(names)])


def histogram_chart(rows: pl.DataFrame, ends: Ends, description: str, *, most: float | None = None) -> Markup:
    """How many problems were solved how often. `rows`: bin, bins, band, problems, expected (of the Beta-binomial fit, may be null), and
    perhaps chosen: how many of them stand out, the others pale. `most` is where the scale ends that several charts share."""
    layers: list[Any] = [problem_bars(rows, "problems", most), *end_rules(rows, ends)]
    if "chosen" in rows.columns:
        layers = [problem_bars(rows, "problems", most, opacity=0.28), problem_bars(rows, "chosen", most), *end_rules(rows, ends)]
    if rows["expected"].null_count() == 0:
        fit = alt.Chart(rows).encode(x="bin:Q", y="expected:Q")
        line = fit.mark_line(color=ink("ink"), strokeWidth=1.2, strokeDash=[3, 2])
        layers += [line, fit.mark_point(color=ink("ink"), filled=True, size=14, opacity=1)]
    return inline_svg(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT), description)


def problem_bars(rows: pl.DataFrame, column: str, most: float | None, opacity: float = 1.0) -> alt.Chart:
    """A bar of `column` for each bin, in the colour of its band."""
    bins = int(rows["bins"].max())  # type: ignore[arg-type]
    ticks = list(range(0, bins + 1, max(1, -(-bins // MOST_TICKS))))
    x = alt.X(
        "left:Q",
        scale=alt.Scale(domain=[-0.6, bins + 0.6], nice=False),
        axis=alt.Axis(values=ticks, format="d", title=f"times solved, of {bins}"),
    )
    y_scale = alt.Undefined if most is None else alt.Scale(domain=[0, most], nice=True)
    y = alt.Y(f"{column}:Q", scale=y_scale, axis=alt.Axis(title="problems", tickCount=5, format="d"))
    bars = alt.Chart(rows.with_columns(left=pl.col("bin") - 0.44, right=pl.col("bin") + 0.44).drop("expected"))
    marks = bars.mark_bar(cornerRadiusEnd=2, opacity=opacity)
    return marks.encode(x=x, x2="right:Q", y=y, y2=alt.datum(0), color=alt.Color("band:N", scale=band_scale(), legend=None))


def end_rules(rows: pl.DataFrame, ends: Ends) -> list[alt.Chart]:
    """The ends as rules between the bars that they part, with their accuracy above."""
    places = {end: end_place(rows, name, end) for name, end in vars(ends).items() if end is not None}
    apart = WIDTH * (max(places.values(), default=0) - min(places.values(), default=0)) / (len(rows) + 0.2)
    layers = []
    for end, place in places.items():
        base = alt.Chart(pl.DataFrame({"at": [place], "text": [f"{end:g}"]})).encode(x="at:Q")
        beside = 0 if apart >= CLOSE or len(places) < 2 else -CLOSE / 2 if end == ends.low else CLOSE / 2
        label = base.mark_text(color=ink("muted"), dx=beside, dy=-7, align="center", baseline="bottom")
        layers += [base.mark_rule(color=ink("muted"), strokeDash=[2, 3]), label.encode(text="text:N", y=alt.value(6))]
    return layers


def end_place(rows: pl.DataFrame, name: str, end: float) -> float:
    """Where an end parts the bars. A bar right at the upper end is within it, but where the chosen are known to leave it out."""
    beyond = rows["accuracy"] < end - SAME if name == "low" else rows["accuracy"] <= end + SAME
    if name == "high" and "chosen" in rows.columns:
        at_end = (rows["accuracy"] - end).abs() <= SAME
        beyond &= ~(at_end & (rows["chosen"] == 0))
    return float(beyond.sum()) - 0.5


def interval_chart(rows: pl.DataFrame, domain: tuple[float, float], description: str) -> Markup:
    """Accuracies with intervals, one line a policy. `rows` in order: name, series (its place), hints, accuracy, low, high (may be null)."""
    names = rows["name"].to_list()
    order = alt.Y("name:N", sort=names, axis=alt.Axis(title=None, labelColor=ink("ink"), labelFontSize=12, labelLimit=150))
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    x = alt.X("low:Q", scale=scale, axis=alt.Axis(title=None, format=".0%", tickCount=4, grid=True))
    places = list(range(int(rows["series"].max()) + 1))  # type: ignore[arg-type]
    colour = alt.Color("series:O", scale=series_scale([str(place) for place in places]), legend=None)
    base = alt.Chart(rows.with_columns(pl.col("series").cast(pl.String))).encode(y=order, color=colour)
    known = base.transform_filter("isValid(datum.low)")
    whiskers = known.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.45).encode(x=x, x2="high:Q")
    dots = base.mark_point(size=75, filled=True, opacity=1, strokeWidth=2).encode(
        x="accuracy:Q", fill=alt.condition("datum.hints", alt.value(ink("surface")), colour), stroke=colour
    )
    return inline_svg(alt.layer(whiskers, dots).properties(width=WIDTH - 90, height=26 * len(names) + 10), description)


def difference_chart(rows: pl.DataFrame, description: str) -> Markup:
    """Differences of accuracy with intervals, one line an arm. `rows`: name, difference, low, high (may be null)."""
    names = rows["name"].to_list()
    y = alt.Y("name:N", sort=names, axis=alt.Axis(title=None, labelColor=ink("ink"), labelFontSize=12, labelLimit=150))
    axis = alt.Axis(title="percentage points", tickCount=5, labelExpr="format(100 * datum.value, '+.0f')")
    base = alt.Chart(rows).encode(y=y)
    none = alt.Chart(pl.DataFrame({"none": [0.0]})).mark_rule(color=ink("muted"), strokeDash=[3, 3]).encode(x="none:Q")
    known = base.transform_filter("isValid(datum.low)")
    whiskers = known.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.45, color=series_ink(2)).encode(
        x=alt.X("low:Q", axis=axis, scale=alt.Scale(zero=True)), x2="high:Q"
    )
    dots = base.mark_point(size=75, filled=True, opacity=1, color=series_ink(2)).encode(x=alt.X("difference:Q", axis=axis))
    return inline_svg(alt.layer(none, whiskers, dots).properties(width=WIDTH - 90, height=26 * len(names) + 10), description)


def spending_chart(rows: pl.DataFrame, names: Sequence[str], description: str) -> Markup:
    """Accuracy by what was spent, one line an arm. `rows`: series (the arm), tokens, accuracy."""
    base = alt.Chart(rows).encode(
        x=alt.X("tokens:Q", axis=alt.Axis(title="tokens", tickCount=5, format="~s")),
        y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(title=None, tickCount=5, format=".0%")),
        color=alt.Color("series:N", scale=series_scale(["", *names]), legend=None),
    )
    layers = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=22, opacity=1))
    return inline_svg(layers.properties(width=WIDTH, height=HEIGHT), description)


def curve_chart(rows: pl.DataFrame, names: Sequence[str], boundaries: Sequence[float], value_format: str, description: str) -> Markup:
    """A metric over the steps of all stages. `rows`: step, series (name of the stage), value, smooth; `boundaries`: where stages meet."""
    last = float(rows["step"].max())  # type: ignore[arg-type]
    first = float(rows["step"].min())  # type: ignore[arg-type]
    x = alt.X("step:Q", scale=alt.Scale(domain=[first, last], nice=False), axis=alt.Axis(title="step", tickCount=6, format="d"))
    y_axis = alt.Axis(title=None, tickCount=4, format=value_format)
    colour = alt.Color("series:N", scale=series_scale(["", *names]), legend=None)
    base = alt.Chart(rows).encode(x=x, color=colour)
    y_scale = alt.Scale(zero=False, nice=True)
    raw = base.mark_line(strokeWidth=1, opacity=0.28).encode(y=alt.Y("value:Q", scale=y_scale, axis=y_axis))
    smooth = base.mark_line(strokeWidth=2.2).encode(y=alt.Y("smooth:Q", scale=y_scale, axis=y_axis))
    layers: list[Any] = [raw, smooth]
    if boundaries:
        meetings = alt.Chart(pl.DataFrame({"step": list(boundaries)})).encode(x="step:Q")
        layers.append(meetings.mark_rule(color=ink("muted"), strokeDash=[2, 3]))
    return inline_svg(alt.layer(*layers).properties(width=WIDTH, height=130), description)


def calibration_chart(rows: pl.DataFrame, place: int, description: str) -> Markup:
    """Online accuracy against the offline prior. `rows`: prior, accuracy, low, high (may be null), groups. `place`: the series' place."""
    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("prior:Q", scale=scale, axis=alt.Axis(title="offline prior", format=".0%", tickCount=5))
    axis = alt.Axis(title="solved in training", format=".0%", tickCount=5)
    ends = pl.DataFrame({"prior": [0.0, 1.0], "accuracy": [0.0, 1.0]})
    diagonal = alt.Chart(ends).mark_line(color=ink("muted"), strokeWidth=1, strokeDash=[3, 3])
    points = alt.Chart(rows).encode(x=x)
    colour = series_ink(place)
    return inline_svg(
        alt.layer(
            diagonal.encode(x=x, y=alt.Y("accuracy:Q", scale=scale, axis=axis)),
            points.transform_filter("isValid(datum.low)")
            .mark_rule(color=colour, strokeWidth=2, opacity=0.45)
            .encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"),
            points.mark_point(filled=True, color=colour, opacity=1).encode(
                y=alt.Y("accuracy:Q", scale=scale, axis=axis), size=alt.Size("groups:Q", scale=alt.Scale(range=[25, 130]), legend=None)
            ),
        ).properties(width=WIDTH - 20, height=WIDTH - 60),
        description,
    )


def reliability_chart(rows: pl.DataFrame, names: Sequence[str], description: str) -> Markup:
    """What was solved against what was expected, a line a model. `rows`: series (the model), expected, solved, groups."""
    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("expected:Q", scale=scale, axis=alt.Axis(title="expected", format=".0%", tickCount=5))
    y = alt.Y("solved:Q", scale=scale, axis=alt.Axis(title="solved in training", format=".0%", tickCount=5))
    ends = pl.DataFrame({"expected": [0.0, 1.0], "solved": [0.0, 1.0]})
    diagonal = alt.Chart(ends).mark_line(color=ink("muted"), strokeWidth=1, strokeDash=[3, 3]).encode(x=x, y=y)
    base = alt.Chart(rows).encode(x=x, y=y, color=alt.Color("series:N", scale=series_scale(["", *names]), legend=None))
    dots = base.mark_point(filled=True, opacity=0.9).encode(size=alt.Size("groups:Q", scale=alt.Scale(range=[18, 110]), legend=None))
    layers = alt.layer(diagonal, base.mark_line(strokeWidth=1.4, opacity=0.6), dots)
    return inline_svg(layers.properties(width=WIDTH - 20, height=WIDTH - 60), description)


def weight_chart(rows: pl.DataFrame, names: Sequence[str], description: str) -> Markup:
    """The weight that groups of each accuracy were given. `rows`: series (name of the stage), accuracy, weight, groups."""
    base = alt.Chart(rows).encode(
        x=alt.X("accuracy:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=alt.Axis(title="group accuracy", format=".0%", tickCount=5)),
        y=alt.Y("weight:Q", scale=alt.Scale(zero=True), axis=alt.Axis(title=None, tickCount=4)),
        color=alt.Color("series:N", scale=series_scale(["", *names]), legend=None),
    )
    dots = base.mark_point(filled=True, opacity=0.9).encode(size=alt.Size("groups:Q", scale=alt.Scale(range=[18, 110]), legend=None))
    return inline_svg(alt.layer(base.mark_line(strokeWidth=1.2, opacity=0.5), dots).properties(width=WIDTH, height=130), description)


def stacked_chart(rows: pl.DataFrame, names: Sequence[str], value: str, description: str) -> Markup:
    """An amount by band, one bar a name. `rows`: name, band, and the column `value`, which is also the axis's title."""
    ranked = rows.with_columns(place=pl.col("band").replace_strict({band: place for place, band in enumerate(BANDS)}, default=len(BANDS)))
    chart = (
        alt.Chart(ranked)
        .mark_bar(height=16)
        .encode(
            y=alt.Y("name:N", sort=list(names), axis=alt.Axis(title=None, labelColor=ink("ink"), labelFontSize=12, labelLimit=140)),
            x=alt.X(f"{value}:Q", axis=alt.Axis(title=value, tickCount=5, format="~s")),
            color=alt.Color("band:N", scale=band_scale(), legend=None),
            order=alt.Order("place:Q"),
        )
    )
    return inline_svg(chart.properties(width=WIDTH - 90, height=28 * len(names) + 10), description)


def amount_chart(rows: pl.DataFrame, value: str, description: str) -> Markup:
    """An amount, one bar a name, in the order of the rows. `rows`: name, and the column `value`, which is also the axis's title."""
    names = rows["name"].to_list()
    y = alt.Y("name:N", sort=names, axis=alt.Axis(title=None, labelColor=ink("ink"), labelFontSize=12, labelLimit=150))
    x = alt.X(f"{value}:Q", axis=alt.Axis(title=value, tickCount=4, format="~s"))
    chart = alt.Chart(rows).mark_bar(height=14, color=ink("series-2")).encode(x=x, y=y)
    return inline_svg(chart.properties(width=WIDTH - 100, height=26 * len(names) + 10), description)


def transition_chart(rows: pl.DataFrame, first: str, later: str, description: str) -> Markup:
    """From band to band between two policies. `rows`: band, later_band, problems, share (of the problems of the band)."""
    axis: dict[str, Any] = {"sort": list(BANDS), "scale": alt.Scale(domain=list(BANDS), paddingInner=0.06)}
    x = alt.X("later_band:N", **axis, axis=alt.Axis(title=f"with {later}", orient="top", domain=False, ticks=False, labelAngle=0))
    y = alt.Y("band:N", **axis, axis=alt.Axis(title=f"with {first}", ticks=False))
    every = pl.DataFrame({"band": list(BANDS)}).join(pl.DataFrame({"later_band": list(BANDS)}), how="cross")
    empty = alt.Chart(every).mark_rect(color=ink("line"), opacity=0.45, cornerRadius=3).encode(x=x, y=y)
    shade = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.85]), legend=None)
    base = alt.Chart(rows).encode(x=x, y=y)
    cells = base.mark_rect(cornerRadius=3, color=ink("accent")).encode(opacity=shade)
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text("problems:Q", format=",d"),
        color=alt.condition("datum.share > 0.55", alt.value(ink("surface")), alt.value(ink("ink"))),
    )
    return inline_svg(alt.layer(empty, cells, numbers).properties(width=WIDTH, height=HEIGHT), description)
