"""The bench of ingestion, small: it runs, and what it measures is what it says."""

from pathlib import Path

import pytest

from tests.bench.ingesting import array_row, same_row, worked_row


@pytest.mark.process
def test_the_bench_of_ingestion_meets_its_goals_when_it_is_small(tmp_path: Path) -> None:
    lines = [worked_row(tmp_path, 1000), same_row(tmp_path, 1000), array_row(tmp_path, 50)]
    assert [line.ok for line in lines] == [True, True, True], lines
    assert "1,000 problems" in lines[0].measured
