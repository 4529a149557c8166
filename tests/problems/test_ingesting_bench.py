"""The bench of ingestion, small: it runs, and what it measures is what it says. How long it takes is the bench's to judge."""

from pathlib import Path

import pytest

from tests.bench.ingesting import array_row, same_row, worked_row


@pytest.mark.process
def test_the_bench_of_ingestion_measures_what_it_says(tmp_path: Path) -> None:
    assert worked_row(tmp_path, 1000).measured.endswith("1,000 problems")
    assert int(same_row(tmp_path, 1000).measured.split()[-2]) < 1000  # characters of one message
    assert array_row(tmp_path, 50).ok  # by memory alone
