"""Which artifacts a recipe's runs are made of: kept once, when steps are done, and not again where nothing is new."""

from pathlib import Path

import pytest

from flows.plannable import recorded
from flows.recipe import Recipe, load_recipe
from tasks.lake.artifacts import Artifact
from tasks.lake.lake import Lake
from tasks.steps.planning import planning
from tasks.steps.runs import keep_steps, note_step, run_of
from tests.flows.runs import tiny_recipe


def run(home: Path, recipe: str, made: str, flow: str = "pipeline") -> None:
    """A run whose steps made artifacts of these one-letter keys."""
    with run_of(recipe, flow):
        for key in made:
            note_step("sample", Artifact(home=home, kind="profiles", key=key))


def kept(home: Path) -> list[tuple[str, str, str]]:
    """Recipe, flow and keys of every run that is kept, in time."""
    rows = Lake(home).scan("run_steps").collect().sort("started", "place")
    runs = {(row["run_id"], row["recipe"], row["flow"]): "" for row in rows.iter_rows(named=True)}
    for row in rows.iter_rows(named=True):
        runs[row["run_id"], row["recipe"], row["flow"]] += row["artifact_id"]
    return [(recipe, flow, keys) for (_, recipe, flow), keys in runs.items()]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (["abc", "abc"], ["abc"]),  # all from cache
        (["abc", "ab"], ["abc"]),  # a part of it, from cache
        (["ab", "abc"], ["ab", "abc"]),  # goes on
        (["abc", "abd"], ["abc", "abd"]),  # another setting
        (["abc", "abd", "abc"], ["abc", "abd", "abc"]),  # and back: the newest is what was run last
        (["aab"], ["ab"]),  # an artifact that two steps give counts once
        ([""], []),
    ],
)
def test_a_run_is_kept_where_its_recipe_s_last_one_did_not_have_all_of_it(tmp_path: Path, runs: list[str], expected: list[str]) -> None:
    for made in runs:
        run(tmp_path, "mine", made)
    assert kept(tmp_path) == [("mine", "pipeline", keys) for keys in expected]


def test_recipes_and_regradings_have_their_own_last_run(tmp_path: Path) -> None:
    for recipe, flow, made in (
        ("a", "pipeline", "xy"),
        ("b", "pipeline", "xy"),
        ("a", "regrade", "xy"),
        ("a", "regrade", "z"),
        ("a", "pipeline", "xy"),
    ):
        run(tmp_path, recipe, made, flow)
    assert kept(tmp_path) == [("a", "pipeline", "xy"), ("b", "pipeline", "xy"), ("a", "regrade", "z")]


def test_a_run_that_breaks_keeps_what_was_published(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), run_of("mine", "pipeline"):
        note_step("sample", Artifact(home=tmp_path, kind="profiles", key="a"))
        keep_steps()
        note_step("grade", Artifact(home=tmp_path, kind="profiles", key="b"))
        raise KeyboardInterrupt
    assert kept(tmp_path) == [("mine", "pipeline", "a")]
    run(tmp_path, "mine", "ab")
    assert kept(tmp_path) == [("mine", "pipeline", "a"), ("mine", "pipeline", "ab")]


def test_the_outermost_flow_is_the_run_and_a_dry_run_is_none(tmp_path: Path) -> None:
    recipe = load_recipe(str(tiny_recipe(tmp_path)))

    def step(home: Path) -> None:
        note_step("sample", Artifact(home=home, kind="profiles", key="a"))

    def profile(recipe: Recipe, home: Path) -> None:
        step(home)

    def pipeline(recipe: Recipe, home: Path) -> None:
        recorded(profile)(recipe, home=home)
        note_step("train", Artifact(home=home, kind="stages", key="b"))

    def starter(home: Path) -> None:
        step(home)

    home = tmp_path / "home"
    with planning():
        recorded(pipeline)(recipe=recipe, home=home)
    recorded(starter)(home)
    assert kept(home) == []
    recorded(pipeline)(recipe, home)
    assert kept(home) == [("tiny", "pipeline", "ab")]
