"""Validation problems are written like a stage's, and are apart from all others."""

from pathlib import Path

import pytest
from datasets import load_dataset

from tasks.base.errors import InputError
from tasks.curation.validation_task import VALIDATION, ValidationRequest, export_validation
from tasks.lake.lake import Lake
from tasks.prompting.settings import PromptingSettings
from tasks.training.problems import load_problems
from tests.curation.sets import picture
from tests.sql.rows import problems_artifact


def export(home, problems, others):
    return export_validation.fn(ValidationRequest(home=home, problems=problems, others=others))


def rows(home: Path, *names: str) -> list[dict]:
    images = Lake(home).images
    images.mkdir(exist_ok=True)
    (images / "1.png").write_bytes(picture(1))
    return [
        {
            "problem_id": name,
            "row": row,
            "question": "<image>How many?",
            "images": ["1.png"],
            "answer": "2",
            "metadata": '{"precision": 1.0}',
        }
        for row, name in enumerate(names)
    ]


@pytest.mark.process
def test_they_are_asked_like_a_stages_problems(tmp_path: Path) -> None:
    conflict = {**rows(tmp_path, "b")[0], "gold_id": "other", "answer": "3"}
    first, second = rows(tmp_path, "a", "b", "c"), [*rows(tmp_path, "a", "d"), conflict]
    sources = (problems_artifact(tmp_path, first, "v"), problems_artifact(tmp_path, second, "w"))
    others = (problems_artifact(tmp_path, rows(tmp_path, "t"), "train"),)
    done = export(tmp_path, sources, others)
    assert export(tmp_path, sources, others) == done
    problems = load_problems(done.file(VALIDATION), PromptingSettings(), hints=False, sees_images=True)
    assert [row["problem_id"] for row in problems.rows] == ["a", "c", "d"]
    example = problems[0]
    assert (example["prior"], example["precision"], example["images"][0].size) == (None, 1, (4, 2))
    assert done.manifest["by_dataset"] == {"geometry": 3}
    loaded = load_dataset("parquet", data_files=str(done.file(VALIDATION)), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["rank"] == [1, 2, 3]


def test_a_problem_that_is_trained_on_or_held_out_is_an_error(tmp_path: Path) -> None:
    mine = (problems_artifact(tmp_path, rows(tmp_path, "a", "b"), "v"),)
    others = (problems_artifact(tmp_path, rows(tmp_path, "b", "c"), "train"),)
    with pytest.raises(InputError, match=r"1 of 2 problems are also trained on or held out \(b of geometry train\)"):
        export(tmp_path, mine, others)


def test_nothing_to_ask_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no problem is left to ask"):
        export(tmp_path, (problems_artifact(tmp_path, [], "v"),), (problems_artifact(tmp_path, rows(tmp_path, "a"), "train"),))
