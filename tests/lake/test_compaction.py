"""Many small shards become few without disturbing readers, resumes, profiles or publishers; what is retired goes when it is not read."""

from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import artifact, building
from tasks.lake.compacted import manifests, retired
from tasks.lake.compaction import CompactionSettings, compact, sweep_retired
from tasks.lake.lake import Lake
from tasks.sampling.profile import shard_paths, write_profile
from tasks.sampling.requests import missing, wanted
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.restored import restored
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

SETTINGS = DifficultySettings()
NOW = CompactionSettings(min_shards=3, keep_hours=0)
COUNTS = "select (select count(*) from rollouts) as rollouts, (select count(*) from verdicts) as verdicts"


def add(lake: Lake, problem: str, letters: str = "cici", policy: str = "base") -> None:
    """A shard of one problem's rollouts and one of its verdicts."""
    rows = verdicts(problem, letters, policy_id=policy)
    with lake.writing("rollouts", policy, "warm") as folder:
        lake.append(folder, "rollouts", table("rollouts", rollouts_of(rows)), problem)
    with lake.writing("verdicts", "strict", policy, "warm") as folder:
        lake.append(folder, "verdicts", table("verdicts", rows), problem)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    """A published lake of four shards a relation."""
    made = Lake(tmp_path_factory.mktemp("lake") / 'it\'s [old] *? #1 %20 "é漢"\n')
    problems_artifact(made.home, [{"problem_id": name} for name in "abcdefghijkl"])
    for name in "abcd":
        add(made, name)
    publish(made, SETTINGS)
    return restored(made)


@pytest.fixture
def lake(kept: Callable[[], Lake]) -> Lake:
    """That lake, as it was published."""
    return kept()


def shards(lake: Lake, relation: str = "rollouts") -> list[str]:
    return [path.relative_to(lake.home).parts[0] for path in lake.files(relation) if path.parent.name != "_schema"]


def rows(lake: Lake, relation: str) -> pl.DataFrame:
    return lake.scan(relation).collect().sort("problem_id", "policy_id", "round")


def test_the_same_rows_in_one_file(lake: Lake) -> None:
    before = {relation: rows(lake, relation) for relation in ("rollouts", "verdicts")}
    assert len(compact(lake, NOW)) == 2
    assert shards(lake) == shards(lake, "verdicts") == ["compacted"]
    for relation, expected in before.items():
        assert rows(lake, relation).equals(expected)
    assert compact(lake, NOW) == []


def test_an_open_session_and_every_new_one_see_each_row_once(lake: Lake) -> None:
    with duckdb.connect(str(lake.warehouse), read_only=True) as session:
        for round in ("efg", "hij"):  # a session opened before two compactions, and one opened before the second
            compact(lake, NOW)
            assert session.sql(COUNTS).fetchall() == query(lake, COUNTS).rows()
            publish(lake, SETTINGS)
            for name in round:
                add(lake, name)
            assert session.sql(COUNTS).fetchall() == query(lake, COUNTS).rows()
        compact(lake, NOW)
        assert session.sql(COUNTS).fetchall() == query(lake, COUNTS).rows() == [(40, 40)]
        publish(lake, SETTINGS)
        assert session.sql(COUNTS).fetchall() == query(lake, COUNTS).rows() == [(40, 40)]
        assert query(lake, "select count(*), sum(n) from difficulty").rows() == [(10, 40)]


def test_what_is_retired_is_kept_until_nobody_reads_it(lake: Lake) -> None:
    compact(lake, NOW)
    assert sweep_retired(lake, NOW) == []  # the published warehouse still reads it
    publish(lake, SETTINGS)
    assert sweep_retired(lake, CompactionSettings(keep_hours=1)) == []
    assert sorted(sweep_retired(lake, NOW)) == ["rollouts/base-warm", "verdicts/strict-base-warm"]
    assert query(lake, COUNTS).rows() == [(16, 16)]
    add(lake, "e")
    assert (lake.home / "rollouts" / "base-warm~2" / "e.parquet").is_file()
    assert query(lake, COUNTS).rows() == [(20, 20)]
    publish(lake, SETTINGS)
    assert query(lake, "select sum(n) from difficulty").item() == 20


def test_small_compacted_files_are_taken_in_and_large_ones_left(lake: Lake) -> None:
    compact(lake, NOW)
    for name in "efg":
        add(lake, name)
    compact(lake, NOW)
    assert shards(lake) == ["compacted", "compacted"]
    for name in "hijkl":
        add(lake, name)
    compact(lake, NOW)
    assert shards(lake) == ["compacted"]
    assert len(retired(manifests(lake.home))) == 2 * 5
    assert rows(lake, "rollouts").height == 4 * 12


def test_a_resumed_run_finds_what_is_compacted(lake: Lake) -> None:
    keys = wanted(pl.DataFrame({"problem_id": ["a", "d", "new"]}), range(5), None)
    compact(lake, NOW)
    add(lake, "e")
    left = missing(keys, lake.shards(lake.partition("rollouts", "base", "warm")))
    assert sorted(left["problem_id"].to_list()) == ["a", "d"] + ["new"] * 5


def test_a_profile_finds_the_shards_that_it_names(lake: Lake) -> None:
    target, named = artifact(lake.home, "profiles", {}), lake.shards(lake.partition("rollouts", "base", "warm"))[:2]
    with building(target, {}) as folder:
        write_profile(folder, lake, rollouts=named, facts={"rounds": 4})
    assert shard_paths(target, "rollouts") == named
    compact(lake, NOW)
    for name in "efghij":
        add(lake, name)
    compact(lake, NOW)
    [file] = shard_paths(target, "rollouts")
    assert file.is_file() and pl.read_parquet(file, glob=False)["problem_id"].n_unique() == 10


def test_a_partition_that_is_being_written_waits(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    with lake.writing("rollouts", "base", "warm"):
        [made] = compact(lake, NOW)
    assert made.manifest["relation"] == "verdicts" and "rollouts/base-warm is being written" in caplog.text


def test_few_shards_are_left_alone(lake: Lake) -> None:
    assert compact(lake, CompactionSettings(min_shards=5)) == []


def test_a_query_passes_over_retired_files(lake: Lake) -> None:
    compact(lake, NOW)
    publish(lake, SETTINGS)
    for path in lake.home.glob("rollouts/base-warm/*.parquet"):
        path.write_bytes(b"PAR1")
    assert query(lake, COUNTS).rows() == [(16, 16)]
