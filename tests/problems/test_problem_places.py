"""Where the data of a source may lie: files, patterns, folders of any format, keyed files with their splits; and what lies there else."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest

PLAIN = {"images": None}


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"problem": f"{n}+1?", "answer": str(n + 1)} for n in numbers]


def lines(*numbers: int) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows(*numbers))


def source(path: Path | str, **settings: Any) -> SourceSettings:
    return SourceSettings(**({"name": "ours", "path": str(path), "columns": PLAIN, "max_rejected": 1.0} | settings))


@pytest.fixture
def asked(problems):
    """The numbers that a source's problems ask about, in order."""
    return lambda *path, **settings: [int(found["question"][:-3]) for found in problems(source(*path, **settings))]


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_pattern_names_files_in_order(tmp_path: Path, asked) -> None:
    for n in (1, 0):
        pl.DataFrame(rows(n)).write_parquet(tmp_path / f"train-{n}.parquet")
    pl.DataFrame(rows(9)).write_parquet(tmp_path / "test-0.parquet")
    put(tmp_path / "deep/er/more.jsonl.gz", gzip.compress(lines(5).encode()))
    put(tmp_path / "deep/picture.png", b"no data")
    put(tmp_path / "deep/.hidden.jsonl", lines(7))
    assert asked(tmp_path / "train-*.parquet") == [0, 1]
    assert asked(tmp_path / "t[er]*-0.parquet") == [9, 0]
    assert asked(f"{tmp_path}/**/*.jsonl.gz") == asked(f"{tmp_path}/deep/**") == [5]
    assert asked(tmp_path / "*", source_split="test") == [9]
    with pytest.raises(InputError, match=r"ours: no file matches '.*/valid-\*' \(looked at"):
        asked(tmp_path / "valid-*")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path, asked) -> None:
    put(tmp_path / "a[1]*.jsonl", lines(1))
    put(tmp_path / "a1.jsonl", lines(2))
    assert asked(tmp_path / "a[1]*.jsonl") == [1]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, rejected) -> None:
    for folder in ("one", "two"):
        put(tmp_path / folder / "rows.jsonl", lines(3))
    assert rejected(source(tmp_path / "*/rows.jsonl")) == [(1, "", "duplicate of row 1 of one/rows.jsonl")]


def test_a_problem_that_is_a_file_has_its_name(tmp_path: Path, problems) -> None:
    for n, subject in enumerate(("algebra", "algebra", "geometry")):
        put(tmp_path / "MATH/train" / subject / f"{n % 2}.json", json.dumps(rows(n)[0], indent=4))
    assert [found["source_id"] for found in problems(source(tmp_path / "MATH/train/*/*.json"))] == ["algebra/0", "algebra/1", "geometry/0"]
    assert [found["source_id"] for found in problems(source(tmp_path / "MATH/train/algebra"))] == ["0", "1"]


FOLDERS = {
    "only json": {"train.json": lines(1)},
    "a json array": {"train.JSON": json.dumps(rows(1))},
    "gz shards": {f"train-0000{n}-of-00002.jsonl.gz": gzip.compress(lines(*([1] if n else [])).encode()) for n in (0, 1)},
    "csv": {"data/train.csv": "problem,answer\n1+1?,2\n"},
    "json with facts beside": {"questions.json": json.dumps({"data": rows(1)}), "dataset_infos.json": "{}", "README.md": "x"},
    "jsonl before csv": {"train.csv": "problem,answer\n8+1?,9\n", "train.jsonl": lines(1)},
    "an empty shard": {"train-0.jsonl": "", "train-1.jsonl": lines(1)},
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_of_any_format_is_read(tmp_path: Path, asked, kind: str) -> None:
    for name, content in FOLDERS[kind].items():
        put(tmp_path / "folder" / name, content)
    assert asked(tmp_path / "folder") == [1]


def test_a_folder_without_data_says_what_was_looked_for(tmp_path: Path, asked) -> None:
    put(tmp_path / "folder/notes.md", "x")
    with pytest.raises(InputError, match=r"folder holds no data of format 'auto': no file that ends in \.parquet, \.jsonl, \.arrow, \.csv"):
        asked(tmp_path / "folder")


def test_rows_kept_by_name_have_that_name_and_the_split_that_lies_beside(tmp_path: Path, problems, asked) -> None:
    keyed = {str(n): row for n, row in enumerate(rows(0, 1, 2, 3), start=10)}
    put(tmp_path / "problems.json", json.dumps(keyed, indent=1))
    put(tmp_path / "pid_splits.json", json.dumps({"train": ["10", "12"], "val": [13]}))
    assert [found["source_id"] for found in problems(source(tmp_path))] == ["10", "11", "12", "13"]
    assert [found["source_id"] for found in problems(source(tmp_path, columns={"images": None, "id": "id"}))] == ["10", "11", "12", "13"]
    assert asked(tmp_path, source_split="train") == [0, 2]
    assert asked(tmp_path / "problems.json", source_split="val") == [3]
    assert asked(tmp_path / "problems.json", source_split="train", skip=1) == [2]
    with pytest.raises(InputError, match=r"holds the splits problems, and source_split is 'dev'"):
        asked(tmp_path, source_split="dev")


def key_of(home: Path, asked: SourceSettings) -> str:
    return IngestRequest(home=home, source=asked).target().key


def test_the_key_knows_every_file(tmp_path: Path, home: Path) -> None:
    put(tmp_path / "a/rows.jsonl", lines(0))
    put(tmp_path / "b/rows.jsonl.gz", gzip.compress(lines(1).encode(), mtime=0))
    every = source(tmp_path / "*/rows.jsonl*")
    keys = [key_of(home, every)]
    put(tmp_path / "b/rows.jsonl.gz", gzip.compress(lines(2).encode(), mtime=0))
    keys.append(key_of(home, every))
    put(tmp_path / "c/rows.jsonl", lines(3))
    keys.append(key_of(home, every))
    keyed = source(put(tmp_path / "d/problems.json", json.dumps({"1": rows(0)[0], "2": rows(1)[0]})), source_split="train")
    for wanted in (["1"], ["2"]):
        put(tmp_path / "d/pid_splits.json", json.dumps({"train": wanted}))
        keys.append(key_of(home, keyed))
    assert len(set(keys)) == 5


def test_a_link_that_leads_nowhere_is_called_that(tmp_path: Path, asked) -> None:
    (tmp_path / "train.parquet").symlink_to("../.git/annex/objects/4d7a")
    with pytest.raises(
        InputError, match=r"train.parquet is a link to ../.git/annex/objects/4d7a, which is not there; fetch what it stands"
    ):
        asked(tmp_path / "train.parquet")


def test_an_address_is_no_path(asked) -> None:
    for address in ("https://example.org/train.jsonl", "s3://bucket/*.parquet", "hf://datasets/owner/name"):
        with pytest.raises(InputError, match=r"is an address; download it, and give the file, or give a hub dataset as owner/name"):
            asked(address)


def test_a_file_is_no_dataset_of_the_hub(tmp_path: Path, asked) -> None:
    with pytest.raises(InputError, match="rows.jsonl is a file, and format huggingface is a dataset's folder or name; set format to auto"):
        asked(put(tmp_path / "rows.jsonl", lines(1)), format="huggingface")
