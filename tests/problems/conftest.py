"""Fixtures for the tests of ingestion: a dataset, a lake, and ways to ingest the one into the other without a Prefect run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.lake.artifacts import Artifact
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest, ingest_problems
from tests.problems.shapes import Dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset(tmp_path / "dataset")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ingested(home: Path) -> Callable[[SourceSettings], Artifact]:
    """Ingests a source into the test's lake."""
    return lambda source: ingest_problems.fn(IngestRequest(home=home, source=source))


@pytest.fixture
def rejected(ingested: Callable[[SourceSettings], Artifact]) -> Callable[[SourceSettings], list[tuple[int, str, str]]]:
    """Ingests a source; gives (row, column, reason) of what was rejected."""

    def rows(source: SourceSettings) -> list[tuple[int, str, str]]:
        return pl.read_parquet(ingested(source).file("rejected.parquet")).select("row", "column", "reason").rows()

    return rows


@pytest.fixture
def problems(ingested: Callable[[SourceSettings], Artifact]) -> Callable[[SourceSettings], list[dict[str, Any]]]:
    """Ingests a source; gives its problems as dictionaries."""
    return lambda source: pl.read_parquet(ingested(source).file("problems.parquet")).to_dicts()
