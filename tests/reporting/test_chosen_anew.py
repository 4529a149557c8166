"""What the page says of a later stage: by which answers the difficulty was measured that it was chosen by."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.lake.artifacts import artifact, building
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.curation import measured_anew

LIGHT: dict[str, Any] = {"datasets": ("only",), "heldout": 4, "steps": 2, "hints": False}
SOURCES: dict[str, Any] = {
    "groups": {"problems": 104, "answers": 832, "stage": "stage1", "stage_id": "s", "steps": [38, 50], "moved": [0.021, 0.018]},
    "rollouts": {"problems": 1664, "answers": 13312},
    "left_out": 0,
}


def test_what_was_measured_twice_alike_is_told_once(tmp_path: Path, made: Any) -> None:
    inputs = Inputs(**made(**LIGHT).arguments)
    again = artifact(inputs.difficulty.home, "difficulty", {"sql": "the same in other words"})
    with building(again, dict(inputs.difficulty.manifest)) as folder:
        for file in inputs.difficulty.path.glob("*.parquet"):
            shutil.copy(file, folder)
    chosen = artifact(tmp_path, "curated", {"of": again.key})
    with building(chosen, {"difficulty": again.key, "stages": {"later": {}}}):
        pass
    assert again.content == inputs.difficulty.content
    assert replace(inputs, sets=(*inputs.sets, chosen)).difficulties == inputs.difficulties == [inputs.difficulty]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (None, "every problem was answered anew by it."),
        (
            SOURCES,
            "104 problems by training’s own 832 answers in steps 38 to 50 (of which the later half was right +2.1 points more often than "
            "the earlier one, ± 1.8); 1,664 by 13,312 new answers.",
        ),
        (
            SOURCES | {"groups": SOURCES["groups"] | {"moved": None}, "left_out": 7},
            "in steps 38 to 50; 1,664 by 13,312 new answers. 7 problems",
        ),
    ],
)
def test_a_later_stage_says_by_which_answers_it_was_chosen(tmp_path: Path, made: Any, sources: Any, said: str) -> None:
    run = made(**LIGHT)
    target = artifact(tmp_path, "curated", {"sources": sources})
    with building(target, {"stages": {"later": {}}, "earlier": "d", "sources": sources}):
        pass
    inputs = replace(Inputs(**run.arguments), sets=(*run.sets, target))
    assert said in measured_anew(inputs, "later") and measured_anew(inputs, "stage1") == ""
