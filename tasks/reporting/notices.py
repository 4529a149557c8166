"""What the Prefect UI shows of a run: short Markdown texts and tables, with a key each. Nothing here needs Prefect.

Names of datasets are made inert for Markdown; no question and no response is ever shown there.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tasks.difficulty.shapes import shape_of
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import read_parquet
from tasks.reporting.index import INDEX
from tasks.reporting.inputs import Difficulty, Inputs, curated_problems
from tasks.reporting.near import NearTrained, near_sentence, near_trained
from tasks.reporting.sections.cost import cost_section
from tasks.reporting.sections.difficulty import figure_of
from tasks.reporting.sections.evaluation import headline
from tasks.reporting.served import address_of
from tasks.reporting.summary import read_scores
from tasks.reporting.svg import picture_uri
from tasks.reporting.templates import palette
from tasks.reporting.wording import label, p_value, parameter, percent, percent_interval, points, points_interval, policy_title
from tasks.steps.naming import artifact_key

MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:])")
BAR = 24
MOST_DATASETS = 20


@dataclass(frozen=True)
class Notice:
    """One artifact of the Prefect UI, and what it is `about`: a table where `rows` are given, else Markdown `text`."""

    key: str
    about: str
    text: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)


def notices(inputs: Inputs, page: Path) -> list[Notice]:
    """All notices of a run; the same run gives the same keys, so that the UI shows their history."""
    return [
        report_notice(inputs, page),
        *histogram_notices(inputs.name, inputs),
        sets_notice(inputs.name, inputs.curated),
        *([evaluation_notice(inputs.name, inputs.summary, inputs.near)] if inputs.evaluation else []),
        *cost_notice(inputs),
    ]


def notices_of(name: str, made: Artifact) -> list[Notice]:
    """What is to be told of one artifact of a run of that name by itself."""
    if made.kind == "difficulty":
        return list(histogram_notices(name, Difficulty(made)))
    if made.kind == "curated":
        return [sets_notice(name, curated_problems([made]))]
    if made.kind == "evaluations":
        return [evaluation_notice(name, read_scores(made), near_trained(made))]
    return []


def study_notice(name: str, study: Artifact) -> Notice:
    """The arms of a study in a table."""
    rows = read_parquet(study.file("study.parquet")).iter_rows(named=True)
    cells = [
        {
            "arm": markdown(row["arm"]),
            "seeds": row["seeds"],
            "accuracy": percent(row["accuracy"]),
            "interval": percent_interval(row["accuracy_low"], row["accuracy_high"]),
            "to baseline": points(row["difference"]),
            "its interval": points_interval(row["difference_low"], row["difference_high"]),
            "family-wise p": p_value(row["p_value"]),
        }
        for row in rows
    ]
    return Notice(
        artifact_key(name, "study"),
        f"{markdown(name)}: held-out accuracy of every arm over seeds; differences in percentage points, each interval for its arm alone",
        rows=cells,
    )


def report_notice(inputs: Inputs, page: Path) -> Notice:
    """What came out, and where the report lies."""
    found = headline(inputs)
    lines = [f"| {markdown(card['title'])} | {card['accuracy']} | {card['interval']} | {gain_of(card)} |" for card in found["cards"]]
    scores = ["| policy | accuracy | interval | points to base |", "|---|---:|---:|---:|", *lines] if lines else []
    parts = [
        f"# Report of {markdown(inputs.name)}",
        markdown(found["sentence"], 400),
        "\n".join(scores),
        markdown(found["near"], 400) if found["near"] else "",
        links(page),
    ]
    about = f"{markdown(inputs.name)}: what came out, and where its report lies"
    return Notice(artifact_key(inputs.name, "report"), about, "\n\n".join(part for part in parts if part))


def gain_of(card: dict[str, Any]) -> str:
    """A card's difference to the base policy with its interval."""
    return f"{card['difference']} ({card['difference_interval']})" if card["difference"] else ""


def links(page: Path) -> str:
    """Where the page lies, and where it can be opened."""
    reports = page.parent.parent
    report, every = (address_of(found, reports) for found in (page, reports / INDEX))
    return f"[Open the report]({report}) · [all reports]({every})\n\n```\n{page}\n```"


def cost_notice(inputs: Inputs) -> Iterator[Notice]:
    """Responses, tokens and time of every step, where they are known."""
    found = cost_section(inputs)
    if found:
        table = found["steps"]
        heads = [head for head, _ in table.heads]
        rows = [{head: markdown(str(cell)) for head, cell in zip(heads, row, strict=True)} for row in table.rows]
        yield Notice(artifact_key(inputs.name, "cost"), f"{markdown(inputs.name)}: {table.caption}", rows=rows)


def histogram_notices(name: str, inputs: Difficulty) -> Iterator[Notice]:
    """A histogram for each of the largest datasets, as a picture and in text."""
    inks = palette()
    for shape in inputs.shapes.head(MOST_DATASETS).iter_rows(named=True):
        rows = inputs.histogram.filter(pl.col("dataset") == shape["dataset"], pl.col("split") == shape["split"]).sort("bin")
        key = artifact_key(name, "difficulty", shape["dataset"], shape["split"])
        picture = f"![Histogram]({picture_uri(figure_of(inputs, shape).svg, inks)})"
        parts = [f"# Difficulty of {markdown(shape['dataset'])}", shape_line(shape), picture, histogram_text(rows)]
        about = f"{markdown(name)}: how hard {markdown(shape['dataset'])} ({markdown(shape['split'])}) is"
        yield Notice(key, about, "\n\n".join(parts))


def shape_line(shape: dict[str, Any]) -> str:
    """The verdict on a dataset's shape."""
    words = shape_of(shape)
    if shape["alpha"] is None:
        return f"{shape['problems']:,} problems. **{words.title}**: {words.reason}."
    fit = f"α = {parameter(shape['alpha'])}, β = {parameter(shape['beta'])}"
    return f"{shape['problems']:,} problems. **{words.title}**: Beta-binomial with {fit}, {words.reason}."


def histogram_text(rows: pl.DataFrame) -> str:
    """The bars of a histogram as a Markdown table."""
    largest = max([1, *rows["problems"]])
    lines = [
        f"| {row['bin']} of {row['bins']} | {row['band']} | {'█' * round(BAR * row['problems'] / largest)} | {row['problems']:,} |"
        for row in rows.iter_rows(named=True)
    ]
    return "\n".join(["| solved | band | | problems |", "|---:|---|---|---:|", *lines])


def sets_notice(name: str, curated: pl.DataFrame) -> Notice:
    """What was curated."""
    return Notice(
        artifact_key(name, "curated-sets"), f"{markdown(name)}: curated problems by stage, dataset and band", rows=curated_rows(curated)
    )


def evaluation_notice(name: str, summary: pl.DataFrame, near: NearTrained | None) -> Notice:
    """How the policies compare."""
    said = f"{markdown(name)}: held-out accuracy; differences to base in percentage points. {near_sentence(near)}".strip()
    return Notice(artifact_key(name, "evaluation"), said, rows=evaluation_rows(summary, near))


def curated_rows(curated: pl.DataFrame) -> list[dict[str, Any]]:
    """Counts of the curated sets."""
    means = {"accuracy": pl.col("accuracy").mean(), "expected": pl.col("p_mean").mean()}
    counts = curated.group_by("stage", "dataset", "band").agg(problems=pl.len(), **means).sort("stage", "dataset", "accuracy")
    return [
        {**row, "dataset": markdown(row["dataset"]), **{name: percent(row[name]) for name in means}} for row in counts.iter_rows(named=True)
    ]


def evaluation_rows(summary: pl.DataFrame, near: NearTrained | None) -> list[dict[str, Any]]:
    """The evaluation's summary, and where there are near-duplicates of what was trained on the accuracy without them."""
    keys = ("dataset", "split", "policy", "hints")
    without = {tuple(row[key] for key in keys): row for row in near.without.iter_rows(named=True)} if near and near.copies else None
    return [
        {
            "policy": policy_title(row["policy"]),
            "hints": "on" if row["hints"] else "off",
            "dataset": markdown(row["dataset"]),
            "problems": row["problems"],
            "accuracy": percent(row["accuracy"]),
            "interval": percent_interval(row["accuracy_low"], row["accuracy_high"]),
            "difference": points(row["difference"]),
            "its interval": points_interval(row["difference_low"], row["difference_high"]),
            **({} if without is None else {"without near-duplicates": left(without.get(tuple(row[key] for key in keys)))}),
        }
        for row in summary.iter_rows(named=True)
    ]


def left(row: dict[str, Any] | None) -> str:
    """Accuracy, interval and number of the problems that are left."""
    if row is None:
        return "no problem left"
    return f"{percent(row['accuracy'])} ({percent_interval(row['accuracy_low'], row['accuracy_high'])}), {row['problems']:,} problems"


def markdown(text: str, length: int = 40) -> str:
    """A name that Markdown and the HTML it becomes show as it is, shortened to `length` characters."""
    return MARKS.sub(r"\\\1", html.escape(label(text, length)))
