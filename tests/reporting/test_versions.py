"""What a report says of held-out problems that are versions of one."""

import polars as pl
import pytest

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
