"""A few problems to look at: the hardest, some in the middle, and the easiest, with what the policy answered.

What a problem is shown as depends on its own band and not on its rank: where no problem is easy, none is shown as one of the easiest.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.lake.lake import Lake
from tasks.problems.marks import IMAGE_MARK
from tasks.reporting.inputs import Inputs
from tasks.reporting.thumbnails import Thumbnail, thumbnail
from tasks.reporting.wording import clipped, label, percent


@dataclass(frozen=True)
class Kind:
    """The bands that problems of a kind are of, and what they are ranked by, the smallest first."""

    bands: tuple[str, ...]
    rank: pl.Expr


KINDS = {
    "Hardest": Kind(("hopeless", "hard"), pl.col("accuracy")),
    "In the middle": Kind(("medium",), (pl.col("accuracy") - 0.5).abs()),
    "Easiest": Kind(("easy", "trivial"), -pl.col("accuracy")),
}
EACH = 3
MOST_IMAGES = 4
MOST_ANSWERS = 3
QUESTION_LENGTH, ANSWER_LENGTH, RESPONSE_LENGTH = 1600, 200, 1200
PROBLEM = ["problem_id", "gold_id", "dataset", "split"]


def examples_section(inputs: Inputs) -> dict[str, Any]:
    """Problems of each kind with their images and answers; a kind without any says so."""
    picked = pick(inputs.by_problem.join(inputs.questions, on=PROBLEM, how="semi", maintain_order="left"))
    ids = pl.concat([rows["problem_id"] for rows in picked.values()])
    answers = inputs.answers(ids.unique()) if len(ids) else pl.DataFrame()
    kinds = [(title, with_questions(inputs, rows)) for title, rows in picked.items()]
    shown = [
        {"title": title, "range": range_of(inputs, title), "problems": [example(inputs, row, answers) for row in rows]}
        for title, rows in kinds
    ]
    return {"kinds": shown, "has_answers": not answers.is_empty()}


def range_of(inputs: Inputs, title: str) -> str:
    """The accuracies of a kind, in words."""
    edges = inputs.edges
    ranges = {"Hardest": f"below {edges.hard_below:g}", "Easiest": f"of {edges.medium_below:g} or more"}
    return ranges.get(title, f"from {edges.hard_below:g} to below {edges.medium_below:g}")


def pick(by_problem: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """At most EACH problems of each kind, the datasets in turn, each problem once. Ties are broken by the problem's digest, so by chance
    but always the same way."""
    measured = by_problem.filter(pl.col("band").is_not_null()).unique("problem_id", keep="first", maintain_order=True)
    turn = pl.col("key").cum_count().over("dataset")
    picked = {}
    for title, kind in KINDS.items():
        ranked = measured.filter(pl.col("band").is_in(kind.bands)).with_columns(key=kind.rank.round(6)).sort("key", "problem_id")
        picked[title] = ranked.with_columns(turn=turn).sort("turn", "key", "problem_id").head(EACH)
    return picked


def with_questions(inputs: Inputs, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of difficulty with the problem's question, images, choices and answer."""
    questions = inputs.questions.select(*PROBLEM, "question", "images", "choices", "answer", "source_id")
    return rows.join(questions, on=PROBLEM, how="inner", maintain_order="left").to_dicts()


def example(inputs: Inputs, row: dict[str, Any], answers: pl.DataFrame) -> dict[str, Any]:
    """One problem as the page shows it; nothing in it is HTML."""
    return {
        "dataset": label(row["dataset"]),
        "name": label(row["source_id"] or row["problem_id"][:12]),
        "band": row["band"],
        "solved": f"{row['k']} of {row['n']}",
        "accuracy": percent(row["accuracy"], 0),
        "question": clipped(marked(row["question"]), QUESTION_LENGTH),
        "choices": [clipped(choice, ANSWER_LENGTH) for choice in row["choices"] or ()],
        "answer": clipped(row["answer"] or "", ANSWER_LENGTH),
        "images": pictures(inputs, row["images"] or []),
        "responses": [response(answer) for answer in varied(answers, row)],
    }


def marked(question: str) -> str:
    """The question with its images' places numbered, as the pictures beside it are."""
    first, *rest = question.split(IMAGE_MARK)
    return first + "".join(f"[image {number}] {text.lstrip(' ')}" for number, text in enumerate(rest, start=1))


def pictures(inputs: Inputs, names: list[str]) -> list[Thumbnail]:
    """Thumbnails of a problem's first images; those that are gone are left out."""
    folder = Lake(inputs.home).images
    found = [thumbnail(folder / name) for name in names[:MOST_IMAGES]]
    return [picture for picture in found if picture]


def varied(answers: pl.DataFrame, row: dict[str, Any]) -> list[dict[str, Any]]:
    """A problem's first answers, one of each verdict before a second of any."""
    if answers.is_empty():
        return []
    mine = answers.filter(pl.col("problem_id") == row["problem_id"], pl.col("gold_id") == row["gold_id"])
    turn = pl.col("round").cum_count().over("verdict")
    return mine.with_columns(turn=turn).sort("turn", "round", "sample").head(MOST_ANSWERS).sort("round", "sample").to_dicts()


def response(answer: dict[str, Any]) -> dict[str, Any]:
    """One answer as the page shows it."""
    return {
        "text": clipped(answer["response"], RESPONSE_LENGTH),
        "verdict": answer["verdict"],
        "extracted": clipped(answer["extracted"] or "", ANSWER_LENGTH),
        "round": answer["round"] + 1,
    }
