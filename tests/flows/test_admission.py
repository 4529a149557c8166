"""What a policy cannot be asked is set aside before anything is sampled, counted with its reason, and left out of all that follows."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from prefect import flow

from flows.commands.plan import plan_flow
from flows.profile import admissible, limits_of, profile, read_problems, sampling_limits
from flows.recipe import Recipe
from tasks.admission.counted import all_set_aside
from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.policy.identity import base_policy
from tasks.problems.overlap import Parts

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("in_prefect")]

LONG = "Count the words. " + "word " * 5000


def source(folder: Path, name: str, questions: list[str]) -> dict:
    """A source of these questions; those that begin with a mark show a picture of the size that they name."""
    path = folder / f"{name}.jsonl"
    rows = [{"problem": text, "answer": "1", "images": [f"{text[7:]}.png"] if text.startswith("<image>") else []} for text in questions]
    for row in rows:
        for image in row["images"]:
            width, height = map(int, image.removesuffix(".png").split("x"))
            Image.new("RGB", (width, height), "white").save(folder / image)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"name": name, "path": str(path)}


def recipe_of(folder: Path, train: list[str], heldout: list[str], **problems: int) -> Recipe:
    sources = {"train": [source(folder, "ours", train)], "heldout": [source(folder, "kept", heldout)]}
    return Recipe.model_validate(
        {
            "name": "mine",
            "policy": {"model": "starter", "dtype": "float32"},
            "problems": {**sources, **problems},
            "sampling": {"max_tokens": 16},
        }
    )


@flow
def admitting(recipe: Recipe, home: Path, trained: bool = False) -> tuple[Parts, Parts]:
    found, limits = read_problems(recipe, home), limits_of(recipe) if trained else sampling_limits(recipe)
    return found, admissible(recipe, home, base_policy(recipe.policy), found, limits)


def questions(parts: Parts) -> Iterator[str]:
    for item in parts.sources:
        yield from pl.read_parquet(item.file("problems.parquet"))["question"]


def test_rows_are_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    recipe = recipe_of(tmp_path, ["One?", "<image>3000x10", "Two?", LONG.strip()], ["Three?", "<image>48x48"])
    before = [step.name for step in plan_flow(profile, recipe, home).steps]
    assert not any("set aside" in name for name in before)
    found, left = admitting(recipe, home)
    assert list(questions(left)) == ["One?", "Two?", "Three?", "<image>48x48"]
    assert left.heldout == found.heldout  # nothing that was made of it is made anew
    rows = Lake(home).scan("rejected").collect().sort("row")
    assert rows.select("dataset", "split", "source", "row", "column").rows() == [
        ("ours", "train", str(tmp_path / "ours.jsonl"), 2, "images"),
        ("ours", "train", str(tmp_path / "ours.jsonl"), 4, "problem"),
    ]
    [line] = all_set_aside(left.sources)
    assert line.startswith("ours/train: 2 of 4 problems set aside, which the policy cannot be asked: 1 image refused, 1 too long")
    assert "the first: row 2: the policy's processor does not take 3000 x 10 pixels" in line
    assert left.train[0].manifest["counts"] | {"problems": 2, "set_aside": 2} == left.train[0].manifest["counts"]
    assert admitting(recipe, home) == (found, left)
    states = {step.name: step.state for step in plan_flow(profile, recipe, home).steps}
    assert [state for name, state in states.items() if "set aside" in name or "cannot be asked" in name] == ["cached", "cached"]


def test_a_source_that_loses_nothing_is_the_artifact_that_it_was(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, ["One?", "<image>48x48"], ["Three?"])
    found, left = admitting(recipe, tmp_path / "lake")
    assert left == found and not list(all_set_aside(left.sources))
    assert sampling_limits(recipe).max_tokens == 16 and not sampling_limits(recipe).hints
    assert limits_of(recipe).max_tokens == 1024 and limits_of(recipe).hints  # the stages'
    assert (
        limits_of(recipe.model_copy(update={"problems": recipe.problems.model_copy(update={"max_prompt_tokens": 9})})).max_prompt_tokens
        == 9
    )


def test_a_profile_alone_asks_for_no_room_that_only_a_stage_needs(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, ["One?", "Count them: " + "word " * 850], ["Three?"])
    found, left = admitting(recipe, tmp_path / "lake")
    assert left == found
    assert list(questions(admitting(recipe, tmp_path / "lake", trained=True)[1])) == ["One?", "Three?"]


def test_where_nothing_is_left_one_error_says_why(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, ["One?", "Two?"], ["Three?"], max_prompt_tokens=5)
    with pytest.raises(
        InputError, match=r"no problem to train on is left: .* none of 2 \(2 too long; the first: its prompt has \d+ tokens"
    ):
        admitting(recipe, tmp_path / "lake")
