"""A third stage and an only one, by YAML alone: what is done is kept, the new stage follows the last, and all is told in that order."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.commands.plan import plan_flow
from flows.export import export
from flows.pipeline import pipeline
from flows.recipe import load_recipe
from tasks.steps.in_use import in_use
from tasks.steps.planning import State
from tests.flows.finished.conftest import Finished
from tests.flows.runs import STAGE, TINY, artifacts, run, tables

pytestmark = pytest.mark.process
STAGES: dict[str, Any] = dict(TINY["stages"])  # type: ignore[arg-type]
LAST = {"choose": {"rule": "medium_to_hard", "size": 3, "high": 0.76}, "train": {**STAGE, "steps": 2, "optimizer": "fresh"}}
THREE = {**STAGES, "afterwards": LAST}  # in the alphabet the last would be the first


def recipe_with(folder: Path, stages: dict[str, Any]) -> Path:
    """The tiny recipe with these stages, evaluated without hints."""
    path = folder / "staged.yaml"
    path.write_text(yaml.safe_dump({**TINY, "stages": stages, "evaluation": {"samples": 2, "hints": False}}, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def staged(finished: Finished, prefect_home: Path) -> tuple[Path, dict[str, str], str]:
    """The lake once three stages have run in it: their recipe, the names of the policies that were there before, and what was printed."""
    recipe, before = recipe_with(finished.home.parent, THREE), tables(finished.home)["policies"]
    done = run(finished.home, recipe, prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    return recipe, dict(before.select("policy_id", "name").rows()), done.stdout


def test_the_third_stage_alone_is_trained_from_the_second(finished: Finished, staged: tuple[Path, dict[str, str], str]) -> None:
    _, before, _ = staged
    assert len(artifacts(finished.home)["stages"]) == len(THREE)
    new = [row for row in tables(finished.home)["policies"].iter_rows(named=True) if row["policy_id"] not in before]
    assert [(policy["name"], before[policy["parent_id"]]) for policy in new] == [("afterwards", list(STAGES)[-1])]
    used = in_use(finished.home, "tiny")
    assert used and list(used.stages) == list(THREE)


def test_stages_are_told_in_the_order_of_training(finished: Finished, staged: tuple[Path, dict[str, str], str], tmp_path: Path) -> None:
    recipe, _, said = staged
    titles = ["Base", "Stage 1", "Stage 2", "Afterwards"]
    assert in_order(said.split("Held-out accuracy", 1)[1], titles)
    [page] = [text for path in finished.home.glob("reports/*/report.html") if "Afterwards" in (text := path.read_text())]
    assert in_order(page.split("<span>Curated problems by stage and dataset", 1)[1], titles[1:])
    assert in_order(page.split("<span>Held-out accuracy in percent", 1)[1], titles)
    export(str(recipe), finished.home, to="verl", out=tmp_path / "out", changes=[])
    assert in_order((tmp_path / "out" / "README.md").read_text(), [f"split: {name}" for name in THREE])
    assert {f"{name}.sh" for name in THREE} <= {path.name for path in (tmp_path / "out").iterdir()}


def in_order(text: str, words: list[str]) -> bool:
    """Whether words first stand in a text in this order."""
    places = [text.index(word) for word in words]
    return places == sorted(places)


@pytest.mark.usefixtures("staged")
def test_a_rerun_finds_all_three_cached(finished: Finished) -> None:
    recipe = load_recipe(str(finished.home.parent / "staged.yaml"))
    assert {step.state for step in plan_flow(pipeline, recipe, finished.home).steps} == {State.cached, State.every_run}


def test_a_third_stage_that_goes_on_with_adam_has_the_second_keep_it(finished: Finished, tmp_path: Path) -> None:
    going_on = {**THREE, "afterwards": {**LAST, "train": {**STAGE, "steps": 2}}}
    steps = plan_flow(pipeline, load_recipe(str(recipe_with(tmp_path, going_on))), finished.home).steps
    [second] = [step for step in steps if step.name == "train stage2 from stage1"]
    assert second.state is State.to_do and second.why == ["hands_over: policy → optimizer"]


def test_an_only_stage_is_the_one_that_is_done(finished: Finished, tmp_path: Path) -> None:
    """It is a set of its own, with the same file of problems, and so the same training. Without the other stages' hints, less need fit."""
    name = next(iter(STAGES))
    steps = plan_flow(pipeline, load_recipe(str(recipe_with(tmp_path, {name: STAGES[name]}))), finished.home).steps
    to_do = [(step.task, step.name) for step in steps if step.state is State.to_do]
    assert [task for task, _ in to_do] == ["admit", "curate"] and to_do[1][1] == f"choose the problems of {name}"
    assert [step.name for step in steps if step.task == "train"] == [f"train {name} from base"]
