"""`--set` reaches items of lists, by their place or their name, and what it cannot reach is told with what there is."""

from pathlib import Path

import pytest

from flows.recipe import Recipe, load_recipe
from tasks.base.errors import InputError
from tasks.problems.columns import ColumnMapping

OWN = """
name: own
problems:
  train:
  - {name: ours, path: ours.jsonl}
  - {name: twin, path: a.jsonl}
  - {name: twin, path: b.jsonl, split: more}
"""


def changed(folder: Path, *changes: str) -> Recipe:
    path = folder / "own.yaml"
    path.write_text(OWN)
    return load_recipe(str(path), changes)


@pytest.mark.parametrize(
    ("change", "place", "key", "value"),
    [
        ("problems.train.0.limit=5", 0, "limit", 5),
        ("problems.train.ours.limit=5", 0, "limit", 5),
        ("problems.train.2.skip=3", 2, "skip", 3),
        ("problems.train.0.limit=null", 0, "limit", None),
        ("problems.train.0.limit=", 0, "limit", None),
        ("problems.train.0.path=a=b, c.jsonl", 0, "path", "a=b, c.jsonl"),
        ("problems.train.0.path='# it''s'", 0, "path", "# it's"),
        ("problems.train.1={name: other, path: c.jsonl}", 1, "name", "other"),
    ],
)
def test_a_list_is_entered_by_place_or_name(tmp_path: Path, change: str, place: int, key: str, value: object) -> None:
    train = changed(tmp_path, change).problems.train
    assert (getattr(train[place], key), len(train)) == (value, 3)


def test_keys_within_an_item_are_made_and_negative_numbers_are_values(tmp_path: Path) -> None:
    recipe = changed(tmp_path, "problems.train.0.columns.images=null", "problems.train.1.columns={images: null}", "seed=-3")
    assert [source.columns.images for source in recipe.problems.train] == [None, None, ColumnMapping().images]
    assert recipe.seed == -3


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            ["problems.train.7.limit=5"],
            r"problems\.train has no item '7'; it has 0 \(ours\), 1 \(twin\), 2 \(twin\) \(places count from 0\)",
        ),
        (["problems.train.-1.limit=5"], r"problems\.train has no item '-1'"),
        (["problems.train.our.limit=5"], r"no item 'our' \(did you mean `ours`\?\)"),
        (["problems.train.twin.limit=5"], r"'twin' stands for 2 items of problems\.train; give the place of one"),
        (["problems.heldout.0.limit=5"], r"the recipe has no list at problems\.heldout, so there is no item 0 of it$"),
        (["problems.train.0.limit=-5"], r"`problems\.train\.0\.limit`: .*greater than 0 \(given: -5\)"),
        (["problems.train.0.limit.x=5", "problems.train.0.name.y=5"], r"problems\.train\.0\.name is 'ours', which has no keys in it"),
        (["problems..train=5"], r"'problems\.\.train' is not a key"),
        (["problems.train=5"], r"`problems\.train`: a list is needed here, such as \[a, b\] \(given: 5\)"),
        (["problems.train.0.name=no"], r"a text is needed here, and YAML reads a bool \(given: False\); put it into quotes"),
        (["seed=1", "seed=2"], r"--set seed is given twice, as '1' and as '2'"),
        (["sampling={rounds: 1, rounds: 2}"], r"--set .*the key `rounds` stands twice"),
        (["seed=99999999999999999999"], r"`seed`: .*less than"),
        (["seed"], r"--set 'seed' has no '='"),
        (["sampling.temperature=.inf"], r"`sampling\.temperature`: .*finite number"),
        (["stages.stage1.train.beta=.nan"], r"`stages\.stage1\.train\.beta`: .*finite number"),
        (["sampling.max_tokens=99999999999"], r"`sampling\.max_tokens`: .*less than 2147483648"),
    ],
)
def test_what_cannot_be_changed_is_told_with_what_there_is(tmp_path: Path, changes: list[str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        changed(tmp_path, *changes)


def test_the_starter_has_no_lists_to_enter() -> None:
    with pytest.raises(
        InputError, match=r"no list at problems\.train, so there is no item 0 of it; its problems are the starter's, of which"
    ):
        load_recipe("starter", ["problems.train.0.limit=5"])
