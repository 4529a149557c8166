"""What recipes come to once defaults are filled in: of every shipped one, of every one in the docs, of the starter as published."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.arms import load_study
from flows.commands.plan import plan_flow, remarks
from flows.commands.running import show_plan
from flows.pipeline import pipeline
from flows.recipe import Recipe, load_recipe
from flows.train import train
from tasks.base.process import PROJECT
from tasks.steps.planning import State, Step
from tasks.training.cautions import asking, cautions
from tasks.training.settings import StageSettings
from tests.documents.pages import blocks, pages
from tests.flows.runs import STARTER_STAGE

BILLIONS = 7_000_000_000
REAL = {
    "learning_rate": 1e-6,
    "adam_beta2": 0.999,
    "max_grad_norm": 1.0,
    "dtype": "auto",
    "autocast": True,
    "gradient_checkpointing": "auto",
}
BLOCKS = [
    pytest.param(yaml.safe_load(block), id=f"{page.relative_to(PROJECT)} {place}")
    for page in pages(PROJECT)
    for place, block in enumerate(blocks(page.read_text(encoding="utf-8"), "yaml"))
    if "primary" not in yaml.safe_load(block)  # a study's, which is no recipe
]


def effective(stage: StageSettings) -> dict[str, Any]:
    return stage.model_dump(include=set(REAL))


def stages_of(fields: dict[str, Any]) -> dict[str, StageSettings]:
    """The stages that a documented recipe, or a part of one, sets, with everything that it leaves open."""
    recipe = Recipe.model_validate({"name": "part", "problems": {"starter": {}}, **fields})
    return {name: stage.train for name, stage in recipe.stages.items() if name in fields.get("stages", {})}


def test_there_are_recipes_in_the_docs() -> None:
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("fields", BLOCKS)
def test_documented_recipes_are_those_of_a_real_run(fields: dict[str, Any]) -> None:
    """And none of them would be warned of for a policy of seven billion weights, which is what they are written for."""
    for name, stage in stages_of(fields).items():
        assert effective(stage) == {**REAL, "learning_rate": 1e-5 if stage.lora else 1e-6}
        assert cautions(name, stage, asking(Recipe.model_fields["prompting"].default, stage, stage.hints), {}, BILLIONS) == []


def test_the_documented_recipe_draws_everywhere_alike(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(blocks((PROJECT / "deployments" / "README.md").read_text(encoding="utf-8"), "yaml")[0])
    assert said(load_recipe(str(own))) == []


def said(recipe: Recipe) -> list[str]:
    """What is warned of in a recipe whose stages are all to be trained."""
    steps = [Step(1, name, "train", State.waits, None, None, [], {}, {"stage": name}) for name in recipe.stages]
    return remarks(recipe, steps)[0]


@pytest.mark.parametrize("name", ["starter", "mathvision", "paper"])
def test_shipped_recipes_are_not_warned_of(name: str) -> None:
    assert said(load_recipe(name)) == []


@pytest.mark.parametrize("name", ["starter", "mathvision"])
def test_the_starter_is_trained_as_its_figures_were_measured(name: str) -> None:
    """Whatever the defaults are."""
    rates = {stage: recipe.train.learning_rate for stage, recipe in load_recipe(name).stages.items()}
    assert rates == {"stage1": 1.5e-4, "stage2": 7e-5}
    for stage in load_recipe(name).stages.values():
        found = {**effective(stage.train), "max_tokens": stage.train.max_tokens, "learning_rate": 1e-4}
        assert found == {**STARTER_STAGE, "adam_beta2": 0.95, "max_grad_norm": 2.0, "autocast": True}


def test_every_arm_of_the_study_is_trained_alike_and_hardly_clipped() -> None:
    study = load_study("study")
    stages = [stage.train for arm in study.arms for stage in study.arm_recipe(arm, 0).stages.values()]
    alike = {**REAL, **STARTER_STAGE, "max_grad_norm": 5.0}
    assert {tuple(effective(stage).items()) for stage in stages} == {tuple((name, alike[name]) for name in effective(stages[0]))}


def test_the_paper_s_recipe_is_a_real_run() -> None:
    for stage in load_recipe("paper").stages.values():
        assert effective(stage.train) == {**REAL, "gradient_checkpointing": True}


LARGE = """
name: large
policy: {model: Qwen/Qwen2.5-VL-7B-Instruct}
problems: {starter: {}}
sampling: {temperature: 0.7}
stages:
  whole: {train: {learning_rate: 1.0e-4, micro_batch: 4}}
  adapted: {train: {lora: {}, micro_batch: 4, temperature: 0.7, hints: true}}
evaluation: {hints: false}
"""


def test_a_plan_warns_and_says_how_stages_train(tmp_path: Path) -> None:
    recipe = tmp_path / "large.yaml"
    recipe.write_text(LARGE)
    found = plan_flow(pipeline, load_recipe(str(recipe)), tmp_path / "runs")
    assert [line.split(":")[0] for line in found.warnings] == [
        "whole trains a policy of 7 billion weights with learning_rate 0.0001 for all weights",
        "whole",
        "adapted",
    ]
    assert "temperature 1.0 in training, but 0.7 in the profile and the evaluation" in found.warnings[1]
    assert "hints on in training, but off in the profile and the evaluation" in found.warnings[2]
    assert "adapted trains an adapter of rank 32 of a policy of 7 billion weights: learning_rate 1e-05, adam_beta2 0.999" in found.notes[1]
    assert "; Adam begins anew: whole trained all weights, and this stage trains an adapter of rank 32 on" in found.notes[1]
    assert not (tmp_path / "runs").exists()


def test_the_command_prints_warnings_and_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "large.yaml"
    recipe.write_text(LARGE)
    show_plan(train, load_recipe(str(recipe)), tmp_path / "runs", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith(("warning  whole", "warning  adapted"))]) == 3
    assert any(line.startswith("note     adapted trains an adapter of rank 32") for line in lines)
