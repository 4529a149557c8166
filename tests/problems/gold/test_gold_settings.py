"""What a recipe may say of gold answers is checked when the recipe is read."""

import pytest
from pydantic import ValidationError

from tasks.problems.gold.settings import GoldPattern
from tasks.problems.settings import SourceSettings


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ("hash", r"no rule for gold answers is named 'hash' \(did you mean `hashes`\?\); use auto, plain, hashes"),
        ("index", "use auto, .*index_from_0, index_from_1, or {pattern: a regular expression}"),
        ({"pattern": "=> ("}, "'=> \\(' is not a regular expression"),
        ({"pattern": "=> .*"}, "has 0 groups"),
        ({"pattern": "(a) (b)"}, "has 2 groups; put the answer, and nothing else, in one group"),
        ({"patern": "(a)"}, "Extra inputs"),
        (7, "Input should be"),
    ],
)
def test_a_form_that_is_none_is_said_so(gold: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SourceSettings(name="own", path="own.jsonl", columns={"gold": gold})


def test_a_pattern_gives_its_group() -> None:
    assert GoldPattern(pattern=r"=> (\d+)").search("3 + 4\n=> 7 apples") == "7"
    assert GoldPattern(pattern=r"(so|thus) (?P<answer>.+)\.").search("1 + 1 =\nthus 2.") == "2"
    assert GoldPattern(pattern="=> (.)").search("no arrow") is None
