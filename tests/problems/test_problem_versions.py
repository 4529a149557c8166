"""Problems that are versions of one, by `columns.cluster`: what is kept of it, and what is said where it tells little or nothing."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tasks.base.errors import InputError
from tasks.problems.columns import ColumnMapping
from tasks.problems.versions import version_of
from tests.problems.published import PUBLISHED
from tests.problems.shapes import Dataset, row


def clustered(dataset: Dataset, values: list[Any], **columns: Any) -> Any:
    """A source whose rows have these values in `figure`, which is their cluster."""
    return dataset.write([row(place, figure=value) for place, value in enumerate(values)]).source(columns={"cluster": "figure", **columns})


def test_versions_of_a_problem_share_what_their_column_says(dataset: Dataset, problems, ingested) -> None:
    source = clustered(dataset, [1, 1, "2", "2 "])
    assert [version_of(problem["metadata"]) for problem in problems(source)] == ["1", "1", "2", "2"]
    assert json.loads(problems(source)[0]["metadata"])["figure"] == 1  # slices are made by it
    assert ingested(source).manifest["columns"]["cluster"] == "figure" and ingested(source).manifest["warnings"] == []


def test_a_cluster_may_lie_inside_a_column(dataset: Dataset, problems) -> None:
    rows = [row(place, extra_info={"problem": place // 2}) for place in range(4)]
    source = dataset.write(rows).source(columns={"cluster": "extra_info.problem"})
    assert [version_of(problem["metadata"]) for problem in problems(source)] == ["0", "0", "1", "1"]


def test_the_versions_of_a_problem_of_mathverse_are_a_cluster(dataset: Dataset, problems) -> None:
    [published] = PUBLISHED["mathverse"].rows
    rows = [published | {"sample_index": str(place), "query_cot": f"Reason {place}."} for place in range(6)]
    pq.write_table(pa.Table.from_pylist(rows), dataset.folder / "train.parquet")
    source = dataset.source(path=str(dataset.folder / "train.parquet"), columns="mathverse")
    assert [version_of(problem["metadata"]) for problem in problems(source)] == ["1"] * 6


def test_a_column_is_no_cluster_by_its_name_alone(dataset: Dataset, problems) -> None:
    source = dataset.write([row(place, cluster="algebra") for place in range(3)]).source(columns={})
    assert {version_of(problem["metadata"]) for problem in problems(source)} == {None}


ODD = {
    "none": ([None, None, None], "has no value in any row, so it does nothing"),
    "unique": ([1, 2, 3], "has another value in every row, so it does nothing"),
    "one": (["a", "a", "a"], "has one value in all 3 problems; between versions of one problem no interval can be told"),
    "some": (["a", "a", None, [1], "b", " "], "has no value in 3 of 6 problems; each of them counts as one by itself"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_a_cluster_does_not_tell_is_said(dataset: Dataset, ingested, case: str) -> None:
    values, reason = ODD[case]
    [warning] = ingested(clustered(dataset, values)).manifest["warnings"]
    assert f"columns.cluster = figure {reason}" in warning


def test_a_cluster_that_is_not_there_is_an_error_that_names_the_columns(dataset: Dataset, ingested) -> None:
    with pytest.raises(InputError) as error:
        ingested(clustered(dataset, [1, 1], cluster="problem_index"))
    said = str(error.value)
    assert str(dataset.file) in said and "no column 'problem_index' for cluster" in said
    assert "The columns are answer, figure, id, images, problem" in said and "\n" not in said


def test_no_cluster_is_found_without_a_word() -> None:
    with pytest.raises(ValidationError, match="cluster has no auto"):
        ColumnMapping(cluster="auto")
