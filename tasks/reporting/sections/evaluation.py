"""How the policies compare on held-out problems: the headline, every dataset, and what hints change."""

from typing import Any

import polars as pl

from tasks.estimates.settings import DifficultySettings
from tasks.reporting.charts import interval_chart
from tasks.reporting.figure import Figure
from tasks.reporting.inputs import Inputs
from tasks.reporting.near import near_sentence, without_sentence
from tasks.reporting.summary import IS_ALL, average_title, place_title, shown_places
from tasks.reporting.table import Table, table
from tasks.reporting.wording import (
    NOT_EVALUATED,
    change,
    is_missing,
    percent,
    percent_interval,
    points,
    points_interval,
    policy_title,
)

MOST_CHARTS = 12
SCORED = ("accuracy", "accuracy_low", "accuracy_high", "difference", "difference_low", "difference_high")
INTERVALS = DifficultySettings()  # what the evaluation makes its intervals with
SAYS = {
    "up": "a gain, since its interval lies above zero",
    "down": "a loss, since its interval lies below zero",
    "unclear": "not clear, since its interval holds zero",
}


def headline(inputs: Inputs) -> dict[str, Any]:
    """The policies without hints over all held-out problems: cards, and one sentence about the last of them."""
    rows = overall(inputs).filter(~pl.col("hints"))
    cards = [card_of(row) for row in rows.iter_rows(named=True)]
    return {
        "cards": cards,
        "sentence": sentence(rows) if inputs.evaluation else NOT_EVALUATED,
        "average": average_title(rows),
        "problems": rows["problems"].max() or 0,
        "confidence": percent(INTERVALS.confidence, 0),
        "near": ""
        if inputs.evaluation is None
        else f"{near_sentence(inputs.near)} {without_sentence(inputs.near, rows['policy'][-1]) if len(rows) else ''}".strip(),
    }


def score(inputs: Inputs) -> dict[str, Any]:
    """The result in numbers, for the index over all reports: the first and the last policy over all held-out problems, without hints."""
    if inputs.evaluation is None:
        return {"problems": 0}
    rows = overall(inputs).filter(~pl.col("hints"))
    if rows.is_empty():
        return {}
    ends = {place: {"title": policy_title(row["policy"]), **{name: row[name] for name in SCORED}} for place, row in first_and_last(rows)}
    return {"problems": int(rows["problems"].max() or 0), **ends}  # type: ignore[arg-type]


def first_and_last(rows: pl.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """The first row, and where there are more the last."""
    ends = [("first", rows.row(0, named=True)), ("last", rows.row(-1, named=True))]
    return ends if len(rows) > 1 else ends[:1]


def overall(inputs: Inputs) -> pl.DataFrame:
    """The rows over all problems."""
    return inputs.summary.filter(IS_ALL)


def card_of(row: dict[str, Any]) -> dict[str, Any]:
    """One policy's card."""
    return {
        "title": policy_title(row["policy"]),
        "accuracy": percent(row["accuracy"]),
        "interval": percent_interval(row["accuracy_low"], row["accuracy_high"]),
        "difference": "" if is_missing(row["difference"]) else points(row["difference"]),
        "difference_interval": points_interval(row["difference_low"], row["difference_high"]),
        "change": change(row["difference"], row["difference_low"], row["difference_high"]),
    }


def sentence(rows: pl.DataFrame) -> str:
    """What the run achieved, in one sentence; the interval decides the words."""
    if rows.is_empty():
        return "No policy was evaluated on held-out problems."
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    if len(rows) == 1 or is_missing(last["difference"]):
        return f"{policy_title(last['policy'])} solves {percent(last['accuracy'])} of the held-out problems."
    said = SAYS.get(change(last["difference"], last["difference_low"], last["difference_high"]), "too few problems for an interval")
    solved = f"{policy_title(last['policy'])} solves {percent(last['accuracy'])} of the held-out problems"
    against = f"{policy_title(first['policy']).lower()} {percent(first['accuracy'])}"
    return f"{solved} and {against}: {points(last['difference'])} points, {said}."


def evaluation_section(inputs: Inputs) -> dict[str, Any]:
    """A chart per dataset, the table of everything, and the effect of hints; where no problems are held out, only that."""
    if inputs.evaluation is None:
        return {"none": f"{NOT_EVALUATED} Give the recipe problems.heldout, and run it again: what is trained stays."}
    places = shown_places(inputs.summary)
    figures = [figure_of(inputs, dataset, split) for dataset, split in places[:MOST_CHARTS]]
    effects = inputs.hint_effect
    return {
        "none": "",
        "figures": figures,
        "not_drawn": max(0, len(places) - MOST_CHARTS),
        "results": results(inputs, places),
        "hints": None if effects.is_empty() else hint_table(inputs, effects),
        "hinting": hints_sentence(inputs),
        "near": near_sentence(inputs.near),
        "without": without_copies(inputs, places),
    }


def hints_sentence(inputs: Inputs) -> str:
    """Where the hints on held-out problems come from, and so what hinted figures mean; empty without any."""
    if not inputs.summary["hints"].any():
        return ""
    said = "Hints on held-out problems go by the base policy’s accuracy on them"
    if inputs.for_bands:
        return f"{said} in draws that no policy here is compared by, so hinted figures presume that difficulty is known."
    return f"{said}; no draws apart are known for that, so a part of what hints gain may be chance: what was unlucky does better anew."


def figure_of(inputs: Inputs, dataset: str, split: str) -> Figure:
    """The policies on one dataset."""
    rows = inputs.summary.filter(pl.col("dataset") == dataset, pl.col("split") == split)
    order = inputs.policies(inputs.summary["policy"])
    drawn = pl.DataFrame(
        {
            "name": [arm_title(policy, hints) for policy, hints in rows.select("policy", "hints").iter_rows()],
            "series": [order.index(policy) for policy in rows["policy"]],
            "hints": rows["hints"],
            "accuracy": rows["accuracy"],
            "low": rows["accuracy_low"],
            "high": rows["accuracy_high"],
        }
    )
    said = "; ".join(f"{name} {percent(accuracy)}" for name, accuracy in drawn.select("name", "accuracy").iter_rows())
    title = place_title(dataset, split)
    chart = interval_chart(drawn, shared_domain(inputs.summary), f"Accuracy on {title}, with intervals: {said}.")
    return Figure(title=title, svg=chart, caption=asked(rows))


def asked(rows: pl.DataFrame) -> str:
    """Of how many problems the policies' rows are, and between how many clusters of versions their intervals, where there are such."""
    problems, clusters = (int(rows[name].sum() / len(rows)) for name in ("problems", "clusters"))
    if clusters == problems:
        return f"{problems:,} problems"
    if clusters == 1:
        return f"{problems:,} problems, all versions of one, so there is no interval"
    return f"{problems:,} problems, intervals between {clusters:,} clusters of versions (Student's t)"


def arm_title(policy: str, hints: bool) -> str:
    """A policy with or without hints."""
    return f"{policy_title(policy)} + hints" if hints else policy_title(policy)


def shared_domain(summary: pl.DataFrame) -> tuple[float, float]:
    """One range of accuracy for all charts, so that they compare: to the next tenth beyond every interval."""
    values = pl.concat([summary[name].drop_nulls() for name in ("accuracy", "accuracy_low", "accuracy_high")])
    if values.is_empty():
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    return max(0.0, int(low * 10 - 0.2) / 10), min(1.0, (int(high * 10 + 0.2) + 1) / 10)


def results(inputs: Inputs, places: list[tuple[str, str]]) -> Table:
    """Every row of the evaluation."""
    rows = [row for row in inputs.summary.iter_rows(named=True) if (row["dataset"], row["split"]) in places]
    cells = [
        (
            place_title(row["dataset"], row["split"]),
            policy_title(row["policy"]),
            "on" if row["hints"] else "off",
            f"{row['problems']:,}",
            percent(row["accuracy"]),
            percent_interval(row["accuracy_low"], row["accuracy_high"]),
            percent(row["solved_share"]),
            points(row["difference"]),
            points_interval(row["difference_low"], row["difference_high"]),
        )
        for row in rows
    ]
    measures = (f"#{average_title(inputs.summary)}", "#interval", "#solved once", "#to base", "#its interval")
    heads = ("dataset", "policy", "hints", "#problems", *measures)
    return table("Held-out accuracy in percent; differences in percentage points, paired by problem", heads, cells)


def without_copies(inputs: Inputs, places: list[tuple[str, str]]) -> Table | None:
    """The results with and without the near-duplicates of what was trained on; None where there are none."""
    near = inputs.near
    if near is None or not near.copies:
        return None
    keys = ("dataset", "split", "policy", "hints")
    others = {tuple(row[key] for key in keys): row for row in near.without.iter_rows(named=True)}
    cells = []
    for row in inputs.summary.iter_rows(named=True):
        if (row["dataset"], row["split"]) in places:
            other = others.get(tuple(row[key] for key in keys), {})
            place = place_title(row["dataset"], row["split"])
            cells.append((place, policy_title(row["policy"]), "on" if row["hints"] else "off", *scored(row), *scored(other)))
    heads = ("dataset", "policy", "hints", "#problems", "#all", "#interval", "#problems left", "#without", "#interval", "#to base")
    caption = "Held-out accuracy in percent, of all problems and without near-duplicates of what was trained on"
    return table(caption, heads, [(*cell[:6], *cell[7:]) for cell in cells])


def scored(row: dict[str, Any]) -> tuple[str, ...]:
    """Problems, accuracy, its interval and the difference to base, of a row of the evaluation, which may be missing."""
    interval = percent_interval(row.get("accuracy_low"), row.get("accuracy_high"))
    return f"{row.get('problems', 0):,}", percent(row.get("accuracy")), interval, points(row.get("difference"))


def hint_table(inputs: Inputs, effects: pl.DataFrame) -> Table:
    """What hints change, each problem against itself without them."""
    order = inputs.policies(effects["policy"])
    places = shown_places(effects)
    shown = [row for row in effects.iter_rows(named=True) if (row["dataset"], row["split"]) in places]
    rows = sorted(shown, key=lambda row: (order.index(row["policy"]), places.index((row["dataset"], row["split"]))))
    cells = [
        (
            policy_title(row["policy"]),
            place_title(row["dataset"], row["split"]),
            percent(row["accuracy_off"]),
            percent(row["accuracy_on"]),
            points(row["effect"]),
            points_interval(row["effect_low"], row["effect_high"]),
        )
        for row in rows
    ]
    return table(
        "Effect of hints in percentage points, paired by problem", ("policy", "dataset", "#off", "#on", "#effect", "#interval"), cells
    )
