"""Values of every DuckDB type as text, CSV and JSON, and as polars has them."""

import csv
import io
import json
from typing import Any

import duckdb
import polars as pl
import pytest

from tasks.warehouse.cells import as_json, as_text, held_by_polars, holds, json_lines, known_form

NOTHING = object()  # of a value whose JSON is its text
VALUES: dict[str, tuple[str, str | None, Any]] = {  # what SQL gives: its text, and its JSON
    "boolean": ("true", "true", True),
    "tinyint": ("(-1)::tinyint", "-1", -1),
    "ubigint": ("18446744073709551615::ubigint", "18446744073709551615", 18446744073709551615),
    "hugeint": ("170141183460469231731687303715884105727::hugeint", "170141183460469231731687303715884105727", 2**127 - 1),
    "uhugeint": ("340282366920938463463374607431768211455::uhugeint", "340282366920938463463374607431768211455", 2**128 - 1),
    "bignum": (f"{'9' * 60}::bignum", "9" * 60, int("9" * 60)),
    "double": ("0.1::double", "0.1", 0.1),
    "nan": ("'nan'::double", "nan", None),
    "infinity": ("'-inf'::float", "-inf", None),
    "decimal": ("1.10::decimal(4, 2)", "1.10", 1.1),
    "text": ("'a,\"b\"\n[bold] NaN é'", 'a,"b"\n[bold] NaN é', NOTHING),
    "empty text": ("''", "", NOTHING),
    "blob": ("'\\xAA\\x00ab'::blob", "\\xAA\\x00ab", NOTHING),
    "bit": ("'10101'::bit", "10101", NOTHING),
    "date": ("date '2024-02-29'", "2024-02-29", NOTHING),
    "date before Christ": ("date '0044-03-15 (BC)'", "0044-03-15 (BC)", NOTHING),
    "date far away": ("'290000-01-01'::date", "290000-01-01", NOTHING),
    "date without end": ("'infinity'::date", "infinity", NOTHING),
    "time": ("time '12:34:56.789'", "12:34:56.789", NOTHING),
    "time_ns": ("'12:34:56.789123456'::time_ns", "12:34:56.789123456", NOTHING),
    "timetz": ("'12:34:56+02'::timetz", "12:34:56+02", NOTHING),
    "timestamp": ("timestamp '2024-01-01 12:00:00.5'", "2024-01-01 12:00:00.5", NOTHING),
    "timestamp far away": ("'200000-01-01'::timestamp", "200000-01-01 00:00:00", NOTHING),
    "timestamp_s": ("'2024-01-01 12:00:00'::timestamp_s", "2024-01-01 12:00:00", NOTHING),
    "timestamp_ns": ("'2024-01-01 12:00:00.123456789'::timestamp_ns", "2024-01-01 12:00:00.123456789", NOTHING),
    "timestamptz": ("'2024-01-01 12:00:00+02'::timestamptz", "2024-01-01 10:00:00+00", NOTHING),
    "interval": ("interval '1 year 2 months 3 days 04:05:06'", "1 year 2 months 3 days 04:05:06", NOTHING),
    "uuid": ("'550e8400-e29b-41d4-a716-446655440000'::uuid", "550e8400-e29b-41d4-a716-446655440000", NOTHING),
    "enum": ("'x'::enum('x', 'y')", "x", NOTHING),
    "json": ("'{\"a\":[1,null]}'::json", '{"a":[1,null]}', {"a": [1, None]}),
    "geometry": ("'POINT(1 2)'::geometry", "POINT (1 2)", NOTHING),
    "null": ("null", None, None),
    "null list": ("null::int[]", None, None),
    "list": ("[1, 2, null]", "[1,2,null]", [1, 2, None]),
    "empty list": ("[]", "[]", []),
    "list of numbers that are none": ("[1.5, 'nan'::double, '-inf'::double]", "[1.5,null,null]", [1.5, None, None]),
    "list of texts": ("['NaN', 'a\"Infinity']", '["NaN","a\\"Infinity"]', ["NaN", 'a"Infinity']),
    "list of intervals": ("[interval 1 month]", '["1 month"]', ["1 month"]),
    "list of bits": ("['101'::bit]", '["101"]', ["101"]),
    "array": ("[1, 2, 3]::int[3]", "[1,2,3]", [1, 2, 3]),
    "struct": ("{'a b': 1, 'size': interval 1 day}", '{"a b":1,"size":"1 day"}', {"a b": 1, "size": "1 day"}),
    "struct of numbers that are none": ("{'x': 'nan'::double, 'NaN': 'NaN'}", '{"x":null,"NaN":"NaN"}', {"x": None, "NaN": "NaN"}),
    "tuple": ("row(1, 'x')", '[1,"x"]', [1, "x"]),
    "map": ("map {'k': 1, 'l': null}", '{"k":1,"l":null}', {"k": 1, "l": None}),
    "map of times": ("map {time '12:00:00': interval 1 day}", '{"12:00:00":"1 day"}', {"12:00:00": "1 day"}),
    "union": ("union_value(num := 2)", '{"num":2}', {"num": 2}),
    "variant": ("42::variant", "42", 42),
    "nested": (
        "[{'u': '550e8400-e29b-41d4-a716-446655440000'::uuid, 'm': map {1: [date '2020-01-01']}}]",
        '[{"u":"550e8400-e29b-41d4-a716-446655440000","m":{"1":["2020-01-01"]}}]',
        [{"u": "550e8400-e29b-41d4-a716-446655440000", "m": {"1": ["2020-01-01"]}}],
    ),
}


@pytest.fixture(scope="module")
def rows() -> duckdb.DuckDBPyRelation:
    """A row of all of them, and below it one of nulls."""
    columns = ", ".join(f'{sql} as "{name}"' for name, (sql, _, _) in VALUES.items())
    return duckdb.connect().sql(f"with one as (select {columns}) from one union all by name (from one where false) limit 1")


def no_such_word(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_every_type_as_text(rows: duckdb.DuckDBPyRelation) -> None:
    assert as_text(rows).rows.row(0, named=True) == {name: text for name, (_, text, _) in VALUES.items()}


def test_every_type_as_json(rows: duckdb.DuckDBPyRelation) -> None:
    [read] = json.loads("\n".join(json_lines(as_json(rows))), parse_constant=no_such_word)
    assert read == {name: text if value is NOTHING else value for name, (_, text, value) in VALUES.items()}


def test_every_type_as_csv(rows: duckdb.DuckDBPyRelation) -> None:
    head, row = csv.reader(io.StringIO(as_text(rows).rows.write_csv()))
    assert dict(zip(head, row, strict=True)) == {name: text or "" for name, (_, text, _) in VALUES.items()}


@pytest.mark.parametrize("name", VALUES)
def test_polars_has_every_type_and_none_of_them_wrong(name: str) -> None:
    sql, text, _ = VALUES[name]
    relation = duckdb.connect().sql(f"select {sql} as value")
    held = held_by_polars(relation).pl()["value"]
    assert len(held) == 1 and (held.null_count() == 1) == (text is None)
    if name in ("interval", "bit", "uhugeint", "timetz", "union", "list of intervals"):
        assert held.dtype == pl.String and text is not None and held.item().strip("[]") in (text.strip('[]"'), "2")


def test_no_rows_are_an_empty_list() -> None:
    assert json.loads("".join(json_lines(as_json(duckdb.sql("select 1 as n limit 0"))))) == []


def test_a_column_that_is_called_like_sql_or_not_at_all() -> None:
    relation = duckdb.connect().sql('select 1 as "select", 2 as "a""b", 4')
    assert json.loads("".join(json_lines(as_json(relation)))) == [{"select": 1, 'a"b': 2, "4": 4}]


def test_a_type_of_a_later_duckdb_is_text() -> None:
    class Quaternion:
        id = "quaternion"

    assert not holds(Quaternion())
    relation = duckdb.connect().sql("select 1 as n")
    assert known_form(relation, "to_json(n)::varchar", '"n"') == "to_json(n)::varchar"
    assert known_form(relation, "no_json_of_this(n)", '"n"') == '"n"::varchar'
