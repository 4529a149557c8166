"""A few problems to look at: the hardest, some in the middle, and the easiest, with what the policy answered."""

from typing import Any

import polars as pl

from tasks.lake import Lake
from tasks.prompting.prompt import IMAGE_MARK
from tasks.reporting.inputs import Inputs
from tasks.reporting.thumbnails import Thumbnail, thumbnail
from tasks.reporting.wording import clipped, label, percent

KINDS = {
    "Hardest": pl.col("accuracy"),
    "In the middle": (pl.col("accuracy") - 0.5).abs(),
    "Easiest": -pl.col("accuracy"),
}
EACH = 3
MOST_IMAGES = 4
MOST_ANSWERS = 3
QUESTION_LENGTH, ANSWER_LENGTH, RESPONSE_LENGTH = 1600, 200, 1200
PROBLEM = ["problem_id", "gold_id", "dataset", "split"]


def examples_section(inputs: Inputs) -> dict[str, Any]:
    """Problems of each kind with their images and answers."""
    picked = pick(inputs.by_problem)
    ids = pl.concat([rows["problem_id"] for rows in picked.values()])
    answers = inputs.answers(ids.unique()) if len(ids) else pl.DataFrame()
    kinds = [(title, with_questions(inputs, rows)) for title, rows in picked.items()]
    shown = [{"title": title, "problems": [example(inputs, row, answers) for row in rows]} for title, rows in kinds if rows]
    return {"kinds": shown, "has_answers": not answers.is_empty()}


def pick(by_problem: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """EACH problems of each kind, the datasets in turn, none twice. Ties are broken by the problem's digest, so by chance but always
    the same way."""
    left = by_problem.filter(pl.col("accuracy").is_not_null()).unique("problem_id", keep="first", maintain_order=True)
    picked = {}
    for title, key in KINDS.items():
        ranked = left.with_columns(key=key.round(6)).sort("key", "problem_id")
        turn = pl.col("key").cum_count().over("dataset")
        picked[title] = ranked.with_columns(turn=turn).sort("turn", "key", "problem_id").head(EACH)
        left = left.join(picked[title], on="problem_id", how="anti", maintain_order="left")
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
