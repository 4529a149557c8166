"""A shard that a fault of the disk cut short is named and put aside, the rest is used, and what was in it is drawn and graded again."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.grading import task as grading
from tasks.grading.settings import GradingSettings
from tasks.grading.verdict import grader_id
from tasks.lake.artifacts import Artifact, artifact, building
from tasks.lake.compaction import CompactionSettings, compact, sweep_retired
from tasks.lake.counting import read_shards, write_shards
from tasks.lake.lake import LAKE_VERSION, Lake
from tasks.sampling.profile import write_profile
from tasks.sampling.requests import missing, wanted
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tests.restored import restored
from tests.sql.rows import problems_artifact, table

PROBLEMS = [{"problem_id": name, "answer": "4"} for name in "abc"]


def drawn(lake: Lake) -> Artifact:
    """A profile of a shard a problem."""
    with lake.writing("rollouts", "base", "warm") as folder:
        for name in "abc":
            rows = [{"problem_id": name, "round": place, "response": r"\\boxed{4}"} for place in range(2)]
            lake.append(folder, "rollouts", table("rollouts", rows), name)
    facts = {"policy_id": "base", "sampling_id": "warm", "rounds": 2, "problems": []}
    target = artifact(lake.home, "profiles", {"name": "profile"})
    with building(target, {}) as folder:
        write_profile(folder, lake, rollouts=lake.shards(lake.partition("rollouts", "base", "warm")), facts=facts)
    return target


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    """A lake of three problems, all answered and graded."""
    made = Lake(tmp_path_factory.mktemp("lake") / "home")
    problems_artifact(made.home, PROBLEMS)
    grade(made, drawn(made))
    return restored(made)


@pytest.fixture
def lake(kept: Callable[[], Lake]) -> Lake:
    """That lake, as it was made."""
    return kept()


def grade(lake: Lake, profile: Artifact) -> Artifact:
    [problems] = (Artifact(home=lake.home, kind="problems", key=path.name) for path in lake.home.glob("problems/[0-9a-f]*"))
    request = grading.GradeRequest(home=lake.home, profile=profile, problems=(problems,), settings=GradingSettings())
    return grading.grade_rollouts.fn(request)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_cut_shard_of_rollouts_is_drawn_and_graded_again(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    [profile], [graded] = lake.home.glob("profiles/*/manifest.json"), lake.home.glob("graded/*/manifest.json")
    cut(lake.home / "rollouts" / "base-warm" / "b.parquet")
    keys = wanted(pl.DataFrame({"problem_id": list("abc")}), range(2), None)
    left = missing(keys, lake.shards(lake.partition("rollouts", "base", "warm")))
    assert left["problem_id"].to_list() == ["b", "b"]
    assert "b.parquet is cut short" in caplog.text and (lake.home / "quarantine/rollouts/base-warm/b.parquet").is_file()
    assert not profile.exists() and not graded.exists()  # so that their tasks are not cached any more
    grade(lake, drawn(lake))
    publish(lake, DifficultySettings())
    assert query(lake, "select problem_id, k, n from difficulty order by 1").rows() == [("a", 2, 2), ("b", 2, 2), ("c", 2, 2)]


def test_a_cut_shard_of_verdicts_is_graded_again(lake: Lake) -> None:
    [profile] = (Artifact(home=lake.home, kind="profiles", key=path.name) for path in lake.home.glob("profiles/*"))
    shard = next(lake.home.glob("verdicts/grader*/*.parquet"))
    cut(shard)
    assert lake.scan("verdicts").collect().height == 4
    assert profile.is_complete and not list(lake.home.glob("graded/*/manifest.json"))
    grade(lake, profile)
    assert shard.is_file() and lake.scan("verdicts").collect().height == 6


def test_publishing_goes_on_without_a_cut_shard(lake: Lake) -> None:
    cut(next(lake.home.glob("verdicts/grader*/*.parquet")))
    publish(lake, DifficultySettings())
    assert query(lake, "select count(*), (select count(*) from verdicts) from difficulty").rows() == [(2, 4)]


@pytest.mark.parametrize("compacted", [False, True])
def test_publishing_goes_on_without_a_cut_shard_of_rollouts(lake: Lake, caplog: pytest.LogCaptureFixture, compacted: bool) -> None:
    if compacted:
        compact(lake, CompactionSettings(min_shards=2, keep_hours=0))
        publish(lake, DifficultySettings())
        sweep_retired(lake, CompactionSettings(min_shards=2, keep_hours=0))
    [*_, shard] = [path for path in lake.files("rollouts") if "_schema" not in path.parts]
    cut(shard)
    publish(lake, DifficultySettings())
    assert query(lake, "select count(*), (select count(*) from verdicts) from difficulty").rows() == [(0, 0) if compacted else (2, 4)]
    assert "judges rollouts that were lost" in caplog.text
    grade(lake, drawn(lake))
    publish(lake, DifficultySettings())
    assert query(lake, "select count(*), sum(n) from difficulty").rows() == [(3, 6)]


@pytest.mark.parametrize("fault", [cut, Path.unlink])
def test_a_broken_compacted_file_gives_way_to_the_shards_it_replaced(lake: Lake, fault: Callable[[Path], None]) -> None:
    made = compact(lake, CompactionSettings(min_shards=2))
    for done in made:
        fault(next(done.path.glob("*.parquet")))
    assert lake.scan("rollouts").collect().height == lake.scan("verdicts").collect().height == 6
    assert not list(lake.home.glob("compacted/*/manifest.json"))


def test_a_cut_table_of_an_artifact_is_named_with_the_way_out(lake: Lake) -> None:
    cut(next(lake.home.glob("problems/[0-9a-f]*/problems.parquet")))
    with pytest.raises(InputError, match=r"problems\.parquet is cut short; delete the folder .* and run its recipe again"):
        publish(lake, DifficultySettings())


def test_a_lake_of_a_newer_version_is_told(lake: Lake) -> None:
    (lake.make().home / "lake" / "version.json").write_text(f'{{"version": {LAKE_VERSION + 1}}}')
    with pytest.raises(InputError, match=rf"has layout {LAKE_VERSION + 1}, made by a newer difficulty-prior.*upgrade it"):
        Lake(lake.home)


def test_a_lake_of_the_first_version_is_taken_over(lake: Lake) -> None:
    (lake.make().home / "lake" / "version.json").unlink()
    old = table("curated", [{"problem_id": "a", "rank": 1}]).drop("weight")
    old.clear().write_parquet(lake.schema_file("curated"))
    with building(artifact(lake.home, "curated", {}), {}) as folder:
        old.write_parquet(folder / "curated.parquet")
    again = Lake(lake.home)
    assert again.scan("curated").collect()["weight"].to_list() == [None]
    publish(again, DifficultySettings())
    assert query(again, "select problem_id, weight from stg_curated").rows() == [("a", 1.0)]
    assert query(again, "select problem_id, weight from curated").rows() == [("a", None)]
    assert grader_id() in query(again, "select distinct grader_id from verdicts").rows()[0]


def test_whatever_names_a_lost_shard_goes_with_it(lake: Lake) -> None:
    named = {"of_b": {"rollouts": ["rollouts/base-warm/b.parquet"]}, "of_c": {"rollouts": ["rollouts/base-warm/c.parquet"]}}
    for name, facts in named.items():
        with building(artifact(lake.home, "of-a-new-room", {"name": name}), {}) as folder:
            write_shards(folder, facts)
    cut(lake.home / "rollouts" / "base-warm" / "b.parquet")
    lake.files("rollouts")
    kept, gone = artifact(lake.home, "of-a-new-room", {"name": "of_c"}), artifact(lake.home, "of-a-new-room", {"name": "of_b"})
    assert kept.is_complete and not gone.is_complete
    assert read_shards(lake.home / "quarantine" / "of-a-new-room" / gone.key) == named["of_b"]
