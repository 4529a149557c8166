"""A recipe whose parts share problems stops before anything is sampled, or drops them where it says so."""

import json
from pathlib import Path

import polars as pl
import pytest
from prefect import flow

from flows.commands.plan import plan_flow
from flows.profile import profile, read_problems
from flows.recipe import Recipe
from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.problems.overlap import Parts

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("in_prefect")]

PARTS = {"train": (1, 2, 3, 4), "heldout": (4, 5, 6), "validation": (1, 6, 7)}


def recipe_of(folder: Path, parts: dict[str, tuple[int, ...]] = PARTS, **problems: str) -> Recipe:
    """A recipe whose sources hold the questions of these numbers."""
    sources = {}
    for part, numbers in parts.items():
        path = folder / f"{part}.jsonl"
        path.write_text("".join(json.dumps({"problem": f"What is {n} plus one?", "answer": str(n + 1)}) + "\n" for n in numbers))
        sources[part] = [{"name": part, "path": str(path), "split": part, "columns": {"images": None}}]
    return Recipe.model_validate({"name": "mine", "problems": {**sources, **problems}})


@flow
def reading(recipe: Recipe, home: Path) -> Parts:
    return read_problems(recipe, home)


def numbers(sources) -> list[int]:
    found = [question for item in sources for question in pl.read_parquet(item.file("problems.parquet"))["question"]]
    return [int(question.split()[2]) for question in found]


def test_an_overlap_stops_a_run_before_it_samples(tmp_path):
    recipe, home = recipe_of(tmp_path), tmp_path / "lake"
    with pytest.raises(InputError, match=r"1 held-out problem is also trained on .* 1 validation problem is also held out"):
        profile(recipe=recipe, home=home)
    assert not (home / "profiles").exists() and Lake(home).scan("rollouts").collect().is_empty()
    with pytest.raises(InputError, match="problems.overlap"):
        plan_flow(profile, recipe, home)


@pytest.mark.parametrize(("overlap", "train", "heldout"), [("drop_train", [1, 2, 3], [4, 5, 6]), ("drop_heldout", [1, 2, 3, 4], [5, 6])])
def test_what_is_shared_is_dropped_where_the_recipe_says_so(tmp_path, overlap, train, heldout):
    recipe, home = recipe_of(tmp_path, overlap=overlap), tmp_path / "lake"
    found = reading(recipe, home)
    assert (numbers(found.train), numbers(found.heldout), numbers(found.validation)) == (train, heldout, [7])
    assert reading(recipe, home) == found
    names = [step.name for step in plan_flow(profile, recipe, home).steps if "drop" in step.name]
    assert len(names) == 2 and names[1] == "drop from validation validation what other parts of the recipe have"


def test_a_drop_that_leaves_nothing_is_an_error(tmp_path):
    recipe = recipe_of(tmp_path, {"train": (4, 5), "heldout": (4, 5, 6)}, overlap="drop_train")
    with pytest.raises(InputError, match="drop_train leaves nothing to train on"):
        reading(recipe, tmp_path / "lake")
