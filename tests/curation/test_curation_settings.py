import pytest
from pydantic import ValidationError

from tasks.curation.settings import SetSettings, StageRule


def test_thresholds_the_wrong_way_round_say_so():
    with pytest.raises(ValidationError, match=r"low 0\.9 is not below high 0\.1"):
        StageRule(low=0.9, high=0.1)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"low": -0.1}, {"high": 1.1}, {"sise": 3}])
def test_values_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        StageRule(**wrong)


def test_a_set_is_written_as_it_was_when_there_were_always_two_stages():
    settings = SetSettings(rules={"stage1": StageRule(size=6), "stage2": None}, on_shortage="warn")
    assert settings.model_dump(mode="json") == {"stage1": StageRule(size=6).model_dump(), "stage2": None, "on_shortage": "warn"}
    assert settings.stages == {"stage1": StageRule(size=6)}
