"""The report of a run that holds no problems out: it says so in words, wherever others tell of the evaluation."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.commands.method import evaluated_facts
from flows.commands.printing.console import Console
from flows.commands.printing.outcome import print_run
from tasks.lake.lake import Lake
from tasks.policy.identity import Policy
from tasks.reporting.inputs import Inputs
from tasks.reporting.notices import notices
from tasks.reporting.page import render_report
from tasks.reporting.task import ReportRequest, report_run
from tests.reporting.made import Run

SAID = "No problems are held out, so no policy was evaluated"


@pytest.fixture(scope="module")
def run(made: Callable[..., Run]) -> Run:
    return replace(made(datasets=("only",), steps=2), evaluation=None)


def test_the_page_says_it_and_has_all_else(run: Run) -> None:
    page = render_report(Inputs(**run.arguments))
    for said in (
        f'<p class="lead">{SAID}',
        f'<p class="intro">{SAID}',
        "Give the recipe problems.heldout",
        "none: no problems are held out",
    ):
        assert said in page, said
    for said in ('<section id="curated">', '<section id="training">', '<section id="calibration">', '<section id="cost">', "Profile"):
        assert said in page, said
    for said in ("held-out problems, without hints", "Nobody has looked", "evaluations/"):
        assert said not in page, said


def test_policies_are_named_as_the_lake_names_them(made: Callable[..., Run]) -> None:
    run = replace(made(datasets=("only",), steps=2, reprofile=True), evaluation=None)
    for name in ("base", "stage1"):
        Policy(policy_id=f"{name}-id", name=name, model="m").record(Lake(run.home))
    inputs = Inputs(**run.arguments)
    assert inputs.policy_names == {"base-id": "base", "stage1-id": "stage1"}
    assert "Stage 1" in render_report(inputs) and '<section id="drift">' in render_report(inputs)


def test_notices_and_what_is_printed_say_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    told = notices(Inputs(**run.arguments), Path("/reports/key/report.html"))
    assert SAID in told[0].text and not any("evaluation" in notice.key for notice in told)
    report = report_run.fn(ReportRequest(**run.arguments))
    print_run(Console(width=200), evaluation=None, report=report, warehouse=Path("w.duckdb"))
    assert SAID in capsys.readouterr().out
    assert set(evaluated_facts(None).values()) == {None}


def test_the_index_says_it(run: Run) -> None:
    made = report_run.fn(ReportRequest(**run.arguments))
    assert made.manifest["evaluation"] is None
    assert "no problems held out, so nothing was evaluated" in (run.home / "reports" / "index.html").read_text()
