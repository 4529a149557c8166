"""Answers of queries as a terminal shows them, read back from a real console."""

import duckdb
import pytest
from rich.console import Console

from flows.commands.printing.answer import print_answer
from flows.commands.printing.rows import MOST_ROWS
from tasks.warehouse.cells import as_text

ID = "0cc175b9c0f1b6a831c399e269772661"


def shown(sql: str, *, width: int = 120, full: bool = False) -> str:
    console = Console(width=width, record=True, force_terminal=False, color_system=None)
    print_answer(console, as_text(duckdb.connect().sql(sql)), full=full)
    return console.export_text()


def test_rows_stand_side_by_side_and_are_no_markup() -> None:
    values = "('[bold]x[/bold]', 1 / 3, null), ('[/nothing]', 2, chr(27) || '[31mred')"
    text = shown(f'select * from (values {values}) as t("[red]name[/]", share, note)')
    assert text.splitlines()[0].split() == ["[red]name[/]", "share", "note"]
    assert "[bold]x[/bold]" in text and "[/nothing]" in text and "0.333333" in text and "null" in text and "\x1b" not in text


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("['a', 'é']", '["a","é"]'),
        ("{'k': [interval 1 month]}", '{"k":["1 month"]}'),
        ("map {'k': 'nan'::double}", '{"k":null}'),
        ("'nan'::double", "nan"),
        ("1e300", "1e+300"),
        ("date '0044-03-15 (BC)'", "0044-03-15 (BC)"),
        ("'\\xAA'::blob", "\\xAA"),
    ],
)
def test_values_of_all_kinds(sql: str, said: str) -> None:
    assert said in shown(f"select {sql} as value")


def test_ids_are_short_unless_they_are_asked_for_whole() -> None:
    sql = f"select '{ID}' as id, 'no {ID}' as text, '{ID}{ID}' as long"
    text = shown(sql)
    assert text.count(f"{ID[:12]}…") == 2 and f"no {ID}" in text and "ids are cut short; --full shows them whole" in text
    assert shown(sql, full=True).count(ID) == 4 and "cut short" not in shown(sql, full=True)


def test_what_is_too_wide_is_shown_record_by_record() -> None:
    sql = "select i as number, " + ", ".join(f"'value of column {place}' as column_{place}" for place in range(10)) + " from range(3) t(i)"
    lines = shown(sql, width=100).splitlines()
    assert [line for line in lines if line.startswith("row ")] == ["row 1", "row 2", "row 3"]
    assert any(line.split() == ["column_9", "value", "of", "column", "9"] for line in lines)
    assert "row 1" not in shown(sql, width=300)


def test_one_long_text_is_folded_and_not_made_a_record() -> None:
    text = shown(f"select 1 as n, '{'word ' * 60}' as question", width=100)
    assert "row 1" not in text and text.count("word") == 60


def test_no_rows_and_too_many_rows() -> None:
    assert shown("select 1 as name limit 0").split() == ["name"]
    text = shown(f"select i as n from range({MOST_ROWS + 1}) t(i)")
    assert "the first 1,000 of 1,001 rows" in text and "1000\n" not in text


def test_a_plan_is_drawn_as_duckdb_draws_it() -> None:
    text = shown("explain select count(*) from range(10)", width=30)
    assert "╭" in text and "explain_value" not in text
