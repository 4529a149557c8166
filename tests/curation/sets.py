"""Problems whose difficulty is measured, and settings that choose a small set of them."""

import io
from pathlib import Path

from PIL import Image

from tasks.curation.settings import SetSettings, StageRule
from tasks.difficulty.task import DifficultyRequest, measure_difficulty
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tests.sql.rows import graded_artifact, problems_artifact, verdicts

HARDER = StageRule(rule="medium_to_hard", size=3, high=0.5)
SMALL = SetSettings(rules={"stage1": StageRule(size=6), "stage2": HARDER})


def picture(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 2), (shade, 0, 0)).save(stream, format="PNG")
    return stream.getvalue()


def measured(home: Path, *, pictures: bool = True) -> tuple[Artifact, tuple[Artifact, ...]]:
    """Forty problems, one to eight times right of eight, every other with an image (if there are pictures); their difficulty."""
    images = Lake(home).images
    images.mkdir()
    problems, rows = [], []
    for number in range(40):
        name = f"{number}.png"
        (images / name).write_bytes(picture(number))
        shown = [name] if pictures and number % 2 else []
        question = "<image>How many?" * len(shown) or "How many?"
        problems.append(
            {"problem_id": f"p{number}", "row": number, "question": question, "images": shown, "choices": ["1", "2"], "answer": "A"}
            | {"metadata": '{"precision": 1.0}' if number % 2 else "{}"}
        )
        rows += verdicts(f"p{number}", "c" * (number % 9) + "i" * (8 - number % 9))
    sources = (problems_artifact(home, problems),)
    request = DifficultyRequest(home=home, graded=graded_artifact(home, rows), problems=sources, settings=DifficultySettings())
    return measure_difficulty.fn(request), sources
