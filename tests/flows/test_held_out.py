"""A recipe without held-out problems: what needs none can be planned, and what evaluates says at once what is missing."""

from pathlib import Path

import pytest

from flows.arms import Study
from flows.commands.plan import plan_flow
from flows.curate import curate
from flows.evaluate import evaluate
from flows.pipeline import pipeline
from flows.profile import profile
from flows.recipe import Recipe, load_recipe
from flows.study import study
from flows.train import train
from tasks.base.errors import InputError

OWN = """
name: own
policy: {{model: starter}}
problems: {{train: [{{name: sums, path: {}/sums.jsonl, columns: {{images: null}}}}]}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe that holds nothing out."""
    own = tmp_path / "own.yaml"
    (tmp_path / "sums.jsonl").write_text('{"problem": "1 + 1?", "answer": "2"}\n')
    own.write_text(OWN.format(tmp_path))
    return load_recipe(str(own))


@pytest.mark.parametrize("flow", [profile, curate, train], ids=lambda flow: flow.name)
def test_what_needs_no_held_out_problems_is_planned(recipe: Recipe, tmp_path: Path, flow) -> None:
    assert plan_flow(flow, recipe, tmp_path / "runs").steps


@pytest.mark.parametrize("flow", [evaluate, pipeline], ids=lambda flow: flow.name)
def test_an_evaluation_of_nothing_is_an_error_before_anything_is_done(recipe: Recipe, tmp_path: Path, flow) -> None:
    with pytest.raises(InputError, match=r"recipe own: problems.heldout names no problems.* or go only as far as"):
        plan_flow(flow, recipe, tmp_path / "runs")


def test_a_study_of_nothing_held_out_is_an_error_too(recipe: Recipe, tmp_path: Path) -> None:
    shared = recipe.model_dump(exclude_defaults=True, exclude={"name"})
    own = Study(name="own", seeds=2, baseline="base", arms=({"name": "base"},), recipe=shared)
    with pytest.raises(InputError, match="problems.heldout names no problems"):
        study.fn(own, tmp_path / "runs")


def test_the_starter_holds_out_its_own() -> None:
    assert load_recipe("starter").problems.can_evaluate
