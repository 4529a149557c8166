import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.base.errors import InputError
from tasks.base.process import PROJECT
from tasks.estimates.settings import AdaptiveSettings, DifficultySettings
from tasks.lake.lake import RELATIONS, Lake
from tasks.warehouse.checking import CheckFailed
from tasks.warehouse.publishing import publish, publish_again
from tasks.warehouse.querying import QueryLimits, query
from tasks.warehouse.relations import models, published_tables
from tasks.warehouse.seen import SCHEMA_VERSION
from tests.restored import restored
from tests.sql.rows import problems_artifact, rollouts_of, table, verdicts

SETTINGS = DifficultySettings()
KINDS = "select table_schema, table_name, table_type from information_schema.tables"


def fill(lake: Lake, letters: dict[str, str], name: str = "a") -> None:
    """A lake with problems, rollouts and verdicts."""
    rows = [row for problem, said in letters.items() for row in verdicts(problem, said)]
    problems_artifact(lake.home, [{"problem_id": problem} for problem in letters], name)
    lake.append(lake.partition("rollouts", "base", "warm"), "rollouts", table("rollouts", rollouts_of(rows)), name)
    lake.append(lake.partition("verdicts", "strict", "base", "warm"), "verdicts", table("verdicts", rows), name)


def published(folder: Path) -> Lake:
    """A published lake in a folder whose name means something to SQL and to globs."""
    lake = Lake(folder / 'it\'s [old] * #1 %20 "é漢" $HOME;')
    fill(lake, {"p": "cic", "q": "iii"})
    publish(lake, SETTINGS)
    (lake.home / "secret").mkdir()
    (lake.home / "secret" / "key.txt").write_text("key")
    return lake


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Callable[[], Lake]:
    """A lake to change, made once."""
    return restored(published(tmp_path_factory.mktemp("changed")))


@pytest.fixture
def lake(kept) -> Lake:
    """That lake, as it was published."""
    return kept()


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Lake:
    """A lake to query, the same for all tests."""
    return published(tmp_path_factory.mktemp("shared"))


def test_an_empty_lake_publishes(tmp_path):
    lake = Lake(tmp_path)
    assert publish(lake, SETTINGS) == lake.warehouse
    counts = " union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in [*RELATIONS, *models()])
    assert query(lake, f"from ({counts}) where n <> 0").is_empty()
    meta = dict(query(lake, "from meta").rows())
    assert (meta["schema_version"], meta["home"]) == (str(SCHEMA_VERSION), str(tmp_path))
    assert DifficultySettings.model_validate_json(meta["difficulty"]) == SETTINGS


def test_marts_are_tables_and_relations_are_views(shared):
    kinds = {tuple(place): kind for *place, kind in query(shared, KINDS).iter_rows()}
    assert {kinds["main", name] for name in [*RELATIONS, *models()]} == {"VIEW"}  # those of marts add words
    assert {kinds["marts", name] for name in published_tables()} == {"BASE TABLE"}
    assert query(shared, "select problem_id, k, n from difficulty order by 1").rows() == [("p", 2, 3), ("q", 0, 3)]


def test_views_see_new_shards_at_once_and_marts_after_publishing(lake):
    fill(lake, {"r": "ccc"}, name="b")
    assert query(lake, "select count(distinct problem_id) from verdicts").item() == 3
    assert query(lake, "select count(*) from difficulty").item() == 2
    publish(lake, SETTINGS)
    assert query(lake, "select count(*) from difficulty").item() == 3


def test_what_is_published_holds_all_history(lake):
    rows = verdicts("p", "ccc", policy_id="stage1")
    lake.append(lake.partition("rollouts", "stage1", "warm"), "rollouts", table("rollouts", rollouts_of(rows)), "x")
    lake.append(lake.partition("verdicts", "strict", "stage1", "warm"), "verdicts", table("verdicts", rows), "x")
    publish(lake, SETTINGS)
    assert query(lake, "select policy_id, k from difficulty where problem_id = 'p' order by 1").rows() == [("base", 2), ("stage1", 3)]


def test_publishing_leaves_an_open_session_alone(lake):
    import duckdb

    with duckdb.connect(str(lake.warehouse), read_only=True) as session:
        fill(lake, {"r": "ccc"}, name="b")
        publish(lake, SETTINGS)
        assert session.execute("select count(*) from difficulty").fetchall() == [(2,)]
        assert query(lake, "select count(*) from difficulty").item() == 3


def test_the_same_lake_publishes_the_same_marts(lake):
    before = query(lake, "from curation_sweep").to_dicts()
    publish(lake, SETTINGS)
    assert query(lake, "from curation_sweep").to_dicts() == before


@pytest.mark.process
def test_two_processes_may_publish_at_once(lake):
    imports = (
        "import sys; from tasks.estimates.settings import DifficultySettings; from tasks.lake.lake import Lake; "
        "from tasks.warehouse.publishing import publish"
    )
    code = f"{imports}; publish(Lake(sys.argv[1]), DifficultySettings())"
    run = [sys.executable, "-c", code, str(lake.home)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    publishers = [subprocess.Popen(run, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    outcomes = [(publisher.communicate()[1], publisher.returncode) for publisher in publishers]
    assert [code for _, code in outcomes] == [0, 0], outcomes
    assert query(lake, "select count(*) from difficulty").item() == 2
    assert not list((lake.home / "aside").glob("warehouse.duckdb"))


def test_a_failing_check_keeps_the_old_warehouse(lake):
    rows = rollouts_of(verdicts("p", "c"))
    lake.append(lake.partition("rollouts", "base", "warm"), "rollouts", table("rollouts", rows), "again")
    with pytest.raises(CheckFailed, match=r"rollouts_are_unique[\s\S]*'problem_id': 'p'"):
        publish(lake, SETTINGS)
    assert query(lake, "select count(*) from difficulty").item() == 2


def test_leftovers_of_a_killed_publisher_do_not_matter(lake):
    (lake.home / "aside" / "warehouse.duckdb").write_bytes(b"half a file")
    publish(lake, SETTINGS)
    assert query(lake, "select count(*) from difficulty").item() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "describe difficulty",
        "from u_shape",
        "show tables",
        "summarize difficulty",
        "with recursive t(i) as (select 1 union all select i + 1 from t where i < 3) select * from t",
        "select band(0.5, 0.084, 0.35, 0.65, 0.87) -- with a comment",
        "select problem_id from problems except select problem_id from curated;",
        "explain from difficulty",
        "/* why */ EXPLAIN -- how\n ANALYZE select count(*) from difficulty;",
        "explain (format json) select problem_id from difficulty",
        "explain (select 1)",
        "explain describe difficulty",
    ],
)
def test_queries_that_read_run(shared, sql):
    assert query(shared, sql).height


def test_query_keeps_order_and_refuses_too_many_rows(shared):
    sql = "select problem_id from difficulty order by k desc"
    assert query(shared, sql, limits=QueryLimits(rows=2)).rows() == [("p",), ("q",)]
    with pytest.raises(InputError, match="gives more than 1 rows; aggregate"):
        query(shared, sql, limits=QueryLimits(rows=1))
    with pytest.raises(InputError, match="gives more than 100,000 rows"):
        query(shared, "from range(1000000000)", limits=QueryLimits(rows=100_000))


@pytest.mark.parametrize(
    "sql",
    [
        "drop table difficulty",
        "insert into difficulty from difficulty",
        "create table mine as select 1",
        "copy difficulty to '{home}/rollouts/mine.parquet'",
        "with x as (copy meta to '{home}/rollouts/mine.parquet') select * from x",
        "with x as (insert into meta values ('a', 'b') returning key) select * from x",
        "select * from query('with x as (copy meta to ''{home}/rollouts/mine.parquet'') select * from x')",
        "from json_execute_serialized_sql(json_serialize_sql('with x as (copy meta to ''{home}/rollouts/mine.parquet'') select * from x'))",
        "from System.main.\"JSON_execute_serialized_sql\"('{{}}')",
        "select 1; drop table difficulty",
        "attach '{home}/rollouts/mine.duckdb'",
        "set enable_external_access = true",
        "explain copy meta to '{home}/rollouts/mine.parquet'",
        "explain analyze copy meta to '{home}/rollouts/mine.parquet'",
        "explain analyze insert into meta values ('a', 'b')",
        "explain analyze with x as (copy meta to '{home}/rollouts/mine.parquet') select * from x",
        "explain analyze select * from query('with x as (copy meta to ''{home}/rollouts/mine.parquet'') select * from x')",
        "explain select 1; drop table difficulty",
        "explain analyze explain analyze copy meta to '{home}/rollouts/mine.parquet'",
        "explain /* select 1 */ drop table difficulty",
        "explain (analyze) copy meta to '{home}/rollouts/mine.parquet'",
        "explain",
        "pragma database_list",
        "",
    ],
)
def test_queries_that_write_are_refused(shared, sql):
    before = sorted(shared.home.rglob("*"))
    with pytest.raises(InputError):
        query(shared, sql.format(home=str(shared.home).replace("'", "''")))
    assert sorted(shared.home.rglob("*")) == before
    assert query(shared, "select count(*) from difficulty").item() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/hostname')",
        "select * from read_text('/etc/hostname')",
        "select * from '/etc/hostname'",
        "select * from glob('/etc/*')",
        "select * from read_text('{home}/secret/key.txt')",
        "select * from read_text('{home}/rollouts/../secret/key.txt')",
        "select * from read_csv('https://example.org/x.csv')",
        "select getenv('HOME')",
        "explain analyze select * from read_csv('/etc/hostname')",
    ],
)
def test_queries_reach_no_other_file(shared, sql):
    with pytest.raises(InputError, match=r"Permission Error|disabled|does not exist"):
        query(shared, sql.format(home=str(shared.home).replace("'", "''")))


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive t(i) as (select 1 union all select i from t) select count(*) from t",
        "select count(*) from rollouts, range(1000000000) as a, range(1000000000) as b where a.range + b.range < 0",
        "explain analyze select count(*) from range(1000000000) as a, range(1000000000) as b where a.range + b.range < 0",
        "select levenshtein(repeat('ab', 30000), repeat('ba', 30000))",  # one call, which DuckDB itself cannot interrupt
    ],
)
def test_queries_that_never_end_are_stopped(shared, sql):
    with pytest.raises(InputError, match=r"more than 0\.3 s and was stopped; narrow it or allow more time \(--seconds\)"):
        query(shared, sql, limits=QueryLimits(seconds=0.3))


def test_queries_that_need_too_much_memory_are_stopped(shared):
    with pytest.raises(InputError, match=r"needs more than 50MB of memory; narrow it or allow more \(--memory\)"):
        query(shared, "select list(range) from range(100000000)", limits=QueryLimits(memory="50MB"))


@pytest.mark.parametrize(("schema", "said"), [("99", "newer difficulty-prior.*upgrade"), ("1", "older.*difficulty-prior publish")])
def test_another_schema_is_told(lake, schema, said):
    import duckdb

    lake.warehouse.chmod(0o644)
    with duckdb.connect(str(lake.warehouse)) as session:
        session.execute("update meta set value = $schema where key = 'schema_version'", {"schema": schema})
    with pytest.raises(InputError, match=said):
        query(lake, "select 1")
    publish_again(lake)
    assert query(lake, "select count(*) from difficulty").item() == 2


def test_publishing_again_keeps_the_settings(lake):
    publish(lake, DifficultySettings(low=0.3), AdaptiveSettings(min_rounds=2))
    publish_again(lake)
    meta = dict(query(lake, "from meta").rows())
    assert DifficultySettings.model_validate_json(meta["difficulty"]).low == 0.3
    assert AdaptiveSettings.model_validate_json(meta["adaptive"]).min_rounds == 2


def test_a_reader_never_fails_and_never_sees_half(lake):
    """A loop of readers, each with a file opened anew, while problems are added and published."""
    import duckdb

    ask = """select (select count(*) from difficulty), (select sum(problems) from difficulty_histogram),
        (select count(*) from candidates), (select count(distinct problem_id) from verdicts)"""
    seen, done = [], threading.Event()

    def read() -> None:
        while not done.is_set():
            with duckdb.connect(str(lake.warehouse), read_only=True, config={"threads": 1}) as session:
                seen.append(session.sql(ask).fetchall()[0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(2):
            fill(lake, {f"more{number}": "cic"}, name=f"more{number}")
            publish(lake, SETTINGS, whole=number % 2 == 0)
    finally:
        done.set()
        reader.join()
    assert seen and all(marts[0] == marts[1] == marts[2] <= marts[3] for marts in seen)
    assert [count for count, *_ in seen] == sorted(count for count, *_ in seen)


def test_errors_in_sql_are_shown(shared):
    with pytest.raises(InputError, match=r'Referenced column "acuracy" not found[\s\S]*select acuracy from difficulty'):
        query(shared, "select acuracy from difficulty")
    with pytest.raises(InputError, match="syntax error"):
        query(shared, "selec 1")


def test_a_query_that_takes_too_long_is_stopped(shared):
    with pytest.raises(InputError, match=r"more than 0\.2 s"):
        query(
            shared,
            "select count(*) from range(100000000) as a, range(100000000) as b where a.range * b.range < -1",
            limits=QueryLimits(seconds=0.2),
        )


def test_a_missing_warehouse_says_what_makes_it(tmp_path):
    with pytest.raises(InputError, match="difficulty-prior profile"):
        query(Lake(tmp_path), "select 1")


def test_older_duckdb_can_open_the_file(shared):
    import duckdb

    with duckdb.connect(str(shared.warehouse), read_only=True) as session:
        tags = session.execute("select tags from duckdb_databases() where database_name = 'warehouse'").fetchall()[0][0]
    assert "v1.2.0" in str(tags)


def test_values_are_bound_and_never_read_as_sql(shared):
    hostile = "x' or 1 = 1 --"
    assert query(shared, "select $said as said -- as it is", {"said": hostile}).item() == hostile
    assert query(shared, "select problem_id from difficulty where problem_id = $id", {"id": hostile}).is_empty()
    assert query(shared, "select k from difficulty where problem_id = $id and k < $most", {"id": "p", "most": 3}).rows() == [(2,)]
    with pytest.raises(InputError, match="more than 1 rows"):
        query(shared, "from difficulty where n > $least", {"least": 0}, limits=QueryLimits(rows=1))
    with pytest.raises(InputError, match="the warehouse is read-only, but the query holds a COPY"):
        query(shared, "with written as (copy (select 1) to 'file.csv') select $id", {"id": "p"})
    with pytest.raises(InputError, match="Not all parameters were bound"):
        query(shared, "select $id")
