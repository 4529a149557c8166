"""Stages as a list: what they may be called, how a change reaches them, and what those with a recipe of two fixed stages are told."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.commands.plan import plan_flow
from flows.commands.sweep import chosen_otherwise, sweep_settings
from flows.curate import first_set
from flows.export import usual_stages
from flows.pipeline import pipeline
from flows.recipe import Recipe, load_recipe
from flows.service.forms import by_stage
from flows.stages import default_stages
from flows.train import train
from tasks.base.errors import InputError
from tasks.curation.settings import SetSettings
from tasks.curation.stages import stages_of
from tasks.curation.task import CurationRequest, curate_sets
from tasks.lake.artifacts import Artifact
from tests.curation.sets import SMALL, measured

START: dict[str, Any] = {"name": "mine", "policy": {"model": "starter"}, "problems": {"starter": {}}}
NEW = {"warm": {"choose": {"size": 9}}, "main": {}, "hard_2": {"choose": {"rule": "medium_to_hard"}, "train": {"hints": True}}}


def written(folder: Path, **fields: Any) -> str:
    """A recipe's file."""
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**START, **fields}, sort_keys=False))
    return str(path)


def sets(home: Path, *choices: SetSettings) -> list[Artifact]:
    """The small sets that these settings choose of the same problems."""
    difficulty, problems = measured(home)
    asked = {"home": home, "difficulty": difficulty, "problems": problems, "seed": 0}
    return [curate_sets.fn(CurationRequest(settings=settings, **asked)) for settings in choices]


def test_a_recipe_that_names_none_has_the_papers_two(tmp_path: Path) -> None:
    stages = load_recipe(written(tmp_path)).stages
    assert list(stages) == list(default_stages())
    assert [(stage.choose.size, stage.choose.rule, stage.train.hints) for stage in stages.values()] == [
        (2000, "medium", False),
        (600, "medium_to_hard", True),
    ]
    assert [(stage.choose.low, stage.choose.high) for stage in stages.values()] == [(0.084, 0.87), (0.084, 0.5)]


@pytest.mark.parametrize("names", [["only"], ["warm", "main", "hard_2"], [f"s{place}" for place in range(10, 0, -1)]])
def test_any_number_of_stages_is_planned_in_its_order(tmp_path: Path, names: list[str]) -> None:
    recipe = load_recipe(written(tmp_path, stages={name: {} for name in names}))
    steps = plan_flow(pipeline, recipe, tmp_path / "runs").steps
    before = ["base", *names]
    assert [step.name for step in steps if step.task == "train"] == [
        f"train {name} from {parent}" for parent, name in zip(before, names, strict=False)
    ]
    asked = [step.name for step in steps if step.task == "sample" and "(heldout)" in step.name and "hints" not in step.name]
    assert [name.split(" with ")[1].split(",")[0] for name in asked] == before
    assert list(first_set(recipe).stages) == names[:1]


MEASURED = ("measure difficulty", "measure difficulty anew")
LATER: dict[str, list[str]] = {
    "auto": ["read training's answers", "sample", "grade", "measure difficulty anew"],
    "groups": ["read training's answers", "measure difficulty anew"],
    "rollouts": ["sample", "grade", "measure difficulty"],
    "first": [],
}


@pytest.mark.parametrize("given", [None, {}, True, {"rounds": 2}, {"source": "groups"}, {"source": "rollouts"}, {"source": "first"}])
def test_each_stage_but_the_first_is_chosen_anew(tmp_path: Path, given: Any) -> None:
    recipe = load_recipe(written(tmp_path, stages=NEW, **({} if given is None else {"reprofile": given})))
    found = plan_flow(train, recipe, tmp_path / "runs").steps
    assert [step.name for step in found if step.task == "curate"] == [f"choose the problems of {name}" for name in NEW]
    is_first = recipe.anew and recipe.anew.source == "first"
    assert [step.name.split(" for ")[1] for step in found if step.task in MEASURED] == ["base", *([] if is_first else ["warm", "main"])]
    assert first_set(recipe).rules == {"warm": recipe.stages["warm"].choose, "main": None, "hard_2": None}
    trained = [place for place, step in enumerate(found) if step.task == "train"]
    for before, after in pairwise(trained):
        assert recipe.anew and [step.task for step in found[before + 1 : after - 1]] == LATER[recipe.anew.source]
    sampled = [step for step in found[trained[0] :] if step.task == "sample"]
    assert all(step.work and step.work.up_to for step in sampled)


def test_a_sweep_of_a_later_stage_says_that_it_is_over_the_first_difficulty(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, stages=NEW))
    assert chosen_otherwise(recipe, "warm") == chosen_otherwise(None, "main") == ""
    assert chosen_otherwise(recipe, "main").startswith("main is chosen by what its policy solves when the stage before is trained")


@pytest.mark.parametrize("given", [None, False])
def test_without_reprofile_one_set_is_for_all_stages(tmp_path: Path, given: bool | None) -> None:
    recipe = load_recipe(written(tmp_path, stages=NEW, reprofile=given))
    found = plan_flow(train, recipe, tmp_path / "runs").steps
    assert recipe.anew is None and list(first_set(recipe).stages) == list(NEW)
    assert [step.task for step in found].count("curate") == 1 and not any(step.task in MEASURED[1:] for step in found)


def test_groups_that_are_no_fair_sample_are_refused_or_not_read(tmp_path: Path) -> None:
    stages = {"warm": {"train": {"refill": {"tries": 2}}}, "main": {}}
    with pytest.raises(InputError, match=r"reprofile\.source groups: those of warm do not tell .*: refill puts others .*; take source r"):
        load_recipe(written(tmp_path, stages=stages, reprofile={"source": "groups"}))
    found = plan_flow(train, load_recipe(written(tmp_path, stages=stages)), tmp_path / "runs").steps
    assert "read training's answers" not in [step.task for step in found]
    load_recipe(written(tmp_path, stages={"main": {}, **stages}, reprofile={"source": "rollouts"}))


def test_a_later_stage_that_chooses_its_problems_needs_a_profile_of_its_policy(tmp_path: Path) -> None:
    stages: dict[str, Any] = {"warm": {"train": {"sampler": "live"}}, "main": {"train": {"sampler": "beta"}}}
    with pytest.raises(InputError, match=r"stages\.main\.train\.sampler beta starts from .*: \{model: beta, prior: \{from: base\}\}"):
        load_recipe(written(tmp_path, stages=stages, reprofile=None))
    load_recipe(written(tmp_path, stages=stages))
    for whose in ("base", None):
        stages["main"]["train"]["sampler"] = {"model": "beta", "prior": {"from": whose}}
        load_recipe(written(tmp_path, stages=stages, reprofile=None))


def test_a_run_may_end_with_an_earlier_stage(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, stages=NEW))
    steps = plan_flow(lambda **given: train(**given, last_stage="main"), recipe, tmp_path / "runs").steps
    assert [step.name for step in steps if step.task == "train"] == ["train warm from base", "train main from warm"]
    with pytest.raises(InputError, match=r"recipe mine has no stage 'mian' \(did you mean `main`\?\); it has warm, main, hard_2"):
        train.fn(recipe, tmp_path / "runs", "mian")


@pytest.mark.parametrize(
    "name",
    [
        *("Stage1", "1st", "warm-up", "warm up", "a/b", "..", "", "s" * 41, "stufe_ä", "a.b", "_a", "a\n"),
        *(1, True, None),
        *("all", "base", "choose", "curated", "on_shortage", "train"),
    ],
)
def test_bad_names_are_told_what_is_allowed(tmp_path: Path, name: Any) -> None:
    with pytest.raises(InputError, match=r"mine\.yaml: `stages`: no stage can be called .*: (take a small letter|that is)"):
        load_recipe(written(tmp_path, stages={"good": {}, name: {}}))


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"stages": {}}, r"`stages`: stages are given by name, in the order of training: stages: \{NAME: "),
        ({"stages": [{"choose": {}}]}, r"`stages`: stages are given by name"),
        ({"stages": None}, r"`stages`: stages are given by name"),
        ({"stages": {"a": {}, "b": None}}, r"`stages`: stage b holds nothing: write `b: \{\}` for one of defaults, or leave it out"),
        ({"stages": {"a": {"size": 3}}}, r"unknown key `stages\.a\.size` \(did you mean `stages\.NAME\.choose\.size`\?\)"),
        ({"stages": {"a": {"choos": {}}}}, r"unknown key `stages\.a\.choos` \(did you mean `stages\.a\.choose`\?\)"),
        ({"stages": {"a": {}}, "panel": {"panel": "a", "files": ["x"]}}, r"stage a is called like the panel"),
        ({"stages": {"a": {"train": {"steps": 0}}}}, r"`stages\.a\.train\.steps`: .*\(given: 0\)"),
    ],
)
def test_faults_name_the_stage_and_the_way_out(tmp_path: Path, fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=rf"mine\.yaml: {fault}" if not fault.startswith("stage a") else fault) as told:
        load_recipe(written(tmp_path, **fields))
    assert "\n" not in str(told.value)


def test_a_stage_that_stands_twice_is_told_with_its_line(tmp_path: Path) -> None:
    """A copied stage that was not renamed: YAML would keep the last and train one stage less."""
    path = written(tmp_path)
    text = Path(path).read_text() + "stages:\n  warm: &warm {train: {steps: 20}}\n  main: {<<: *warm, train: {steps: 30}}\n"
    Path(path).write_text(text)
    assert list(load_recipe(path).stages) == ["warm", "main"]
    Path(path).write_text(text + "  warm: {}\n")
    with pytest.raises(
        InputError, match=r"mine\.yaml: the key `warm` stands twice in one place, first in line \d+, again in line \d+, column 3"
    ):
        load_recipe(path)


def test_changes_reach_stages_also_those_of_a_recipe_that_names_none(tmp_path: Path) -> None:
    first, second = default_stages()
    recipe = load_recipe(written(tmp_path), [f"stages.{second}.train.steps=20", f"stages.{first}.choose.size=5"])
    assert [(stage.choose.size, stage.train.steps) for stage in recipe.stages.values()] == [(5, 120), (600, 20)]
    assert list(load_recipe(written(tmp_path), [f"stages.{second}=null"]).stages) == [first]
    more = load_recipe(written(tmp_path, stages=NEW), ["stages.more={choose: {size: 3}, train: {steps: 20}}"])
    assert list(more.stages) == [*NEW, "more"] and more.stages["more"].choose.size == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "stages.wram.train.steps=5",
            "there is no stage 'wram' (did you mean `warm`?); there is warm, main, hard_2. A new one is given",
        ),
        ("stages.third=null", "there is no stage 'third'"),
        ("training.warm.steps=5", "stages are a list now, and the key is stages.warm.train.steps"),
        ("training.stage2=null", "stages are a list now, and the key is stages.stage2"),
        ("curation.stage1.size=5", "stages are a list now, and the key is stages.stage1.choose.size"),
        ("training={}", "stages are a list now, and the key is stages.NAME.train"),
        ("curation.on_shortag=warn", "unknown key `curation.on_shortag` (did you mean `curation.on_shortage`?)"),
    ],
)
def test_a_change_of_what_is_not_there_is_told(tmp_path: Path, change: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        load_recipe(written(tmp_path, stages=NEW), [change])
    assert said in str(told.value)


OLD = {
    "curation": {"stage1": {"size": 6}, "stage2": {"size": 3}, "on_shortage": "warn"},
    "training": {"stage1": {"steps": 20, "learning_rate": 1e-4}, "stage2": {"steps": 30, "decay_steps": None}},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (OLD, [(6, "medium", 0.87, 20, False), (3, "medium_to_hard", 0.5, 30, True)]),
        ({"training": {"stage1": {"steps": 20}}}, [(2000, "medium", 0.87, 20, False), (600, "medium_to_hard", 0.5, 120, True)]),
        ({"curation": {"stage2": {"high": 0.4}}}, [(2000, "medium", 0.87, 120, False), (600, "medium_to_hard", 0.4, 120, True)]),
        ({"curation": {"stage1": {"size": 6}, "stage2": None}, "training": {"stage2": None}}, [(6, "medium", 0.87, 120, False)]),
        ({"training": {"stage2": None}}, [(2000, "medium", 0.87, 120, False)]),
        ({"training": {}}, [(2000, "medium", 0.87, 120, False), (600, "medium_to_hard", 0.5, 120, True)]),
    ],
)
def test_an_old_recipe_is_read_and_shown_its_new_form(
    tmp_path: Path, fields: dict[str, Any], expected: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    """One line that can be put into the file as it is, and means what the old recipe meant."""
    old = load_recipe(written(tmp_path, **fields))
    (said,) = caplog.messages
    assert re.match(r"recipe .*mine\.yaml: stages are a list now, and it is read so; in the place of .* put this line: ", said)
    assert "\n" not in said
    recipe = load_recipe(written(tmp_path, **yaml.safe_load(said.split("put this line: ")[1])))
    assert old.stages == recipe.stages and len(caplog.messages) == 1
    found = [(one.choose.size, one.choose.rule, one.choose.high, one.train.steps, one.train.hints) for one in recipe.stages.values()]
    assert found == expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"training": {"stage3": {"steps": 3}}}, "training.stage3: there were the stages stage1 and stage2 then"),
        ({"training": {"stage1": 5}}, "training.stage1 is 5 and not keys with values"),
        ({"training": [1]}, "training is [1] and not keys with values"),
        ({"curation": {"stage1": "medium"}}, "curation.stage1 is 'medium' and not keys with values"),
    ],
)
def test_an_old_recipe_that_cannot_be_read_is_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        load_recipe(written(tmp_path, **fields))


def test_old_and_new_form_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training, curation\.stage1, curation\.stage2: what belongs to one stage stands in `stages` now"):
        load_recipe(written(tmp_path, **OLD, stages=NEW))


def test_a_reordered_set_is_another_one_and_tells_its_order(tmp_path: Path) -> None:
    """A key made of a mapping knows no order of its own, and a manifest's keys are sorted."""
    turned = SMALL.model_copy(update={"rules": dict(reversed(SMALL.rules.items()))})
    made = sets(tmp_path, SMALL, turned)
    assert made[0].key != made[1].key and "order" not in made[0].manifest["made_from"]
    assert [list(stages_of(chosen)) for chosen in made] == [list(SMALL.rules), list(turned.rules)]
    for stage in SMALL.rules:
        assert made[0].manifest["files"][f"{stage}.parquet"] == made[1].manifest["files"][f"{stage}.parquet"]


def test_a_set_of_any_stages_is_exported_by_its_id(tmp_path: Path) -> None:
    settings = SMALL.model_copy(update={"rules": dict(zip(("warm", *list(default_stages())[1:]), SMALL.rules.values(), strict=True))})
    stages = usual_stages(sets(tmp_path, settings)[0])
    assert {name: stage.hints for name, stage in stages.items()} == {"warm": False, list(default_stages())[1]: True}


def test_a_sweep_is_of_the_recipes_stages(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, stages=NEW))
    assert sweep_settings(recipe, None, 8, ())[0].stage == "warm"
    assert sweep_settings(recipe, "hard_2", 8, ())[0].rule.rule == "medium_to_hard"
    with pytest.raises(InputError, match=r"recipe mine has no stage 'hard2' \(did you mean `hard_2`\?\); there is warm, main, hard_2"):
        sweep_settings(recipe, "hard2", 8, ())
    with pytest.raises(InputError, match="without a recipe there is no stage 'warm'"):
        sweep_settings(None, "warm", 8, ())


def test_a_form_gives_numbers_by_stage() -> None:
    assert by_stage(None, "train.steps") == {}
    assert by_stage("warm=5, main = 20", "train.steps") == {"stages.warm.train.steps": "5", "stages.main.train.steps": "20"}
    with pytest.raises(InputError, match="gives stage warm two values"):
        by_stage("warm=5,warm=6", "train.steps")


def test_a_recipe_keeps_the_order_of_its_stages_on_its_way() -> None:
    recipe = Recipe.model_validate({**START, "stages": NEW})
    assert list(Recipe.model_validate_json(recipe.model_dump_json()).stages) == list(NEW)
