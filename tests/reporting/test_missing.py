"""The report counts the completions that could not be had, and says why."""

from pathlib import Path
from typing import Any

from tasks.lake.artifacts import Artifact, artifact, building
from tasks.reporting.inputs import Inputs


def made(home: Path, kind: str, **facts: Any) -> Artifact:
    """An artifact of which a report reads the manifest alone."""
    target = artifact(home, kind, facts)
    with building(target, facts):
        pass
    return target


def test_missing_completions_are_counted_by_policy(tmp_path: Path) -> None:
    whole = made(tmp_path, "profiles", policy_name="stage1")
    holed = made(tmp_path, "profiles", policy_name="base", missing={"completions": 8, "problems": 2, "reasons": {"problem p: too long": 8}})
    graded = [made(tmp_path, "graded", profile=profile.key) for profile in (holed, whole)]
    difficulty = made(tmp_path, "difficulty", graded=graded[0].key)
    evaluation = made(tmp_path, "evaluations", graded=[item.key for item in graded])
    inputs = Inputs(difficulty, tmp_path, "mine", (), (), evaluation, ())
    assert inputs.missing == ["base: 8 completions of 2 problems could not be had: problem p: too long"]
