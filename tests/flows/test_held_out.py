"""A recipe without held-out problems: all is done that needs none, and what is about the evaluation alone says at once what is missing."""

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


@pytest.mark.parametrize("starter", [None, {"n_train": 8, "n_heldout": 0}], ids=["own", "starter"])
def test_the_whole_method_is_planned_without_an_evaluation(recipe: Recipe, tmp_path: Path, starter: dict | None) -> None:
    if starter:
        recipe = load_recipe("starter", [f"problems.starter={starter}"])
    plan = plan_flow(pipeline, recipe, tmp_path / "runs")
    tasks = [step.task for step in plan.steps]
    assert tasks[-2:] == ["report", "publish warehouse"] and tasks.count("train") == 2 and "evaluate" not in tasks
    assert any("no problems are held out" in note for note in plan.notes)
    assert not any("evaluation" in warning for warning in plan.warnings)


def test_an_evaluation_of_nothing_is_an_error_before_anything_is_done(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"recipe own: problems.heldout names no problems.*`difficulty-prior run` do all that needs none"):
        plan_flow(evaluate, recipe, tmp_path / "runs")


def test_a_study_of_nothing_held_out_is_an_error_too(recipe: Recipe, tmp_path: Path) -> None:
    shared = recipe.model_dump(exclude_defaults=True, exclude={"name"})
    own = Study(name="own", seeds=2, baseline="base", arms=({"name": "base"},), recipe=shared)
    with pytest.raises(InputError, match="problems.heldout names no problems"):
        study.fn(own, tmp_path / "runs")


def test_the_starter_holds_out_its_own() -> None:
    assert load_recipe("starter").problems.can_evaluate
