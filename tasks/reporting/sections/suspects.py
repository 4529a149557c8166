"""Gold answers that are worth a look: the problems whose label may be wrong, with the reason, and a few of them to look at."""

from typing import Any

import numpy as np
import polars as pl

from tasks.estimates.labels import RATE
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.examples import PROBLEM, example, with_questions
from tasks.reporting.table import Table, table
from tasks.reporting.wording import clipped, label, percent, printable

MOST_ROWS, MOST_SHOWN = 20, 3
REASONS = {
    "agreement": "the answers agree on another one, more than guesses and misconceptions explain",
    "form": "no answer ever matches a gold answer of this form, and the answers agree: look at `columns.gold`",
    "inversion": "a surely weaker policy solves it and a better one does not, by more than luck",
    "unscorable": "the grader could not compare an answer with the gold answer",
}


def suspects_section(inputs: Inputs) -> dict[str, Any] | None:
    """The mart `suspect_labels` of the training problems; None where the graded answers are gone."""
    rows = inputs.suspects
    if rows is None:
        return None
    counts = dict(rows.group_by("reason").agg(pl.struct(PROBLEM).n_unique()).iter_rows())
    answered = int((inputs.by_problem["n"] > 0).sum())
    return {
        "warnings": [printable(warning) for source in inputs.problems for warning in source.manifest.get("warnings", [])],
        "counts": [(f"{counts[reason]:,}", said + expected(rows, reason)) for reason, said in REASONS.items() if reason in counts],
        "rate": percent(RATE, 0) if "agreement" in counts else "",
        "told": answered,
        "untold": len(inputs.by_problem) - answered,
        "problems": shown(inputs, rows),
        "listed": listed(rows) if len(rows) else None,
        "more": max(0, len(rows) - MOST_ROWS),
    }


def expected(rows: pl.DataFrame, reason: str) -> str:
    """How many of a reason's rows should be what they seem, in words; nothing where that is not estimated."""
    found = rows.filter(pl.col("reason") == reason, pl.col("probability").is_not_null())
    if found.is_empty():
        return ""
    share = percent(float(np.mean(found["expected_precision"].to_numpy())), 0)
    return (
        f": about {share} of these gold answers should be wrong" if reason == "agreement" else f": about {share} of these should be no luck"
    )


def shown(inputs: Inputs, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The problems whose gold answers are wrong most probably, as they are asked."""
    agreed = rows.filter(pl.col("reason") == "agreement").head(MOST_SHOWN)
    difficulty = inputs.by_problem.select(*PROBLEM, "band", "accuracy", "k", "n")
    asked = with_questions(inputs, agreed.select(*PROBLEM, "voted", "votes").join(difficulty, on=PROBLEM, how="inner"))
    answers = inputs.answers(agreed["problem_id"]) if asked else pl.DataFrame()
    said = [{"voted": clipped(row["voted"], 200), "votes": f"{row['votes']} of {row['n']}"} for row in asked]
    return [example(inputs, row, answers) | facts for row, facts in zip(asked, said, strict=True)]


def listed(rows: pl.DataFrame) -> Table:
    """The first of them, in the mart's order."""
    cells = [
        (
            label(row["dataset"]),
            label(row["source_id"] or row["problem_id"][:12], 24),
            row["reason"],
            label(row["answer"] or "", 24),
            label(row["voted"], 24) if row["voted"] else "–",
            percent(row["vote_share"], 0),
            f"{row['k']} of {row['n']}",
            percent(row["probability"], 0),
        )
        for row in rows.head(MOST_ROWS).iter_rows(named=True)
    ]
    heads = ("dataset", "problem", "reason", "gold answer", "most answered", "#by", "#solved", "#probability")
    return table("Gold answers worth a look, the most probable first", heads, cells)
