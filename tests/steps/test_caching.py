"""The cache: `Cached` exactly when the artifact is there, keyed by content; bad input is not retried."""

import shutil
from pathlib import Path

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

from tasks.base.errors import InputError
from tasks.base.files import write_text
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.steps.caching import room_task

CALLS: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def server() -> None:  # type: ignore[misc]
    with prefect_test_harness(server_startup_timeout=180):
        yield


def plan_copy(home: Path, source: Path) -> Artifact:
    return artifact(home, "copies", {"text": source.read_text()})


@room_task(plan_copy, name="copy", retries=2)
def copy(home: Path, source: Path) -> Artifact:
    CALLS.append("copy")
    if source.read_text() == "bad":
        raise InputError("the source is bad")
    if source.read_text() == "flaky" and CALLS.count("copy") < 2:
        raise RuntimeError("once is enough")
    target = plan_copy(home, source)
    with building(target, {}) as folder:
        write_text(folder / "text.txt", source.read_text())
    return target


def plan_upper(home: Path, copied: Artifact) -> Artifact:
    return artifact(home, "uppers", {"copied": copied.content})


@room_task(plan_upper, name="upper")
def upper(home: Path, copied: Artifact) -> Artifact:
    CALLS.append("upper")
    target = plan_upper(home, copied)
    with building(target, {}) as folder:
        write_text(folder / "text.txt", copied.file("text.txt").read_text().upper())
    return target


@flow
def both(home: Path, source: Path) -> Artifact:
    return upper(home, copy(home, source))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    CALLS.clear()
    path = tmp_path / "source.txt"
    path.write_text("hello")
    return path


def test_what_is_done_is_not_done_again(tmp_path: Path, source: Path) -> None:
    first = both(tmp_path, source)
    assert both(tmp_path, source) == first
    assert CALLS == ["copy", "upper"]


def test_the_same_path_with_other_content_is_a_miss(tmp_path: Path, source: Path) -> None:
    both(tmp_path, source)
    source.write_text("world")
    assert both(tmp_path, source).file("text.txt").read_text() == "WORLD"
    assert CALLS == ["copy", "upper"] * 2


def test_a_missing_output_is_a_miss_and_what_depends_on_it_stays(tmp_path: Path, source: Path) -> None:
    shutil.rmtree(both(tmp_path, source).path)
    assert both(tmp_path, source).is_complete
    assert CALLS == ["copy", "upper", "upper"]
    for folder in (tmp_path / "copies").iterdir():
        shutil.rmtree(folder)
    both(tmp_path, source)
    assert CALLS == ["copy", "upper", "upper", "copy"]


def test_a_moved_lake_is_found_where_it_is(tmp_path: Path, source: Path) -> None:
    both(tmp_path / "here", source)
    (tmp_path / "here").rename(tmp_path / "there")
    made = both(tmp_path / "there", source)
    assert made.path.is_relative_to(tmp_path / "there")
    assert made.is_complete


def test_bad_input_is_not_retried(tmp_path: Path, source: Path) -> None:
    source.write_text("bad")
    with pytest.raises(InputError, match="the source is bad"):
        both(tmp_path, source)
    assert CALLS == ["copy"]


def test_what_may_pass_is_retried(tmp_path: Path, source: Path) -> None:
    source.write_text("flaky")
    assert both(tmp_path, source).is_complete
    assert CALLS == ["copy", "copy", "upper"]
