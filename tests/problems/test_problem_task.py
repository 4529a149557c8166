"""Ingestion is done again exactly when the content of the source changed."""

import os
import shutil
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.lake.artifacts import Artifact
from tasks.problems import contents
from tasks.problems import task as problems_task
from tasks.problems.fingerprint import SETTLED_SECONDS, remembered_digest, settled_digest
from tasks.problems.reading import json_files
from tasks.problems.settings import SourceSettings
from tasks.problems.tables import cross_duplicates
from tasks.problems.task import IngestRequest, ingest_problems
from tasks.starter.datasets import write_starter_datasets
from tests.problems.shapes import Dataset, picture, row


def plan(home: Path, source: SourceSettings) -> Artifact:
    return IngestRequest(home=home, source=source).target()


def ingest(home: Path, source: SourceSettings) -> Artifact:
    return ingest_problems.fn(IngestRequest(home=home, source=source))


@pytest.fixture
def shapes(dataset: Dataset) -> Dataset:
    return dataset.write([row(number) for number in range(4)])


def test_the_same_source_gives_the_same_bytes(shapes: Dataset, tmp_path: Path) -> None:
    first, second = (ingest(tmp_path / home, shapes.source()) for home in ("one", "two"))
    assert (first.key, first.content) == (second.key, second.content)
    for name in ("problems.parquet", "rejected.parquet"):
        assert first.file(name).read_bytes() == second.file(name).read_bytes()


def test_a_complete_source_is_not_read_again(shapes: Dataset, home: Path) -> None:
    done = ingest(home, shapes.source())
    shutil.rmtree(home / "images")
    assert ingest(home, shapes.source()) == done
    assert not (home / "images").exists()


def test_where_a_dataset_lies_is_no_part_of_the_key(shapes: Dataset, home: Path, tmp_path: Path) -> None:
    before = plan(home, shapes.source())
    moved = shutil.copytree(shapes.folder, tmp_path / "moved")
    assert plan(home, shapes.source(path=str(moved / "train.jsonl"))) == before


def test_every_change_of_content_or_settings_gives_another_key(shapes: Dataset, home: Path) -> None:
    source = shapes.source()
    keys = [plan(home, source).key]
    (shapes.folder / "images/9.png").write_bytes(b"not named by any row")
    assert plan(home, source).key == keys[0]
    changed = picture(200)
    (shapes.folder / "images/2.png").write_bytes(changed)
    keys.append(plan(home, source).key)
    (shapes.folder / "images/2.png").unlink()
    keys.append(plan(home, source).key)
    shapes.write([row(number) for number in range(3)])
    keys.append(plan(home, source).key)
    for settings in ({"limit": 2}, {"split": "heldout"}, {"name": "other"}, {"max_image_pixels": 10}, {"columns": {"id": "id"}}):
        keys.append(plan(home, shapes.source(**settings)).key)
    assert len(set(keys)) == len(keys)


def test_a_changed_image_is_seen_even_with_its_old_times(shapes: Dataset, home: Path) -> None:
    path, source = shapes.folder / "images/2.png", shapes.source()
    before, status = plan(home, source), path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert plan(home, source) != before


def test_a_settled_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    misses = remembered_digest.cache_info().misses
    settled_digest(path)
    assert remembered_digest.cache_info().misses == misses
    monkeypatch.setattr("tasks.problems.fingerprint.time.time", lambda: path.stat().st_ctime + SETTLED_SECONDS + 1)
    assert settled_digest(path) == settled_digest(path)
    assert remembered_digest.cache_info().misses == misses + 1


def test_a_source_that_changes_while_it_is_read_is_not_published(shapes: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = problems_task.ingest_source

    def slow(*arguments):
        counts = real(*arguments)
        shapes.write([row(7)])
        return counts

    monkeypatch.setattr(problems_task, "ingest_source", slow)
    with pytest.raises(InputError, match="was changed while it was being read"):
        ingest(home, shapes.source())
    assert not list(home.glob("problems/*/manifest.json"))


def test_every_row_is_parsed_once(shapes: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for the cache, by the task, while it ingests, and after that; and again by a run that finds it done."""
    parsed: list[int] = []
    real = json_files.line_row
    monkeypatch.setattr(json_files, "line_row", lambda source, number, line: parsed.append(number) or real(source, number, line))
    request = IngestRequest(home=home, source=shapes.source())
    for _ in range(2):
        request.target()
        assert ingest_problems.fn(request).is_complete
    assert parsed == [1, 2, 3, 4]
    shapes.write([row(7), row(8)])
    assert request.target() != ingest(home, shapes.source(limit=1))
    assert parsed == [1, 2, 3, 4, 1, 2, 1]


def test_rows_that_memory_has_no_room_for_are_read_again(shapes: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = ingest(home, shapes.source())
    monkeypatch.setattr(contents, "HELD_BYTES", 1)
    contents.KNOWN.clear()
    again = ingest(home / "other", shapes.source())
    assert (again.key, again.content) == (held.key, held.content)
    assert all(known.rows is None for known in contents.KNOWN.values())


def test_the_manifest_says_what_was_read(shapes: Dataset, home: Path) -> None:
    shapes.write([row(0), row(1), row(1), row(2, answer="")])
    manifest = ingest(home, shapes.source()).manifest
    assert manifest["counts"] == {"rows": 4, "problems": 2, "unscorable": 0, "rejected": 2, "duplicates": 1, "images": 2}
    assert manifest["source"] == f"shapes train from {shapes.file}"
    assert manifest["settings"]["columns"]["problem"] == "problem"


def test_the_starter_datasets_are_usable_and_share_no_problem(home: Path, tmp_path: Path) -> None:
    files = write_starter_datasets(tmp_path / "starter", n_train=40, n_heldout=30)
    sources = [SourceSettings(name=f.parent.name, path=str(f), split=f.stem, columns="easyr1", max_rejected=0) for f in files]
    done = [ingest(home, source) for source in sources]
    assert [artifact.manifest["counts"]["problems"] for artifact in done] == [40, 30, 40, 30]
    assert cross_duplicates(done).is_empty()


def test_settings_survive_a_round_trip_and_have_a_schema() -> None:
    source = SourceSettings(name="x", path="y", columns="mathvista")
    assert SourceSettings.model_validate_json(source.model_dump_json()) == source
    assert "columns" in SourceSettings.model_json_schema()["properties"]
