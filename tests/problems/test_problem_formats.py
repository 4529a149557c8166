"""Where problems can be read from: JSON Lines, Parquet, saved `datasets`, folders of them; and what is wrong when they cannot."""

import json
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest
from pydantic import ValidationError

from tasks.base.errors import InputError
from tasks.lake.lake import Lake
from tasks.problems.images import image_paths
from tasks.problems.settings import SourceSettings
from tasks.problems.task import IngestRequest
from tests.problems.shapes import Dataset, picture, row


def stored(number: int) -> dict[str, Any]:
    """A row whose two images are stored in it, as Hugging Face datasets store them."""
    images = [{"bytes": picture(number), "path": None}, {"bytes": picture(number + 1), "path": "gone/elsewhere.png"}]
    return {"images": images, "problem": f"<image>{number}", "answer": number, "choices": ["1", "2"], "weight": 0.5}


@pytest.fixture
def source(tmp_path: Path):
    return lambda path, **settings: SourceSettings(**({"name": "stored", "path": str(path), "columns": "geometry3k"} | settings))


def saved(rows: list[dict[str, Any]]) -> datasets.Dataset:
    features = {"images": datasets.List(datasets.Image()), "problem": datasets.Value("string"), "answer": datasets.Value("int64")}
    features |= {"choices": datasets.List(datasets.Value("string")), "weight": datasets.Value("float64")}
    return datasets.Dataset.from_list(rows, features=datasets.Features(features))


def test_parquet_and_saved_datasets_give_the_same_problems(tmp_path: Path, source, problems, home: Path) -> None:
    rows = [stored(number) for number in range(130)]
    pl.DataFrame(rows).write_parquet(tmp_path / "stored.parquet")
    saved(rows).save_to_disk(tmp_path / "one", num_shards=2)
    datasets.DatasetDict(train=saved(rows), test=saved(rows[:2])).save_to_disk(tmp_path / "several")
    (tmp_path / "hub/data").mkdir(parents=True)
    saved(rows).to_parquet(tmp_path / "hub/data/train-00000-of-00001.parquet")
    parquet = problems(source(tmp_path / "stored.parquet"))
    assert len(parquet) == 130
    assert (parquet[7]["answer"], parquet[7]["row"], parquet[7]["metadata"]) == ("7", 8, '{"weight": 0.5}')
    images = image_paths(Lake(home), parquet[7]["images"])
    assert sorted(path.read_bytes() for path in images) == sorted([picture(7), picture(8)])
    assert problems(source(tmp_path / "one")) == parquet
    assert problems(source(tmp_path / "several", source_split="train", format="huggingface")) == parquet
    assert problems(source(tmp_path / "hub")) == parquet


def test_a_split_must_be_chosen_among_several(tmp_path: Path, source, ingested) -> None:
    datasets.DatasetDict(train=saved([stored(1)]), test=saved([stored(2)])).save_to_disk(tmp_path / "several")
    (tmp_path / "files").mkdir()
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test"):
        pl.DataFrame([stored(len(name))]).write_parquet(tmp_path / "files" / f"{name}.parquet")
    for folder in ("several", "files"):
        for split in (None, "other"):
            with pytest.raises(InputError, match=rf"(train, test|test, train).*source_split is {split!r}"):
                ingested(source(tmp_path / folder, source_split=split))


def test_shards_of_a_split_are_read_together(tmp_path: Path, source, ingested) -> None:
    for number in (0, 1):
        pl.DataFrame([stored(number)]).write_parquet(tmp_path / f"train-0000{number}-of-00002.parquet")
    pl.DataFrame([stored(9)]).write_parquet(tmp_path / "test.parquet")
    assert ingested(source(tmp_path, source_split="train")).manifest["counts"]["problems"] == 2
    assert ingested(source(tmp_path, source_split="test")).manifest["counts"]["problems"] == 1


def test_folders_of_several_configs_are_not_mixed(tmp_path: Path, source, ingested) -> None:
    for config in ("easy", "hard"):
        (tmp_path / config).mkdir()
        pl.DataFrame([stored(len(config))]).write_parquet(tmp_path / config / "train.parquet")
    with pytest.raises(InputError, match="easy, hard; set config"):
        ingested(source(tmp_path))
    assert ingested(source(tmp_path, config="hard")).manifest["counts"]["problems"] == 1


def test_conflicts_between_shards_name_the_file(tmp_path: Path, source, rejected) -> None:
    for number in (0, 1):
        pl.DataFrame([stored(5)]).write_parquet(tmp_path / f"train-{number}.parquet")
    assert rejected(source(tmp_path)) == [(1, "", "duplicate of row 1 of train-0.parquet")]


def test_images_by_path_need_a_folder_that_holds_them(dataset: Dataset, source, ingested) -> None:
    pl.DataFrame([{"images": ["1.png"], "problem": "x", "answer": "1"}]).write_parquet(dataset.folder / "paths.parquet")
    assert ingested(source(dataset.folder / "paths.parquet", images_folder=str(dataset.folder / "images"))).is_complete
    with pytest.raises(InputError, match=rf"images folder: {dataset.folder}\):\n.*'1.png' is not in the images folder"):
        ingested(source(dataset.folder / "paths.parquet"))
    with pytest.raises(InputError, match="images_folder .*nowhere is not a folder"):
        ingested(source(dataset.folder / "paths.parquet", images_folder="nowhere"))


BAD_FILES = {
    "empty.jsonl": (b"", r"has no rows \(0 bytes\); is the file complete"),
    "blank.jsonl": (b"\n \n", "has no rows"),
    "cut.jsonl": (
        b'[\n{"problem": 1}',
        r"cut.jsonl, line 2: `,` or `]` should stand here, and there is nothing more: it is not valid JSON",
    ),
    "text.jsonl": (b"hello\n", "no row can be read; row 1 of text.jsonl"),
    "columns.jsonl": (
        b'{"question": "x", "label": 3}\n',
        "no column 'problem' for problem. The columns are label, question; the mapping is",
    ),
    "torn.parquet": (b"PAR1....", "cannot read .*torn.parquet as Parquet"),
    "header.csv": (b"a,b\n", "has no rows"),
    "notes": (b"what is this?\n", "cannot tell the format of .*notes; set format to one of parquet, jsonl, arrow, csv, tsv, json, xlsx"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path: Path, source, ingested, home: Path, name: str) -> None:
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        ingested(source(tmp_path / name))
    assert not list(home.glob("problems/*/manifest.json"))


def test_parquet_without_rows_is_an_error(tmp_path: Path, source, ingested) -> None:
    pl.DataFrame([stored(1)]).clear().write_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="has no rows"):
        ingested(source(tmp_path / "none.parquet"))


@pytest.mark.parametrize("path", ["nowhere/train.jsonl", "./nowhere", "/nowhere/at/all", "owner/name.parquet"])
def test_what_is_not_there_is_an_error(path: str, source, ingested) -> None:
    with pytest.raises(InputError, match=f"there is no .*{path.removeprefix('./')}"):
        ingested(source(path))


def test_a_missing_part_says_how_to_say_so(dataset: Dataset, ingested) -> None:
    dataset.write([{"problem": "2+2", "answer": "4"}])
    with pytest.raises(
        InputError, match="no column 'pictures' for images.*Set columns.images to the right one .or to null, if it has no images"
    ):
        ingested(dataset.source(columns={"images": "pictures"}))
    with pytest.raises(InputError, match="no column 'options' for choices"):
        ingested(dataset.source(columns={"images": None, "choices": "options"}))
    assert ingested(dataset.source(columns={"images": None})).is_complete


def test_variables_in_paths_are_expanded(dataset: Dataset, ingested, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.write([row(1)])
    monkeypatch.delenv("SHAPES_DIR", raising=False)
    with pytest.raises(InputError, match=r"shapes: path: '\$\{SHAPES_DIR\}/train.jsonl' uses the variable SHAPES_DIR, which is not set"):
        ingested(dataset.source(path="${SHAPES_DIR}/train.jsonl"))
    monkeypatch.setenv("SHAPES_DIR", str(dataset.folder))
    monkeypatch.setenv("HOME", str(dataset.folder))
    first = ingested(dataset.source(path="${SHAPES_DIR}/train.jsonl", images_folder="$SHAPES_DIR"))
    assert ingested(dataset.source(path="~/train.jsonl")) == first
    assert str(dataset.folder) not in json.dumps(first.manifest)


def test_an_unknown_mapping_lists_the_known() -> None:
    with pytest.raises(
        ValidationError,
        match=r"no column mapping is named 'mathvisoin' \(did you mean `mathvision`\?\); use one of auto, gsm8k",
    ):
        SourceSettings(name="x", path="y", columns="mathvisoin")


def test_a_stored_image_comes_before_its_path(tmp_path: Path, source, problems) -> None:
    rows = [
        {
            "pid": "1",
            "question": "x",
            "choices": None,
            "answer": "1",
            "image": "images/1.jpg",
            "decoded_image": {"bytes": picture(1), "path": None},
        }
    ]
    pl.DataFrame(rows, schema_overrides={"choices": pl.List(pl.String)}).write_parquet(tmp_path / "testmini.parquet")
    [problem] = problems(source(tmp_path / "testmini.parquet", columns="mathvista"))
    assert len(problem["images"]) == 1


def key_of(home: Path, asked: SourceSettings) -> str:
    return IngestRequest(home=home, source=asked).target().key


@pytest.mark.process
def test_a_pinned_hub_dataset_is_planned_without_a_network(home: Path, source) -> None:
    pinned = source("owner/name", revision="0" * 40, source_split="train")
    assert key_of(home, pinned) == key_of(home, pinned)
    assert key_of(home, pinned) != key_of(home, source("owner/name", revision="1" * 40, source_split="train"))


@pytest.mark.process
def test_a_hub_dataset_of_an_unknown_commit_is_an_error(home: Path, source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError, match="cannot find out which commit owner/name@main is .*set revision to a commit"):
        key_of(home, source("owner/name"))
    refs = tmp_path / "cache" / "datasets--owner--name" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("0" * 40)
    assert key_of(home, source("owner/name"))
