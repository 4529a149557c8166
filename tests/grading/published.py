"""MathVision's published responses and judgements, and what we say of each judgement that ours differs from.

The authors compared strings. Every response that we judge otherwise has been read: PUBLISHED_IS_WRONG are errors of that comparison (the
final answer plainly names the gold answer), DEBATABLE are replies that a fair reader could judge either way.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tasks.grading.grader import Grader
from tasks.grading.verdict import Gold, Grade, Verdict

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "mathvision"

PUBLISHED_IS_WRONG = {
    "the right letter followed by the right choice's text": """
        gpt-4-0125-preview: 173 254 333 675 748 873 1008 1167 1255 1389 1546 1547 2280 2293 2474
        gemini-pro-vision: 1547 1564
        qwen-vl-max: 390 1222 1355
        sharegpt4v-7b: 201 1394 2589""",
    "the right letter in a box or in bold": """
        gpt-4-0125-preview: 253
        InternLM-XComposer2-VL: 53 2757""",
    "the right choice's value, with its unit or without": """
        gemini-pro-vision: 748 965
        InternLM-XComposer2-VL: 319 1727 2565
        qwen-vl-max: 319 1113 1168 1343 1512 1546
        qwen-vl-plus: 180 767 1343""",
    "the right number, with the unit or the percent sign that the question asks for": """
        gpt-4-0125-preview: 1864
        qwen-vl-plus: 2634""",
    "the right number at the end of an equation in the last sentence": """
        qwen-vl-max: 2741""",
}
DEBATABLE = {
    "contradicts itself (first the letter of another choice, in the end the right value): the last answer wins": """
        gemini-pro-vision: 270""",
    "contradicts itself (a wrong value in a box, then 'The answer is: (A)', which is right): the last answer wins": """
        InternLM-XComposer2-VL: 1284""",
    "answers with a list that repeats the right letter five times (A, A, A, A, A): it names one choice only": """
        sphinx-moe: 1203""",
}


@dataclass(frozen=True)
class Judged:
    """A published response with both judgements."""

    model: str
    problem: str
    response: str
    published: bool
    grade: Grade

    @property
    def agrees(self) -> bool:
        return (self.grade.verdict == Verdict.correct) == self.published

    @property
    def key(self) -> tuple[str, str]:
        return self.model, self.problem


@dataclass(frozen=True)
class Agreement:
    """Agreement over all responses, and over those whose published judgement is no error."""

    judged: list[Judged]

    @property
    def raw(self) -> float:
        return sum(one.agrees for one in self.judged) / len(self.judged)

    @property
    def without_errors(self) -> float:
        wrong = listed(PUBLISHED_IS_WRONG)
        rest = [one for one in self.judged if one.key not in wrong]
        return sum(one.agrees for one in rest) / len(rest)

    @property
    def disagreements(self) -> list[Judged]:
        return [one for one in self.judged if not one.agrees]


def published_responses() -> list[tuple[dict, Gold]]:
    """Every published response with the gold answer of its problem."""
    problems = {row["id"]: row for row in json_rows(DATA / "testmini.jsonl")}
    responses = [row for path in sorted((DATA / "responses").glob("*.jsonl")) for row in json_rows(path)]
    return [(row, Gold(problems[row["id"]]["answer"], tuple(problems[row["id"]]["options"]))) for row in responses]


def judge_published() -> Agreement:
    """Grades them all."""
    rows = published_responses()
    with Grader() as grader:
        grades = grader.grade([row["response"] for row, _ in rows], [gold for _, gold in rows])
    return Agreement(
        [Judged(row["model"], row["id"], row["response"], row["correct"], grade) for (row, _), grade in zip(rows, grades, strict=True)]
    )


def json_rows(path: Path) -> list[dict]:
    """The objects of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def listed(reasons: dict[str, str]) -> dict[tuple[str, str], str]:
    """The reason by model and problem."""
    lines = [(reason, line.split(":")) for reason, block in reasons.items() for line in block.split("\n") if line.strip()]
    return {(model.strip(), problem): reason for reason, (model, problems) in lines for problem in problems.split()}
