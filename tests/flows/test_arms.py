"""A study's arms: what each recipe becomes, and what makes a study no comparison."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.arms import Study, load_study
from tasks.base.errors import InputError

STAGE = {"steps": 8, "batch": 16, "group_size": 4, "warmup_steps": 1}
FIELDS: dict[str, Any] = {
    "name": "two",
    "seeds": 2,
    "baseline": "plain",
    "recipe": {
        "problems": {"starter": {}},
        "stages": {"only": {"choose": {"rule": "random"}, "train": {**STAGE, "weighting": {"family": "none"}}}},
    },
    "arms": [
        {"name": "base", "train": False},
        {"name": "plain"},
        {"name": "curated", "adds_to": "plain", "changes": {"stages.only.choose.rule": "medium"}},
        {"name": "weighted", "adds_to": "curated", "changes": {"stages.only.train.weighting.family": "linear"}},
    ],
}


GRID = {"learning_rates": [1e-4, 2e-4]}


def changed(arm: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The fields of the study with another last arm, or other fields."""
    return {**FIELDS, **({"arms": [*FIELDS["arms"][:-1], arm]} if arm else {}), **fields}


def test_an_arm_has_the_changes_of_those_it_adds_to_and_its_own() -> None:
    study = Study.model_validate(FIELDS)
    plain, weighted = (study.arm_recipe(study.arms[place], 1) for place in (1, 3))
    assert (plain.stages["only"].choose.rule, plain.stages["only"].train.weighting.family) == ("random", "none")
    assert (weighted.stages["only"].choose.rule, weighted.stages["only"].train.weighting.family) == ("medium", "linear")
    assert (weighted.seed, weighted.name) == (1, "two")
    assert FIELDS["recipe"]["stages"]["only"]["choose"] == {"rule": "random"}


def test_primary_comparisons_are_with_the_baseline_or_with_an_arm() -> None:
    named = [{"arm": "curated"}, {"arm": "weighted", "against": "curated"}]
    assert Study.model_validate(changed(primary=named)).primary_pairs == (("curated", "plain"), ("weighted", "curated"))


def test_an_arm_may_have_twice_the_seeds() -> None:
    study = Study.model_validate(changed({"name": "x", "adds_to": "plain", "seed_factor": 2}, first_seed=100))
    assert [len(study.seeds_of(arm)) for arm in study.arms] == [2, 2, 2, 4]
    assert list(study.seeds_of_all) == [100, 101, 102, 103]
    assert study.arm_recipe(study.arms[1], 103).seed == 103


def test_an_arm_can_be_run_at_another_learning_rate() -> None:
    study = Study.model_validate(FIELDS)
    recipe = study.arm_recipe(study.arms[3], 0, learning_rate=0.5)
    assert [stage.train.learning_rate for stage in recipe.stages.values()] == [0.5]
    assert recipe.stages["only"].train.weighting.family == "linear"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (changed({"name": "plain"}), "two arms are called 'plain'"),
        (changed({"name": "x", "adds_to": "y"}), "arm 'x' adds to 'y', which is no arm before it"),
        (changed(baseline="grpo"), "the baseline 'grpo' is none of the arms: base, plain, curated, weighted"),
        (changed(baseline="base"), "the baseline 'base' does not train"),
        (changed(grid={"learning_rates": [2e-4, 1e-4]}), "learning_rates are given once each, above 0 and rising"),
        (changed(grid=GRID, first_seed=1), "the pilot seed 1 is one of the study's, which are 1 to 2"),
        (changed(grid=GRID, first_seed=9), r"arm 'plain': the grid chooses .* give stages\.only\.train\.validation, or leave out grid"),
        (changed({"name": "x", "changes": {"stages.only.train.stepps": 9}}), r"arm 'x': unknown key `stages\.only\.train\.stepps`"),
        (changed({"name": "x", "changes": {"stages.onyl.choose.size": 9}}), r"arm 'x': there is no stage 'onyl' \(did you mean `only`\?\)"),
        (
            changed({"name": "x", "changes": {"training.only.steps": 9}}),
            r"arm 'x': stages are a list now, and the key is stages\.only\.train\.steps",
        ),
        (
            changed(recipe={"problems": {"starter": {}}, "training": {"stage1": STAGE}}),
            r"arm 'curated': there is no stage 'only'; there is stage1, stage2",
        ),
        (changed({"name": "x", "changes": {"seed": 9}}), r"arm 'x': `seed` is the study's to set"),
        (changed(seeds=1), "`seeds`"),
        (changed({"name": "x", "adds_to": "plain", "seed_factor": 3}), r"`arms\.3\.seed_factor`"),
        (changed(primary=[{"arm": "weigthed"}]), r"primary compares 'weigthed', which is none of the arms \(did you mean `weighted`\?\)"),
        (changed(primary=[{"arm": "weighted", "against": "x"}]), "primary compares 'x', which is none of the arms"),
        (changed(primary=[{"arm": "plain"}]), "primary compares 'plain' with itself"),
        (
            changed(primary=[{"arm": "weighted"}, {"arm": "plain", "against": "weighted"}]),
            "primary compares 'plain' with 'weighted' twice",
        ),
    ],
)
def test_a_study_that_compares_nothing_is_refused(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump(fields))
    with pytest.raises(InputError, match=rf"study .*two\.yaml: .*{said}"):
        load_study(str(path))
