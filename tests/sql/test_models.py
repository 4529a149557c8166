"""What holds for every file of sql/: its header is true, and it builds over an empty lake."""

import json
import re

import pytest

from tasks.lake.database import connect
from tasks.lake.lake import RELATIONS
from tasks.warehouse.building import open_over
from tasks.warehouse.order import in_order, sql_digests
from tasks.warehouse.querying import nodes_of
from tasks.warehouse.relations import FITS, MADE_FROM, PARAMETERS, SQL, catalogue, models, sql_files

FILES = sorted(SQL.rglob("*.sql"))
GIVEN = sql_files("given")
SELECTS = [name for name, header in catalogue().items() if header.folder not in ("macros", "given")]


def tables_read(sql: str) -> set[str]:
    """The tables that a SELECT reads, its own CTEs left out."""
    tree = json.loads(connect().execute("select json_serialize_sql($sql)", {"sql": sql}).fetchall()[0][0])
    assert not tree["error"], tree
    nodes = list(nodes_of(tree))
    read = {node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE"}
    return read - {entry["key"] for node in nodes for entry in node.get("cte_map", {}).get("map", [])}


def test_every_file_is_of_a_folder_whose_headers_are_read():
    assert sorted(header.path for header in catalogue().values()) == FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_style(path):
    code = "\n".join(line.split("--")[0] for line in path.read_text().splitlines())
    quoted = code.split("'")[::2]
    assert all(part == part.lower() for part in quoted)


@pytest.mark.parametrize("name", SELECTS)
def test_header_names_the_inputs(name):
    assert tables_read(catalogue()[name].path.read_text()) == set(catalogue()[name].inputs)


@pytest.mark.parametrize("name", [*sql_files("queries"), *sql_files("curation")])
def test_header_names_the_parameters(name):
    header = catalogue()[name]
    [statement] = connect().extract_statements(header.path.read_text())
    assert set(re.findall(r"\$(\w+)", header.fields["parameters"])) == set(statement.named_parameters)


def test_what_is_given_is_the_lake_and_what_python_makes():
    assert set(GIVEN) >= set(RELATIONS) | set(MADE_FROM) | {PARAMETERS, "stopping_edges", "meta"}
    assert {name: tuple(catalogue()[name].columns) for name in GIVEN if name in RELATIONS} == {
        name: tuple(columns) for name, columns in RELATIONS.items()
    }
    assert {name: catalogue()[name].inputs for name in MADE_FROM} == MADE_FROM


def test_every_model_builds_over_an_empty_lake():
    connection = open_over({})
    for name in models():
        assert connection.execute(f"select count(*) from {name}").fetchall() == [(0,)]
    for name, path in sql_files("checks").items():
        assert connection.execute(path.read_text()).fetchall() == [], name


def test_order_puts_inputs_first():
    order = in_order(models())
    assert set(models()) | {FITS, PARAMETERS} <= set(order)
    assert (
        order.index("verdicts") < order.index("stg_verdicts") < order.index("problem_counts") < order.index(FITS) < order.index("u_shape")
    )
    assert order.index("outcome_counts") < order.index("priors") < order.index("posteriors") < order.index("difficulty")


def test_marts_are_held_as_their_headers_say():
    connection = open_over({}, wanted=["current", "difficulty"])
    kinds = dict(connection.execute("select table_name, table_type from information_schema.tables").fetchall())
    assert {kinds[name] for name in ("current", "difficulty", "stg_places", "verdict_counts")} == {"VIEW"}
    assert {kinds[name] for name in ("problem_counts", "current_profiles")} == {"BASE TABLE"}


def test_digests_cover_what_is_used_and_no_more():
    digests = sql_digests("u_shape")
    assert {
        "marts/u_shape.sql",
        "marts/outcome_counts.sql",
        "marts/problem_counts.sql",
        "staging/stg_verdicts.sql",
        "macros/wilson.sql",
    } <= set(digests)
    assert "marts/evaluation.sql" not in digests
    assert "marts/problem_counts.sql" not in sql_digests("candidates", given=["problem_counts"])
