"""The lake: an empty one has every relation, shards are whole or absent, and a shard written twice is there once."""

import threading
from pathlib import Path
from random import Random

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.lake.lake import GLOBS, RELATIONS, Lake, write_parquet


def rollout(problem_id: str, round: int = 0) -> dict:
    keys = {"problem_id": problem_id, "policy_id": "p", "sampling_id": "s", "round": round, "sample": 0}
    return {**keys, "response": "x", "n_tokens": 1, "finish_reason": "stop", "seed": 7, "hint": ""}


@pytest.mark.parametrize("relation", list(RELATIONS))
def test_an_empty_lake_has_every_relation(tmp_path: Path, relation: str) -> None:
    rows = Lake(tmp_path).scan(relation).collect()
    assert rows.height == 0
    assert rows.columns == list(RELATIONS[relation])
    assert relation in GLOBS


def test_appended_rows_are_read_back_with_the_relations_columns(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    partition = lake.partition("rollouts", "p", "s")
    lake.append(partition, "rollouts", pl.DataFrame([rollout("a"), rollout("b")]), "one")
    lake.append(partition, "rollouts", pl.DataFrame([rollout("c")]), "two")
    assert lake.scan("rollouts").collect()["problem_id"].to_list() == ["a", "b", "c"]
    assert lake.scan("rollouts", lake.shards(partition)[1:]).collect()["problem_id"].to_list() == ["c"]


def test_the_same_shard_twice_is_there_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for _ in range(2):
        lake.append(lake.partition("rollouts", "p", "s"), "rollouts", pl.DataFrame([rollout("a")]), "one")
    assert lake.scan("rollouts").collect().height == 1


def test_rows_without_a_column_are_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="finish_reason"):
        lake.append(lake.partition("rollouts", "p", "s"), "rollouts", pl.DataFrame([rollout("a")]).drop("finish_reason"), "one")
    assert lake.scan("rollouts").collect().height == 0


def test_a_shard_in_the_making_is_not_read(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    partition = lake.partition("rollouts", "p", "s")
    partition.mkdir(parents=True)
    (partition / ".one.parquet.123").write_bytes(b"PAR1 half")
    assert lake.shards(partition) == []
    assert lake.scan("rollouts").collect().height == 0


def test_a_recorded_row_is_kept_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    row = {"policy_id": "p", "name": "base", "kind": "base", "model": "m", "parent_id": "", "stage_id": ""}
    lake.record("policies", row)
    lake.record("policies", row)
    assert lake.scan("policies").collect().rows(named=True) == [row]


def test_a_partition_has_one_writer_at_a_time(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    partition, order = lake.partition("rollouts", "p", "s"), []

    def wait_for_it() -> None:
        with lake.lock(partition):
            order.append("second")

    with lake.lock(partition):
        other = threading.Thread(target=wait_for_it)
        other.start()
        other.join(timeout=0.3)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


@pytest.mark.process
def test_a_full_disk_is_a_clear_error_and_leaves_what_was_there(tmp_path: Path, small_disk: Path) -> None:
    lake = Lake(small_disk)
    partition = lake.partition("rollouts", "p", "s")
    lake.append(partition, "rollouts", pl.DataFrame([rollout("a")]), "one")
    incompressible = pl.DataFrame([{**rollout(f"{n}"), "response": Random(n).randbytes(2000).hex()} for n in range(2000)])
    with pytest.raises(InputError, match=r"cannot write .*two\.parquet: the disk is full.*make room"):
        lake.append(partition, "rollouts", incompressible, "two")
    assert lake.scan("rollouts").collect()["problem_id"].to_list() == ["a"]
    assert [path.name for path in partition.iterdir()] == ["one.parquet"]


def test_write_parquet_replaces_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    for n in (1, 2):
        write_parquet(pl.DataFrame({"n": [n]}), path)
    assert pl.read_parquet(path)["n"].to_list() == [2]
    assert list(tmp_path.iterdir()) == [path]
