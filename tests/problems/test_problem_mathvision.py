"""Real problems: MathVision's testmini split."""

from pathlib import Path

import pytest

from tasks.problems.settings import SourceSettings
from tasks.problems.tables import load_problems
from tasks.problems.task import IngestRequest, ingest_problems

MATHVISION = Path(__file__).parents[3] / "shared" / "data" / "mathvision"


@pytest.mark.skipif(not MATHVISION.is_dir(), reason=f"MathVision's testmini split is not at {MATHVISION}")
def test_all_of_mathvision_is_usable(home: Path) -> None:
    source = SourceSettings(
        name="mathvision", path=str(MATHVISION / "testmini.jsonl"), split="heldout", columns="mathvision", max_rejected=0
    )
    done = ingest_problems.fn(IngestRequest(home=home, source=source))
    assert done.manifest["counts"] == {"rows": 304, "problems": 304, "unscorable": 0, "rejected": 0, "duplicates": 0, "images": 304}
    problems = load_problems([done])
    assert problems["problem_id"].n_unique() == 304
    assert (problems["choices"].list.len() > 0).sum() == 190
    for question, images, choices in problems.select("question", "images", "choices").rows():
        assert "\n".join([question, *choices]).count("<image>") == len(images) == 1
    labelled = dict(problems.select("source_id", "question").rows())["34"]
    assert (
        labelled
        == "<image>Max has cut a rectangle into two pieces. One piece looks like:\n<image1>\nWhat does the other piece look like?\n<image2>"
    )
