"""How many decimals a problem asks for, from its metadata or its words."""

import pytest

from tasks.problems.identity import gold_digest
from tasks.problems.precision import stated_precision
from tests.problems.shapes import Dataset, row


@pytest.mark.parametrize(
    ("question", "metadata", "decimals"),
    [
        ("What is it?", '{"precision": 1.0, "unit": null}', 1),
        ("Round to two decimal places.", '{"precision": 1}', 1),
        ("What is it?", '{"precision": 0.5}', None),
        ("What is it?", '{"precision": -1}', None),
        ("What is it?", '{"precision": 99}', None),
        ("What is it?", '{"precision": "2"}', None),
        ("What is it?", "{}", None),
        ("What is it?", None, None),
        ("Find x. Round to the nearest tenth, if necessary.", "{}", 1),
        ("Round to the nearest hundredth.", "{}", 2),
        ("Give it to the nearest whole number.", "{}", 0),
        ("to the nearest degree", "{}", 0),
        ("to the nearest 0.01 m", "{}", 2),
        ("to 3 decimal places", "{}", 3),
        ("correct to one decimal place", "{}", 1),
        ("(结果保留两位小数)", "{}", 2),
        ("结果精确到0.1", "{}", 1),
        ("Which is nearest to the tenth house?", "{}", None),
        ("Round 5.24 to the nearest hundredth, and the sum to the nearest tenth.", "{}", 1),
    ],
)
def test_the_stated_precision(question: str, metadata: str | None, decimals: int | None) -> None:
    assert stated_precision(question, metadata) == decimals


def test_a_precision_in_the_metadata_is_part_of_the_gold_id(dataset: Dataset, problems) -> None:
    plain, precise = problems(dataset.write([row(1, answer="1.5"), row(2, answer="1.5") | {"precision": 1.0}]).source())
    assert (plain["gold_id"], precise["gold_id"]) == (gold_digest("1.5"), gold_digest("1.5", 1))
    assert plain["gold_id"] != precise["gold_id"]
