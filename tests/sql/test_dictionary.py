"""The data dictionary is complete and true: of code and of the published file alike."""

import pytest

from tasks.base.errors import InputError
from tasks.lake.database import quoted
from tasks.lake.lake import Lake
from tasks.warehouse.dictionary import dictionary, outline, relation_named
from tasks.warehouse.headers import Meaning
from tasks.warehouse.meanings import meaning
from tasks.warehouse.querying import query
from tasks.warehouse.relations import headers

RELATIONS = {relation.name: relation for relation in dictionary()}
KEYED = [name for name in RELATIONS if RELATIONS[name].key]
NUMBERS = {"BIGINT", "DOUBLE", "INTEGER", "HUGEINT"}
REPEATS = {
    "stg_groups",
    "groups",
    "forecast",
    "policies",
    "problems",
    "samplings",
    "image_looks",
    "near_pairs",
}  # of these the grain says so


@pytest.mark.parametrize("name", RELATIONS)
def test_every_column_has_a_meaning_and_every_number_a_unit(name: str) -> None:
    missing = [column.name for column in RELATIONS[name].columns if not column.meaning or (column.type in NUMBERS and not column.unit)]
    assert not missing, f"say what these columns of {name} are, in the header of its SQL file: `--   name: meaning [unit]`"


@pytest.mark.parametrize("name", RELATIONS)
def test_no_header_tells_of_a_column_that_is_not_there(name: str) -> None:
    assert set(headers()[name].columns) <= {column.name for column in RELATIONS[name].columns}


@pytest.fixture(scope="module")
def counted(whole: Lake) -> dict[str, tuple[int, int]]:
    """How many rows and different keys a relation has, by its name. All are asked for at once: a query takes longer than a count."""
    keys = {name: ", ".join(map(quoted, RELATIONS[name].key)) for name in KEYED if name not in REPEATS}
    counts = (f"select '{name}', count(*), count(distinct ({columns},)) from {name}" for name, columns in keys.items())
    return {name: (rows, distinct) for name, rows, distinct in query(whole, " union all ".join(counts)).rows()}


@pytest.mark.parametrize("name", KEYED)
def test_the_grain_is_a_key(counted: dict[str, tuple[int, int]], name: str) -> None:
    assert set(RELATIONS[name].key) <= {column.name for column in RELATIONS[name].columns}
    if name not in REPEATS:
        rows, distinct = counted[name]
        assert rows == distinct > 0


def test_a_column_means_what_it_means_where_it_comes_from() -> None:
    known = headers()
    assert meaning("u_shape", "grader_id", known) == Meaning("the grader's version")
    assert meaning("candidates", "accuracy", known) == known["problem_counts"].columns["accuracy"]
    assert meaning("u_shape", "no_such_column", known) is None


def test_the_outline_and_a_single_relation_tell_the_same() -> None:
    assert [(one.name, one.kind, one.purpose) for one in outline()] == [(one.name, one.kind, one.purpose) for one in dictionary()]
    assert all(relation_named(name) == RELATIONS[name] for name in ("difficulty", "study", "stg_groups", "rollouts", "t_quantiles"))


def test_the_published_file_tells_it_to_any_tool(whole: Lake) -> None:
    comments = "select table_name, column_name, comment from duckdb_columns() where database_name = 'warehouse'"
    told = {(table, column): comment for table, column, comment in query(whole, comments).iter_rows()}
    assert told["difficulty", "pass_8"].startswith("expected chance that one of 8 samples is right")
    assert told["difficulty", "pass_8"].endswith("[share]")
    assert told["rollouts", "n_tokens"].endswith("[tokens]")
    assert [place for place, comment in told.items() if not comment] == []
    kinds = """select comment from duckdb_tables() where table_name = 'problem_counts'
        union all select comment from duckdb_views() where view_name = 'rollouts'"""
    assert [comment.split(".")[0] for (comment,) in query(whole, kinds).rows()] == [
        "how often each problem was solved by each policy: raw counts, their share, and Wilson's interval of it",
        "every sampled response",
    ]


def test_an_unknown_relation_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no relation 'nonsense'; it has .*difficulty, "):
        relation_named("nonsense")
