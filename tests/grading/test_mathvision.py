"""Agreement with the published judgement of 2,432 real responses of eight models to MathVision's testmini problems.

The published `correct` was made by string comparison. Every disagreement has been read: PUBLISHED_IS_WRONG lists them with the
reason, so a new disagreement, in either direction, fails the test.
"""

import json
from pathlib import Path

import pytest

from tasks.grading.pool import Grader
from tasks.grading.verdict import Gold, Grade, Verdict

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "mathvision"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="MathVision's responses (../shared/data/mathvision) are not here")

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
    "the right number, with a unit or a percent sign that the question asks for": """
        gpt-4-0125-preview: 1864
        qwen-vl-plus: 2634""",
    "an equation whose right side is the right number": """
        gemini-pro-vision: 270
        qwen-vl-max: 2741""",
    "names one choice only, five times (A, A, A, A, A): could be judged either way": """
        sphinx-moe: 1203""",
}


@pytest.fixture(scope="module")
def judged() -> list[tuple[dict, Grade]]:
    """Every published response with its grade."""
    problems = {row["id"]: row for row in _rows(DATA / "testmini.jsonl")}
    responses = [row for path in sorted((DATA / "responses").glob("*.jsonl")) for row in _rows(path)]
    golds = [Gold(problems[row["id"]]["answer"], tuple(problems[row["id"]]["options"])) for row in responses]
    with Grader() as grader:
        return list(zip(responses, grader.grade([row["response"] for row in responses], golds), strict=True))


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _listed() -> set[tuple[str, str]]:
    lines = [line.split(":") for block in PUBLISHED_IS_WRONG.values() for line in block.split("\n") if line.strip()]
    return {(model.strip(), problem) for model, problems in lines for problem in problems.split()}


def test_all_disagreements_are_known_and_each_is_the_published_judgement_s_error(judged: list[tuple[dict, Grade]]) -> None:
    disagreements = {(row["model"], row["id"]) for row, grade in judged if (grade.verdict == Verdict.correct) != row["correct"]}
    assert disagreements == _listed()


def test_raw_agreement_is_98_percent_and_no_published_correct_is_lost(judged: list[tuple[dict, Grade]]) -> None:
    assert sum((grade.verdict == Verdict.correct) == row["correct"] for row, grade in judged) / len(judged) >= 0.98
    assert all(grade.verdict == Verdict.correct for row, grade in judged if row["correct"])


def test_every_response_gets_a_verdict_of_its_own_kind(judged: list[tuple[dict, Grade]]) -> None:
    assert len(judged) == 2432
    assert {grade.verdict for _, grade in judged} == {Verdict.correct, Verdict.incorrect, Verdict.unparseable}
