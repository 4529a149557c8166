"""Held-out problems that are nearly the same as some trained on: counted wherever a run is told of, with the evaluation without them."""

import io
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from flows.commands.printing.outcome import print_evaluation
from tasks.reporting.inputs import Inputs
from tasks.reporting.near import NONE_LEFT, NOT_SOUGHT, near_sentence, near_trained, without_sentence
from tasks.reporting.notices import notices
from tasks.reporting.page import render_report
from tasks.reporting.sections.evaluation import evaluation_section, headline

SMALL = {"problems": 20, "heldout": 10, "steps": 2}


def printed(run) -> str:
    console = Console(width=140, file=io.StringIO(), color_system=None)
    print_evaluation(console, run.evaluation)
    return console.file.getvalue()


def left(run) -> pl.DataFrame:
    """The rows of the evaluation without the near-duplicates, which its file names."""
    near = pl.read_parquet(run.evaluation.file("near.parquet")).filter(kind="near")["problem_id"]
    return pl.read_parquet(run.evaluation.file("evaluations.parquet")).filter(~pl.col("problem_id").is_in(near.implode()))


def test_without_them_is_the_evaluation_of_the_others(made):
    run = made(**SMALL, near=3, pictured=2)
    found = near_trained(run.evaluation)
    assert found and (found.heldout, found.copies, found.pictured, found.left) == (20, 3, 2, 17)
    curated = pl.concat(pl.read_parquet(item.file("curated.parquet")) for item in run.sets)["problem_id"]
    assert found.trained_on == curated.n_unique()
    expected = left(run).with_columns(accuracy=pl.col("k") / pl.col("n")).group_by("policy", "hints").agg(pl.col("accuracy").mean())
    rows = found.without.filter(dataset="all")
    assert set(rows["problems"]) == {17} and len(rows) == 6
    for policy, hints, accuracy in expected.iter_rows():
        row = rows.filter(policy=policy, hints=hints).row(0, named=True)
        assert row["accuracy"] == pytest.approx(accuracy) and row["accuracy_low"] < accuracy < row["accuracy_high"]
    full = pl.read_parquet(run.evaluation.file("summary.parquet")).filter(dataset="all")
    assert set(full["problems"]) == {20} and not full["accuracy"].equals(rows["accuracy"])


def test_they_are_told_of_wherever_the_run_is(made):
    run = made(**SMALL, near=3, pictured=2)
    inputs = Inputs(**run.arguments)
    said = near_sentence(inputs.near)
    assert said.startswith("3 of 20 held-out problems are nearly the same as one of the ")
    assert said.endswith(" 2 more show the picture of one of these, with another question.")
    last = inputs.near.without.filter(dataset="all", policy="stage2", hints=False).row(0, named=True)
    without = without_sentence(inputs.near, "stage2")
    assert without.startswith(f"Without the near-duplicates, stage 2 gains {100 * last['difference']:+.1f} points (")
    assert without.endswith(" over base on the other 17.")
    html = render_report(inputs)
    assert html.count(said) == 2 and without in html and "without near-duplicates of what was trained on" in html
    assert said in printed(run) and "Held-out accuracy without the near-duplicates: 17 of 20 problems" in printed(run)
    told = {notice.key: notice for notice in notices(inputs, Path("/x/report.html"))}
    assert "3 of 20 held" in told["starter-report"].text and said in told["starter-evaluation"].about
    assert all(row["without near-duplicates"].endswith("problems") for row in told["starter-evaluation"].rows)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, NOT_SOUGHT),
        ({"near": 0}, "None of 20 held-out problems is nearly the same as one of the "),
        ({"near": 1}, "1 of 20 held-out problems is nearly the same as one of the "),
        ({"near": 20}, "20 of 20 held-out problems are nearly the same as one of the "),
    ],
)
def test_none_is_said_only_where_somebody_has_looked(made, changes, said):
    run = made(**SMALL, **changes)
    inputs = Inputs(**run.arguments)
    assert near_sentence(inputs.near).startswith(said) and said in headline(inputs)["near"] and said in printed(run)
    assert ("None of 20" in printed(run)) is (changes == {"near": 0})
    assert (evaluation_section(inputs)["without"] is not None) is bool(changes.get("near"))
    assert (NONE_LEFT in printed(run)) is (changes == {"near": 20}) is (NONE_LEFT in headline(inputs)["near"])
