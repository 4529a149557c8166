"""What holds for every file of sql/: its header is true, and it builds over an empty lake."""

import json

import pytest

from tasks.lake.database import connect
from tasks.lake.lake import RELATIONS
from tasks.warehouse.building import open_over
from tasks.warehouse.headers import Header
from tasks.warehouse.order import in_order, sql_digests
from tasks.warehouse.querying import nodes_of
from tasks.warehouse.relations import FITS, MADE_FROM, PARAMETERS, RELATION_FOLDERS, SQL, header_inputs, models, sql_files

FILES = sorted(SQL.rglob("*.sql"))
GIVEN = sql_files("given")
SELECTS = [path for path in FILES if path.parent.name not in ("macros", "given")]
RELATION_FILES = [path for path in FILES if path.parent.name in RELATION_FOLDERS]


def tables_read(sql: str) -> set[str]:
    """The tables that a SELECT reads, its own CTEs left out."""
    tree = json.loads(connect().execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0][0])
    assert not tree["error"], tree
    nodes = list(nodes_of(tree))
    read = {node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE"}
    return read - {entry["key"] for node in nodes for entry in node.get("cte_map", {}).get("map", [])}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_header_and_style(path):
    text = path.read_text()
    first = text.splitlines()[0]
    assert first.startswith("-- ") and path.stem.split("_")[0] in first
    assert "\n-- grain: " in text and "\n-- parameters: " in text
    code = "\n".join(line.split("--")[0] for line in text.splitlines())
    quoted = code.split("'")[::2]
    assert all(part == part.lower() for part in quoted)


@pytest.mark.parametrize("path", SELECTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_header_names_the_inputs(path):
    declared = {name.split(" ")[0] for name in header_inputs(path)}
    if path.parent.name == "curation":
        declared &= {"candidates", "earlier"}  # their columns follow in brackets
    assert tables_read(path.read_text()) == declared


@pytest.mark.parametrize("path", RELATION_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_relation_s_header_tells_key_and_invariants(path):
    header = Header(path)
    assert header.purpose and header.grain and header.invariants
    assert all(meaning.text for meaning in header.columns.values())


def test_what_is_given_is_the_lake_and_what_python_makes():
    assert set(GIVEN) >= set(RELATIONS) | set(MADE_FROM) | {PARAMETERS, "stopping_edges", "meta"}
    assert {name: tuple(Header(path).columns) for name, path in GIVEN.items() if name in RELATIONS} == {
        name: tuple(columns) for name, columns in RELATIONS.items()
    }
    assert {name: header_inputs(GIVEN[name]) for name in MADE_FROM} == {name: (source,) for name, source in MADE_FROM.items()}


def test_every_model_builds_over_an_empty_lake():
    connection = open_over({})
    for name in models():
        assert connection.execute(f"select count(*) from {name}").fetchall() == [(0,)]
    for name, path in sql_files("checks").items():
        assert connection.execute(path.read_text()).fetchall() == [], name


def test_order_puts_inputs_first():
    order = in_order(models())
    assert set(models()) | {FITS, PARAMETERS} <= set(order)
    assert order.index("verdicts") < order.index("stg_verdicts") < order.index("difficulty") < order.index(FITS) < order.index("u_shape")


def test_digests_cover_what_is_used_and_no_more():
    digests = sql_digests("u_shape")
    assert {
        "marts/u_shape.sql",
        "marts/outcome_counts.sql",
        "marts/difficulty.sql",
        "staging/stg_verdicts.sql",
        "macros/wilson.sql",
    } <= set(digests)
    assert "marts/evaluation.sql" not in digests
    assert "marts/difficulty.sql" not in sql_digests("candidates", given=["difficulty"])
