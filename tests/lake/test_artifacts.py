"""Artifacts: complete or absent, named by what made them, keyed downstream by what they hold."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.base.errors import InputError
from tasks.base.files import digest, disk_errors_named, file_digest, write_text
from tasks.lake.artifacts import MANIFEST, Artifact, artifact, building

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(), JSON))
def test_digest_ignores_the_order_of_keys(fields: dict) -> None:
    assert digest(fields) == digest(dict(reversed(fields.items())))


def test_digest_tells_values_apart() -> None:
    values = [1, "1", [1], {"a": 1}, {"a": "1"}, None, True, 1.5]
    assert len({digest(value) for value in values}) == len(values)


def make(home: Path, text: str, inputs: dict) -> Artifact:
    target = artifact(home, "things", inputs)
    with building(target, {"why": "test"}) as folder:
        write_text(folder / "text.txt", text)
    return target


def test_an_artifact_is_complete_with_its_manifest(tmp_path: Path) -> None:
    made = make(tmp_path, "hello", {"n": 1})
    assert made.is_complete
    assert made.manifest["why"] == "test"
    assert made.manifest["files"] == {"text.txt": file_digest(made.file("text.txt"))}


def test_a_manifest_names_paths_in_the_lake_as_seen_from_its_home(tmp_path: Path) -> None:
    home, target = tmp_path / "a [lake]", artifact(tmp_path / "a [lake]", "things", {})
    told = {"model": f"{home}/stages/x/policy", "about": [f"read from {home}/a.jsonl"], "others": [f"/mnt{home}/b", f"{home}2/c", "d", 1]}
    with building(target, told):
        pass
    assert target.manifest["model"] == "stages/x/policy" and target.manifest["about"] == ["read from a.jsonl"]
    assert target.manifest["others"] == told["others"]


def test_content_names_what_it_holds_not_how_it_was_asked_for(tmp_path: Path) -> None:
    one, same, other = make(tmp_path, "a", {"n": 1}), make(tmp_path, "a", {"n": 2}), make(tmp_path, "b", {"n": 3})
    assert one.key != same.key
    assert one.content == same.content != other.content


def test_an_error_while_building_leaves_no_artifact(tmp_path: Path) -> None:
    target = artifact(tmp_path, "things", {"n": 1})
    with pytest.raises(ZeroDivisionError), building(target, {}) as folder:
        write_text(folder / "half.txt", "half")
        _ = 1 / 0
    assert not target.path.exists()
    with pytest.raises(FileNotFoundError, match="not complete"):
        _ = target.manifest


def test_only_a_resuming_builder_sees_what_a_killed_one_left(tmp_path: Path) -> None:
    target = artifact(tmp_path, "things", {"n": 1})
    with pytest.raises(KeyboardInterrupt), building(target, {}) as folder:
        write_text(folder / "half.txt", "half")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), building(target, {}, resume=True) as folder:
        assert (folder / "half.txt").exists()
        raise KeyboardInterrupt
    with building(target, {}) as folder:
        assert not (folder / "half.txt").exists()


@pytest.mark.process
def test_a_process_killed_while_building_leaves_no_artifact_and_no_lock(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path; from tasks.lake.artifacts import *\n"
        f"target = artifact(Path({str(tmp_path)!r}), 'things', {{'n': 1}})\n"
        "with building(target, {}) as folder:\n"
        "    write_text(folder / 'half.txt', 'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert make(tmp_path, "whole", {"n": 1}).file("text.txt").read_text() == "whole"


def test_hidden_files_do_not_change_the_content(tmp_path: Path) -> None:
    target = artifact(tmp_path, "things", {"n": 1})
    with building(target, {}) as folder:
        write_text(folder / "text.txt", "a")
        write_text(folder / ".log", "words")
    assert list(target.manifest["files"]) == ["text.txt"]
    assert (target.path / MANIFEST).exists()


def test_a_full_disk_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rows\.parquet.*disk is full.*make room"), disk_errors_named(tmp_path / "rows.parquet"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_other_os_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), disk_errors_named(tmp_path):
        raise PermissionError(errno.EACCES, "no")
