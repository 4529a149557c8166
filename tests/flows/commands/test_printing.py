"""What commands print, read back from a real console."""

import polars as pl
import pytest
from rich.console import Console

from flows.commands.printing.outcome import print_run
from flows.commands.printing.rows import MOST_ROWS, rows_table
from tasks.reporting.task import ReportRequest, report_run
from tests.reporting.made import Size, make


def printed(item, width: int = 120) -> str:
    console = Console(width=width, record=True, force_terminal=False, color_system=None)
    console.print(item)
    return console.export_text()


def test_cells_are_no_markup():
    text = printed(rows_table(pl.DataFrame({"[red]name[/]": ["[bold]x[/bold]", "[/nothing]", "\x1b[31mred"], "n": [1, None, 3]})))
    assert "[red]name[/]" in text and "[bold]x[/bold]" in text and "[/nothing]" in text
    assert "null" in text and "\x1b" not in text


def test_values_of_all_kinds():
    rows = pl.DataFrame({"share": [1 / 3], "list": [["a", "é"]], "struct": [{"k": 1}], "flag": [True]})
    text = printed(rows_table(rows))
    assert "0.333333" in text and '["a", "é"]' in text and '{"k": 1}' in text and "True" in text


def test_no_rows_and_too_many_rows():
    assert "name" in printed(rows_table(pl.DataFrame(schema={"name": pl.String})))
    text = printed(rows_table(pl.DataFrame({"n": range(MOST_ROWS + 1)})))
    assert "the first 1,000 of 1,001 rows" in text and "1000\n" not in text


@pytest.mark.process
def test_run_shows_every_policy_and_where_things_lie(tmp_path):
    run = make(tmp_path, Size())
    page = report_run.fn(ReportRequest(**run.arguments))
    console = Console(width=120, record=True, color_system=None)
    print_run(console, evaluation=run.evaluation, report=page, warehouse=run.home / "warehouse.duckdb")
    text = console.export_text()
    best = pl.read_parquet(run.evaluation.file("summary.parquet")).filter(policy="stage2", hints=True, dataset="all").row(0, named=True)
    line = next(line for line in text.splitlines() if f"{100 * best['accuracy']:.1f}%" in line and "Stage 2" in line)
    assert " on " in line and f"{100 * best['difference']:+.1f}" in line
    assert "avg@8" in text and "All held-out problems" in text and "cells" in text
    assert str(page.path / "report.html") in text and str(run.home / "warehouse.duckdb") in text
    rows = [line for line in text.splitlines() if "%" in line]
    assert len(rows) == 18  # 3 policies x hints off and on x (all and 2 datasets)
