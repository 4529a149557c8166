"""A lake is opened without a trace, wherever and however it lies; what is none of ours is told; and an unmade one reads as empty."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import artifact, building
from tasks.lake.lake import LAKE_VERSION, RELATIONS, Lake, lake_version, write_parquet
from tasks.lake.looking import looking
from tasks.lake.storage import copy_of
from tasks.warehouse.home import at_hand, open_home
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query

Traces = dict[str, tuple[int, int, int]]


def traces(folder: Path) -> Traces:
    """All that lies in a folder, itself included: its mode, size and time of change."""
    found = [folder, *folder.rglob("*")] if folder.exists() else []
    return {str(path): (stats.st_mode, stats.st_size, stats.st_mtime_ns) for path in found if (stats := path.lstat())}


def rollout(problem_id: str) -> pl.DataFrame:
    keys = {"problem_id": problem_id, "policy_id": "p", "sampling_id": "s", "round": 0, "sample": 0}
    return pl.DataFrame([{**keys, "response": "x", "n_tokens": 1, "finish_reason": "stop", "seed": 7, "hint": ""}])


def filled(home: Path) -> Lake:
    """A lake with one rollout."""
    lake = Lake(home).make()
    lake.append(lake.partition("rollouts", "p", "s"), "rollouts", rollout("a"), "one")
    return lake


def missing(home: Path) -> int:
    return 0


def empty(home: Path) -> int:
    home.mkdir()
    return 0


def present(home: Path) -> int:
    filled(home)
    return 1


def old_layout(home: Path) -> int:
    """As the first version left it: it said nothing of its layout, and `curated` had no weight."""
    lake = filled(home)
    (home / "lake" / "version.json").unlink()
    write_parquet(pl.DataFrame(schema=RELATIONS["curated"]).drop("weight"), lake.schema_file("curated"))
    return 1


def half_made(home: Path) -> int:
    """As a process that was killed while it made one left it."""
    filled(home)
    for name in ("lake", "verdicts", "curated", "run_steps"):
        shutil.rmtree(home / name)
    return 1


def never_made(home: Path) -> int:
    """Rows alone, as a copy by a pattern may be."""
    write_parquet(rollout("a"), home / "rollouts" / "p-s" / "one.parquet")
    return 1


def a_link(home: Path) -> int:
    filled(home.with_name("elsewhere"))
    home.symlink_to(home.with_name("elsewhere"))
    return 1


def a_dangling_link(home: Path) -> int:
    home.symlink_to(home.with_name("gone"))
    return 0


def nobody_may_write(home: Path) -> int:
    filled(home)
    for path in (home, *home.rglob("*")):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    return 1


WAYS = (missing, empty, present, old_layout, half_made, never_made, a_link, a_dangling_link, nobody_may_write)


@pytest.mark.parametrize("way", WAYS)
def test_opening_and_reading_leave_no_trace(tmp_path: Path, way: Callable[[Path], int]) -> None:
    home = tmp_path / "runs"
    rows = way(home)
    before = traces(tmp_path)
    lake = Lake(home)
    assert at_hand(home).folder == home and not at_hand(home).unknown
    with looking():
        assert open_home(home) == home
    assert {relation: lake.scan(relation).collect().height for relation in RELATIONS} == dict.fromkeys(RELATIONS, 0) | {"rollouts": rows}
    assert [lake.scan(relation).collect_schema().names() for relation in RELATIONS] == [list(columns) for columns in RELATIONS.values()]
    assert len(lake.shards(lake.partition("rollouts", "p", "s"))) == rows and not lake.orphans()
    with pytest.raises(InputError, match="no warehouse at .*nothing is published yet"):
        query(lake, "select 1")
    assert traces(tmp_path) == before


@pytest.mark.parametrize("way", [way for way in WAYS if way not in (a_dangling_link, nobody_may_write)])
def test_whatever_was_opened_can_be_made_and_published(tmp_path: Path, way: Callable[[Path], int]) -> None:
    rows = way(tmp_path / "runs")
    lake = Lake(open_home(tmp_path / "runs"))
    made = traces(lake.home)
    assert lake_version(lake.home) == LAKE_VERSION and all(lake.schema_file(relation).is_file() for relation in RELATIONS)
    assert lake.make() == lake and traces(lake.home) == made  # once is enough
    publish(lake, DifficultySettings())
    counts = query(lake, "select (select count(*) from rollouts), (select count(*) from verdicts), (select count(weight) from curated)")
    assert counts.rows() == [(rows, 0, 0)]
    lake.append(lake.partition("verdicts", "p", "s"), "verdicts", pl.DataFrame(schema=RELATIONS["verdicts"]), "none")
    assert query(lake, "select * from verdicts").is_empty()  # its view finds files that came after it


def newer(home: Path) -> None:
    Lake(home).make()
    (home / "lake" / "version.json").write_text(json.dumps({"version": LAKE_VERSION + 1}))


def a_file(home: Path) -> None:
    home.write_text("not a lake")


def a_circle(home: Path) -> None:
    home.symlink_to(home)


def says(text: str) -> Callable[[Path], None]:
    def make(home: Path) -> None:
        (home / "lake").mkdir(parents=True)
        (home / "lake" / "version.json").write_bytes(text.encode("latin-1"))

    make.__name__ = f"version {text!r}"
    return make


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (newer, rf"has layout {LAKE_VERSION + 1}, made by a newer difficulty-prior .*; upgrade it"),
        (a_file, "is a file, not a folder; choose another --home"),
        (a_circle, "cannot be read .*choose another --home"),
        *((says(text), "does not say which layout the lake has; delete it") for text in ("", "{", "[]", '{"version": null}', "\xff")),
        (says('{"version": Infinity}'), "does not say which layout"),
    ],
)
def test_what_is_no_lake_of_ours_is_told_and_left_alone(tmp_path: Path, way: Callable[[Path], None], said: str) -> None:
    way(tmp_path / "runs")
    before = traces(tmp_path)
    for opened in (Lake, at_hand, open_home):
        with pytest.raises(InputError, match=said):
            opened(tmp_path / "runs")
    assert traces(tmp_path) == before


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_lake_of_another_user_that_is_closed_is_told(tmp_path: Path) -> None:
    filled(tmp_path / "runs")
    (tmp_path / "runs").chmod(0o700)
    code = "import os, sys, pathlib; from tasks.lake.lake import Lake; os.setuid(65534); Lake(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs")], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("ask its owner, or choose another --home") and "Permission denied" in done.stderr


def test_the_home_of_nobody_is_told() -> None:
    with pytest.raises(InputError, match="--home ~no-such-user-here/runs: .*give a folder"):
        at_hand(Path("~no-such-user-here/runs"))


def test_a_broken_shard_is_left_where_it_is_by_who_looks(tmp_path: Path) -> None:
    lake = filled(tmp_path / "runs")
    shard = lake.append(lake.partition("rollouts", "p", "s"), "rollouts", rollout("b"), "two")
    os.truncate(shard, shard.stat().st_size // 2)
    before = traces(tmp_path)
    with looking():
        assert lake.scan("rollouts").collect()["problem_id"].to_list() == ["a"]
        assert [path.name for path in lake.shards(shard.parent)] == ["one.parquet"]
    assert traces(tmp_path) == before
    assert lake.scan("rollouts").collect()["problem_id"].to_list() == ["a"]
    assert not shard.exists() and (tmp_path / "runs" / "quarantine").is_dir()


def test_a_lake_on_storage_is_looked_at_in_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of the storage: there are no credentials here, and nothing listens at its address."""
    monkeypatch.setenv("DIFFICULTY_PRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    home, copy = Path("s3://lakes/a"), copy_of("lakes/a")
    found = at_hand(home)
    assert found.folder == copy and not (tmp_path / "cache").exists()
    assert found.unknown.startswith("s3://lakes/a is not asked, and has no copy here") and "sync --home s3://lakes/a" in found.unknown
    filled(copy)
    (copy / ".remote").write_text("lakes/a")
    assert "last brought up to date at an unknown time" in at_hand(home).unknown
    (copy / ".synced").write_text("2026-01-02 03:04:05 UTC")
    before = traces(tmp_path)
    for place in (home, copy):
        found = at_hand(place)
        assert "brought up to date at 2026-01-02 03:04:05 UTC; `difficulty-prior sync --home s3://lakes/a` does so now" in found.unknown
        with looking():
            assert Lake(open_home(place)).scan("rollouts").collect().height == 1
    assert traces(tmp_path) == before
    with pytest.raises(InputError, match="only s3:// addresses"):
        at_hand(Path("gs://lakes/a"))


def test_what_is_built_in_a_lake_that_was_not_made_is_read(tmp_path: Path) -> None:
    with building(artifact(tmp_path / "runs", "problems", {}), {}) as folder:
        write_parquet(pl.DataFrame(schema=RELATIONS["problems"]), folder / "problems.parquet")
    assert Lake(tmp_path / "runs").scan("problems").collect().is_empty() and not (tmp_path / "runs" / "lake").exists()
