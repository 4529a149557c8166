"""The recipes on the pages are recipes, and the parts of one are settings that change something."""

import re
from pathlib import Path

import pytest
import yaml

from flows.arms import Comparison
from flows.recipe import load_recipe, recipe_path
from flows.stages import Stage
from tasks.base.process import PROJECT
from tasks.sampling.settings import SamplingSettings
from tests.documents.pages import blocks

WHOLE, *PARTS = blocks((PROJECT / "deployments" / "README.md").read_text(encoding="utf-8"), "yaml")


def test_the_recipe_to_start_from_loads(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(WHOLE)
    assert [stage.train.hints for stage in load_recipe(str(own)).stages.values()] == [False, True]


@pytest.mark.parametrize("name", ["gsm8k", "svamp"])
def test_files_take_the_hub_s_place_as_the_recipe_says(name: str) -> None:
    said = re.findall(r"`?--set ([\w.]+=[\w.]+)", recipe_path(name).read_text(encoding="utf-8"))
    both = [*said, *(change.replace(".train.", ".heldout.") for change in said if ".train." in change and "limit" not in change)]
    recipe = load_recipe(name, [*both, *(["problems.heldout.0.skip=700"] if name == "svamp" else [])])
    [train], [heldout] = recipe.problems.train, recipe.problems.heldout
    assert [Path(source.path).suffix in (".jsonl", ".json") for source in (train, heldout)] == [True, True]
    assert {(source.source_split, source.config) for source in (train, heldout)} == {(None, None)}
    assert name == "gsm8k" or (train.limit, heldout.skip) == (700, 700)


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
