"""Every mapping by name reads rows of the shape in which its dataset is published, and the real files where they are at hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.problems.benchmarks import MAPPINGS
from tasks.problems.settings import SourceSettings
from tests.problems.published import PUBLISHED
from tests.problems.shapes import Dataset

SHARED = Path(__file__).parents[3] / "shared" / "data"
REAL = {
    ("gsm8k/train.jsonl", None): (7473, 0, "row-1"),
    ("gsm8k/test.jsonl", None): (1319, 0, "row-1"),
    ("gsm8k/train.jsonl", "gsm8k"): (7473, 0, "row-1"),
    ("svamp/SVAMP.json", "svamp"): (1000, 0, "chal-1"),
    ("mathvision/testmini.jsonl", "mathvision"): (304, 190, "4"),
}


def told(problem: dict[str, Any]) -> tuple[Any, ...]:
    return problem["question"], problem["choices"], problem["answer"], len(problem["images"]), problem["source_id"]


def test_every_mapping_has_rows_of_its_dataset() -> None:
    assert set(PUBLISHED) == set(MAPPINGS) - {"auto"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_mapping_by_name_reads_its_dataset(dataset: Dataset, problems, name: str) -> None:
    path = dataset.folder / "train.parquet"
    pq.write_table(pa.Table.from_pylist(PUBLISHED[name].rows), path)
    found = problems(SourceSettings(name="published", path=str(path), columns=name, max_rejected=0))
    assert [told(problem) for problem in found] == PUBLISHED[name].expected


@pytest.mark.parametrize(("name", "columns"), REAL)
def test_the_real_file_is_read_whole(ingested, problems, name: str, columns: str | None) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"{SHARED / name} is not there")
    said = {"columns": columns} if columns else {}
    source = SourceSettings(name="real", path=str(SHARED / name), max_rejected=0, **said)
    found = problems(source)
    assert (len(found), sum(bool(problem["choices"]) for problem in found), found[0]["source_id"]) == REAL[name, columns]
    assert ingested(source).manifest["counts"]["unscorable"] == 0
