"""What a report says of held-out problems that are versions of one."""

import polars as pl
import pytest

from tasks.reporting.measured import without_intervals
from tasks.reporting.sections.evaluation import asked


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        (12, "12 problems"),
        (2, "12 problems, intervals between 2 clusters of versions (Student's t)"),
        (1, "12 problems, all versions of one, so there is no interval"),
    ],
)
def test_a_figure_says_between_what_its_intervals_are(clusters: int, said: str) -> None:
    assert asked(pl.DataFrame({"problems": [12, 12], "clusters": [clusters, clusters]})) == said


def test_a_change_between_policies_has_no_interval_that_takes_versions_for_problems() -> None:
    drift = pl.DataFrame({"dataset": ["a", "b"], "split": ["x", "x"], "difference_low": [0.1, 0.2], "difference_high": [0.3, 0.4]})
    left = without_intervals(drift, pl.DataFrame({"dataset": ["b"], "split": ["x"]}))
    assert left.rows() == [("a", "x", 0.1, 0.3), ("b", "x", None, None)]
