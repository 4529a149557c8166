"""The cache: `Cached` exactly when the artifact is there, keyed by content; bad input is not retried."""

import shutil
from pathlib import Path

import pytest
from prefect import flow

from tasks.base.errors import InputError
from tasks.base.files import write_text
from tasks.lake.artifacts import Artifact, artifact
from tasks.steps.caching import room_task
from tasks.steps.request import StepRequest

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("in_prefect")]

CALLS: list[str] = []


class CopyRequest(StepRequest):
    source: Path

    def target(self) -> Artifact:
        return artifact(self.home, "copies", {"text": self.source.read_text()})

    def said(self) -> str:
        return f"copy {self.source.name}"


@room_task(name="copy", retries=2)
def copy(request: CopyRequest, target: Artifact, folder: Path) -> dict[str, str]:
    CALLS.append("copy")
    text = request.source.read_text()
    if text == "bad":
        raise InputError("the source is bad")
    if text == "flaky" and CALLS.count("copy") < 2:
        raise RuntimeError("once is enough")
    write_text(folder / "text.txt", text)
    return {"said": text}


class UpperRequest(StepRequest):
    copied: Artifact

    def target(self) -> Artifact:
        return artifact(self.home, "uppers", {"copied": self.copied.content})

    def said(self) -> str:
        return "upper"


def heard(request: UpperRequest, made: Artifact) -> None:
    CALLS.append(f"{request.said()} {made.is_complete}")


@room_task(name="upper", then=heard)
def upper(request: UpperRequest, target: Artifact, folder: Path) -> dict[str, str]:
    CALLS.append("upper")
    write_text(folder / "text.txt", request.copied.file("text.txt").read_text().upper())
    return {}


@flow
def both(home: Path, source: Path) -> Artifact:
    return upper(UpperRequest(home=home, copied=copy(CopyRequest(home=home, source=source))))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    CALLS.clear()
    path = tmp_path / "source.txt"
    path.write_text("hello")
    return path


def test_what_is_done_is_not_done_again(tmp_path: Path, source: Path) -> None:
    first = both(tmp_path, source)
    assert both(tmp_path, source) == first
    assert CALLS == ["copy", "upper", "upper True"]


def test_the_same_path_with_other_content_is_a_miss(tmp_path: Path, source: Path) -> None:
    both(tmp_path, source)
    source.write_text("world")
    assert both(tmp_path, source).file("text.txt").read_text() == "WORLD"
    assert CALLS == ["copy", "upper", "upper True"] * 2


def test_a_missing_output_is_a_miss_and_what_depends_on_it_stays(tmp_path: Path, source: Path) -> None:
    shutil.rmtree(both(tmp_path, source).path)
    assert both(tmp_path, source).is_complete
    assert CALLS == ["copy", "upper", "upper True", "upper", "upper True"]
    for folder in (tmp_path / "copies").iterdir():
        shutil.rmtree(folder)
    both(tmp_path, source)
    assert CALLS[-1] == "copy" and len(CALLS) == 6


def test_a_moved_lake_is_found_where_it_is(tmp_path: Path, source: Path) -> None:
    both(tmp_path / "here", source)
    (tmp_path / "here").rename(tmp_path / "there")
    made = both(tmp_path / "there", source)
    assert made.path.is_relative_to(tmp_path / "there")
    assert made.is_complete


def test_bad_input_is_not_retried_and_leaves_nothing(tmp_path: Path, source: Path) -> None:
    source.write_text("bad")
    with pytest.raises(InputError, match="the source is bad"):
        both(tmp_path, source)
    assert CALLS == ["copy"]
    assert [path for path in (tmp_path / "aside").iterdir() if path.is_dir()] == []


def test_the_manifest_has_what_a_build_gives(tmp_path: Path, source: Path) -> None:
    made = copy.fn(CopyRequest(home=tmp_path, source=source))
    assert (made.manifest["said"], made.manifest["made_from"]) == ("hello", {"text": "hello"})


def test_what_may_pass_is_retried(tmp_path: Path, source: Path) -> None:
    source.write_text("flaky")
    assert both(tmp_path, source).is_complete
    assert CALLS == ["copy", "copy", "upper", "upper True"]
