import pytest
from pydantic import ValidationError

from tasks.curation.settings import CurationSettings, StageRule


def test_defaults_are_the_papers():
    settings = CurationSettings()
    assert (settings.stage1.size, settings.stage2.size) == (2000, 600)
    assert (settings.stage1.low, settings.stage1.high) == (0.084, 0.87)


def test_thresholds_the_wrong_way_round_say_so():
    with pytest.raises(ValidationError, match=r"low 0\.9 is not below high 0\.1"):
        StageRule(low=0.9, high=0.1)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"low": -0.1}, {"high": 1.1}, {"sise": 3}])
def test_values_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        StageRule(**wrong)


def test_setting_one_key_of_stage_two_keeps_its_other_defaults():
    stage = CurationSettings.model_validate({"stage2": {"size": 10}}).stage2
    assert (stage.rule, stage.size, stage.low, stage.high) == ("medium_to_hard", 10, 0.084, 0.5)
