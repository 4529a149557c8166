"""What the arms of a study spend, before anything of it runs: as much as the baseline, profile and refills included, and a grid that can
tell learning rates apart."""

from typing import Any

import pytest

from flows.arms import Study, load_study
from flows.recipe import ReprofileSettings
from flows.spending import check_grid, check_spending, expected
from tasks.base.errors import InputError
from tests.flows.test_arms import FIELDS, STAGE

PROFILE = 32  # problems of which 4 rounds are 128 completions, as many as 8 steps of 16
SAMPLING = {"rounds": 4}
LONGER = {"stages.only.train.steps": 16}


def study_of(*arms: dict[str, Any], **fields: Any) -> Study:
    """A study of a plain arm that needs no profile and trains twice as long, and of other arms."""
    plain = {"name": "plain", "profile": False, "changes": LONGER}
    return Study.model_validate({**FIELDS, "recipe": {**FIELDS["recipe"], "sampling": SAMPLING}, "arms": [plain, *arms], **fields})


def test_a_profile_is_part_of_what_an_arm_spends() -> None:
    study = study_of({"name": "curated"}, {"name": "given", "profile": False, "changes": LONGER})
    check_spending(study, PROFILE)
    with pytest.raises(InputError, match=r"arm 'curated' spends 384 completions \(128 in training, 256 to profile\), .*'plain' 256"):
        check_spending(study, 2 * PROFILE)


def test_refills_and_measuring_anew_are_spent_too() -> None:
    first, second = ({"choose": {"rule": "random"}, "train": {**STAGE, "steps": 4}} for _ in range(2))
    changes = {
        "stages": {"first": first, "second": second | {"train": second["train"] | {"refill": {"tries": 1}}}},
        "reprofile": {"rounds": 2},
    }
    study = study_of({"name": "anew", "changes": changes}, {"name": "less", "adds_to": "anew", "beside": 10})
    most, less = (expected(study.arm_recipe(arm, 0), arm, PROFILE) for arm in study.arms[1:])
    assert most == {"in training": 128, "to profile": 128, "beside": 64 + 64}
    assert less == {**most, "beside": 10}
    with pytest.raises(InputError, match=r"arm 'anew' spends 384 completions \(128 in training, 128 to profile, 128 beside\)"):
        check_spending(study, PROFILE)
    for source in ("groups", "first"):
        own = study.arm_recipe(study.arms[1], 0).model_copy(update={"reprofile": ReprofileSettings(source=source)})
        assert expected(own, study.arms[1], PROFILE)["beside"] == 64


def watched(samples: int, **grid: Any) -> Study:
    """A study whose arms are watched, and choose a learning rate by that."""
    train = {**STAGE, "validation": {"samples": samples}}
    recipe = {"problems": {"starter": {"n_validation": 9}}, "stages": {"only": {"choose": {"rule": "random"}, "train": train}}}
    grid = {"learning_rates": [1e-4, 2e-4], "first_seed": 50, **grid}
    return Study.model_validate({**FIELDS, "recipe": recipe, "grid": grid})


def test_a_grid_wants_as_many_answers_as_tell_learning_rates_apart() -> None:
    check_grid(watched(4), 100)  # 100 x 4 x 2 = 800, of which two standard errors are 5 points
    with pytest.raises(InputError, match=r"99 validation problems x 4 samples x 2 pilot seeds .*'plain' 792 .*5 points .* takes 800: give"):
        check_grid(watched(4), 99)
    check_grid(watched(4, seeds=3), 99)
    check_grid(watched(1, tells=0.1), 100)


def test_the_shipped_studies_spend_the_same_in_every_arm_and_can_choose_learning_rates() -> None:
    study, confirm = load_study("study"), load_study("confirm")
    problems = study.arm_recipe(study.arms[0], 0).problems.starter
    assert problems
    for shipped in (study, confirm):
        check_spending(shipped, 2 * problems.n_train)
        check_grid(shipped, 2 * problems.n_validation)
        assert shipped.seeds >= 8
    assert study.grid and min(study.seeds_of_all) > max(study.grid.pilot_seeds)
    assert not {*confirm.seeds_of_all} & {*study.seeds_of_all, *study.grid.pilot_seeds}
    families = {recipe.stages["stage1"].train.weighting.family for recipe in (study.arm_recipe(arm, 0) for arm in study.trained)}
    assert families == {"none", "constant", "linear", "quadratic", "inverse", "exponential", "steep_exponential"}
