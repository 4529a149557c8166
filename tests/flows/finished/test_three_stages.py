"""A third stage and an only one, by YAML alone: what is done is kept, the new stage follows the last, and all is told in that order."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.commands.plan import plan_flow
from flows.export import export
from flows.pipeline import pipeline
from flows.recipe import load_recipe
from tasks.lake.lake import Lake
from tasks.steps.in_use import in_use
from tasks.steps.planning import State
from tests.flows.finished.conftest import Finished
from tests.flows.runs import STAGE, TINY, run, tables

LAST = {"again": {"choose": {"rule": "medium_to_hard", "size": 3, "high": 0.76}, "train": {**STAGE, "steps": 2}}}  # first in the alphabet
NAMES = [*TINY["stages"], *LAST]  # type: ignore[misc]


def recipe_with(folder: Path, stages: dict[str, Any]) -> Path:
    """The tiny recipe with these stages, evaluated without hints."""
    path = folder / "staged.yaml"
    path.write_text(yaml.safe_dump({**TINY, "stages": stages, "evaluation": {"samples": 2, "hints": False}}, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def staged(finished: Finished, tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> tuple[Path, Path, str]:
    """A copy of the finished lake in which three stages have run: the recipe, the lake, and what was printed."""
    folder = tmp_path_factory.mktemp("staged")
    home = folder / "runs"
    shutil.copytree(finished.home, home)
    recipe = recipe_with(folder, {**TINY["stages"], **LAST})  # type: ignore[dict-item]
    done = run(home, recipe, prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    return recipe, home, done.stdout


def test_the_third_stage_alone_is_trained_from_the_second(finished: Finished, staged: tuple[Path, Path, str]) -> None:
    made = {kind: tables(home)[kind] for kind, home in (("policies", staged[1]),)}["policies"]
    new = made.join(finished.tables["policies"], on="policy_id", how="anti")
    second = finished.tables["policies"].filter(name=NAMES[1])["policy_id"].item()
    assert new.select("name", "parent_id").rows() == [("again", second)]
    used = in_use(staged[1], "tiny")
    assert used and list(used.stages) == NAMES


def test_stages_are_told_in_the_order_of_training(staged: tuple[Path, Path, str], tmp_path: Path) -> None:
    recipe, home, said = staged
    shown = ["Base", *(f"Stage {place}" for place in (1, 2)), "Again"]
    told = said[said.index("Held-out accuracy") :]
    assert sorted(shown, key=lambda title: told.index(title)) == shown
    [page] = [path for path in home.glob("reports/*/report.html") if ">Again<" in path.read_text()]
    for head in ("Curated problems by stage and dataset", "Held-out accuracy"):
        part = page.read_text().split(head)[1]
        assert sorted(shown[1:], key=lambda title: part.index(title)) == shown[1:], head
    files = export(str(recipe), home, to="verl", out=tmp_path / "out", changes=[])
    assert {f"{name}.sh" for name in NAMES} <= {path.name for path in files}
    card = (tmp_path / "out" / "README.md").read_text()
    assert [card.index(f"split: {name}") for name in NAMES] == sorted(card.index(f"split: {name}") for name in NAMES)
    assert Lake(home).scan("curated").collect()["stage"].unique().sort().to_list() == sorted(NAMES)


def test_a_rerun_finds_all_three_cached(staged: tuple[Path, Path, str]) -> None:
    recipe, home, _ = staged
    assert {step.state for step in plan_flow(pipeline, load_recipe(str(recipe)), home).steps} == {State.cached, State.every_run}


def test_an_only_stage_is_the_one_that_is_done(finished: Finished, tmp_path: Path) -> None:
    """Its problems are the same file, so that nothing is trained, and what is left to do needs no model."""
    only = recipe_with(tmp_path, {NAMES[0]: TINY["stages"][NAMES[0]]})  # type: ignore[index]
    steps = plan_flow(pipeline, load_recipe(str(only)), finished.home).steps
    assert [step.name for step in steps if step.state is State.to_do] == ["choose the problems of stage1"]
    assert [step.name for step in steps if step.task == "train"] == ["train stage1 from base"]
