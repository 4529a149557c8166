"""The recipes on the pages are recipes, and the parts of one are settings that change something."""

from pathlib import Path

import pytest
import yaml

from flows.arms import Comparison
from flows.recipe import load_recipe
from flows.stages import Stage
from tasks.base.process import PROJECT
from tasks.sampling.settings import SamplingSettings
from tests.documents.pages import blocks

WHOLE, *PARTS = blocks((PROJECT / "deployments" / "README.md").read_text(encoding="utf-8"), "yaml")


def test_the_recipe_to_start_from_loads(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(WHOLE)
    assert [stage.train.hints for stage in load_recipe(str(own)).stages.values()] == [False, True]


@pytest.mark.parametrize("snippet", PARTS)
def test_the_other_snippets_are_settings(snippet: str) -> None:
    [(part, fields)] = yaml.safe_load(snippet).items()
    if part == "stages":
        assert all(Stage.model_validate(stage) != Stage() for stage in fields.values())
    elif part == "primary":  # of a study
        assert all(Comparison.model_validate(named) for named in fields)
    else:
        room = type(getattr(load_recipe("starter"), part))
        assert room.model_validate(fields) is not None
    assert part != "sampling" or SamplingSettings.model_validate(fields) != SamplingSettings()
