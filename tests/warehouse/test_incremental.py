"""Publishing on top of the last publish gives the rows of a whole one, reads only what is new, and knows when it must not."""

import os
from collections.abc import Callable
from datetime import datetime

import duckdb
import polars as pl
import pytest

from tasks.estimates.settings import DifficultySettings
from tasks.lake.artifacts import artifact, building
from tasks.lake.compaction import CompactionSettings, compact
from tasks.lake.lake import Lake
from tasks.steps.runs import note_step, run_of
from tasks.warehouse import incremental, summaries
from tasks.warehouse.checking import CheckFailed
from tasks.warehouse.publishing import publish
from tasks.warehouse.querying import query
from tasks.warehouse.relations import models
from tests.restored import restored
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

SETTINGS = DifficultySettings()
LETTERS = ["cccc", "cciu", "iiii", "ciii", "ccct", "iuic", "ssss"]


def add(lake: Lake, problems: range, *, first: int = 0, policy: str = "base", name: str = "", known: bool = False) -> None:
    """Problems with four verdicts each, of the rounds from `first`."""
    rows = [
        {**row, "round": row["round"] + first, "extracted": str(number % 3)}
        for number in problems
        for row in verdicts(f"p{number}", LETTERS[number % 7], policy_id=policy)
    ]
    named = name or f"{policy}-{problems.start}-{first}"
    if not known:
        problems_artifact(lake.home, [{"problem_id": f"p{number}", "row": number} for number in problems], named)
    with lake.writing("rollouts", policy, "warm") as folder:
        lake.append(folder, "rollouts", table("rollouts", rollouts_of(rows)), named)
    with lake.writing("verdicts", "strict", policy, "warm") as folder:
        lake.append(folder, "verdicts", table("verdicts", rows), named)


def answered(lake: Lake, grader: str) -> None:
    """A recipe's run that asked of the problem p41, judged by a grader: a new one has verdicts of its own."""
    if grader != "strict":
        rows = verdicts("p41", "cccc", grader_id=grader)
        lake.append(lake.partition("verdicts", grader, "base", "warm"), "verdicts", table("verdicts", rows), grader)
    problems = artifact(lake.home, "problems", {"name": "of mine"})
    if not problems.is_complete:
        problems_artifact(lake.home, [{"problem_id": "p41", "row": 41}], "of mine")
    profile, graded = artifact(lake.home, "profiles", {"name": "p"}), artifact(lake.home, "graded", {"name": grader})
    facts = {"policy_id": "base", "sampling_id": "warm", "policy_name": "base", "problems": [problems.key]}
    with run_of("mine", "profile"):
        for made, told in ((profile, facts), (graded, {"profile": profile.key, "grader_id": grader})):
            with building(made, told):
                note_step(made.kind, made)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    """A published lake of forty problems."""
    made = Lake(tmp_path_factory.mktemp("lake") / "home")
    add(made, range(40))
    publish(made, SETTINGS)
    return restored(made)


@pytest.fixture
def lake(kept: Callable[[], Lake]) -> Lake:
    """That lake, as it was published."""
    return kept()


def contents(lake: Lake) -> dict[str, pl.DataFrame]:
    """Every published relation, its rows in one order."""
    with duckdb.connect(str(lake.warehouse), read_only=True) as session:
        found = {name: session.sql(f"from {name}").pl() for name in (*models(), "artifacts", "beta_binomial_fits", "stopping_rule")}
    return {name: rows.sort(*(column for column, dtype in rows.schema.items() if not dtype.is_nested())) for name, rows in found.items()}


def compare(lake: Lake) -> None:
    """See that a whole publish gives the rows that are published."""
    found = contents(lake)
    publish(lake, SETTINGS, whole=True)
    for name, rows in contents(lake).items():
        assert found[name].equals(rows), name


@pytest.fixture
def how(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What publishes do from here on: "update" each time that one is made on top of the last."""
    done: list[str] = []
    real = incremental.Update.run
    monkeypatch.setattr(incremental.Update, "run", lambda self: (done.append("update"), real(self))[1])
    return done


def test_what_is_added_gives_what_a_whole_publish_gives(lake: Lake, how: list[str]) -> None:
    published = lake.warehouse.stat()
    publish(lake, SETTINGS)  # nothing is new
    assert (lake.warehouse.stat().st_ino, how) == (published.st_ino, [])
    add(lake, range(40, 44))
    publish(lake, SETTINGS)
    add(lake, range(3, 6), first=4, known=True)
    publish(lake, SETTINGS)
    add(lake, range(7, 9), policy="stage1", known=True)
    lake.record("policies", {"policy_id": "base", "name": "base", "kind": "base", "model": "m", "parent_id": "", "stage_id": ""})
    publish(lake, SETTINGS)
    problems_artifact(lake.home, [{"problem_id": "p1", "gold_id": "new", "answer": "2"}], "torn")
    with building(artifact(lake.home, "curated", {}), {"difficulty": "d", "stages": {}}) as folder:
        table("curated", [{"problem_id": "p1", "rank": 1}]).write_parquet(folder / "curated.parquet")
    publish(lake, SETTINGS)
    answered(lake, "strict")
    publish(lake, SETTINGS)
    add(lake, range(44, 46))
    publish(lake, SETTINGS)
    lake.record("graders", {"grader_id": "strict", "name": "strict", "first_judged": datetime(2026, 1, 1)})
    answered(lake, "later")
    publish(lake, SETTINGS)
    assert how == ["update"] * 7
    assert query(lake, "select recipe, policy, grader, count(*) from current group by all").rows() == [("mine", "base", "later", 1)]
    assert query(lake, "select count(*) from stg_curated").item() == query(lake, "select count(*) from gold_conflicts").item() == 1
    compare(lake)


def test_only_new_shards_are_read(lake: Lake, how: list[str]) -> None:
    [old] = lake.home.glob("verdicts/strict-base-warm/*.parquet")
    told, size = old.stat(), old.stat().st_size
    old.write_bytes(b"PAR1" + bytes(size - 12) + b"\0\0\0\0PAR1")  # whole by its ends, and no row in it can be read
    os.utime(old, ns=(told.st_atime_ns, told.st_mtime_ns))
    add(lake, range(40, 44))
    publish(lake, SETTINGS)
    assert how == ["update"] and query(lake, "select count(distinct problem_id) from difficulty").item() == 44


@pytest.mark.parametrize("change", ["settings", "removed", "rewritten", "compacted", "many"])
def test_other_changes_make_everything_anew(lake: Lake, how: list[str], change: str) -> None:
    add(lake, range(40, 44), name="more")
    publish(lake, SETTINGS)
    how.clear()
    settings = SETTINGS
    if change == "settings":
        settings = DifficultySettings(low=0.3)
    elif change == "removed":
        [path.unlink() for path in lake.home.glob("*/*base-warm/more.parquet")]
    elif change == "rewritten":
        add(lake, range(40, 44), name="more", known=True)
    elif change == "compacted":
        compact(lake, CompactionSettings(min_shards=2))
    else:
        add(lake, range(50, 80))
    publish(lake, settings)
    assert how == []
    problems = {"removed": 40, "many": 74}.get(change, 44)
    assert query(lake, "select count(*) from difficulty").item() == problems


def test_a_failing_check_of_new_rows_keeps_the_old_warehouse(lake: Lake, how: list[str]) -> None:
    add(lake, range(2), name="again", known=True)
    with pytest.raises(CheckFailed, match=r"rollouts_are_unique[\s\S]*'problem_id': 'p[01]'"):
        publish(lake, SETTINGS)
    assert how == ["update"] and query(lake, "select count(*) from difficulty").item() == 40
    for path in lake.home.glob("*/*base-warm/again.parquet"):
        path.unlink()
    add(lake, range(40, 42))
    publish(lake, SETTINGS)
    assert query(lake, "select count(*), sum(n) from difficulty where problem_id in ('p0', 'p1')").rows() == [(2, 8)]


def test_many_parts_of_summaries_are_folded(lake: Lake, how: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "MOST_PARTS", 2)
    parts = lake.home / "aside" / "summaries" / "verdicts" / "strict-base-warm"
    for number, expected in ((40, 2), (41, 1), (42, 2)):
        add(lake, range(number, number + 1))
        publish(lake, SETTINGS)
        assert len(list(parts.glob("verdict_outcomes-*"))) == expected
    assert how == ["update"] * 3
    compare(lake)


def test_an_updated_file_still_opens_in_older_duckdb(lake: Lake) -> None:
    add(lake, range(40, 44))
    publish(lake, SETTINGS)
    with duckdb.connect(str(lake.warehouse), read_only=True) as session:
        assert "v1.2.0" in str(session.execute("select tags from duckdb_databases() where database_name = 'warehouse'").fetchall())
