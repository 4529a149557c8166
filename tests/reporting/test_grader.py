"""The report tells how wrong the grader is, or that nobody has looked."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.lake.lake import Lake, conform, write_parquet
from tasks.reporting.inputs import Inputs
from tasks.reporting.sections.grader import grader_section
from tasks.reporting.task import ReportRequest
from tests.reporting.made import GRADER, Run

LABELLED = 60


@pytest.fixture
def run(made: Callable[..., Run]) -> Iterator[Run]:
    """The shared run, whose lake is left as it was found."""
    found = made()
    yield found
    for path in (*found.home.glob("audits/*/*.parquet"), *found.home.glob("labels/*.parquet")):
        path.unlink()


def audit(home: Path, grader: str, wrong: int) -> None:
    """Write an audit of `grader`: of 60 labelled `correct` ones so many are wrong, and of as many refused ones none is right."""
    lake, kinds = Lake(home), [("correct", 600), ("incorrect", 400)]
    common = {"audit_id": "a", "grader_id": grader, "policy_id": "base-id", "dataset": "geometry", "rule": "<b>letter", "recipe": ""}
    audits = pl.DataFrame([common | {"verdict": verdict, "stratum": verdict, "verdicts": size} for verdict, size in kinds])
    place = {"sampling_id": "s", "round": 0, "sample": 0, "gold_id": "g", "place": 1}
    rows = [
        common | place | {"verdict": verdict, "response_id": f"{verdict}{number}", "problem_id": f"p{number}"}
        for verdict, _ in kinds
        for number in range(LABELLED)
    ]
    labels = [
        {"response_id": row["response_id"], "label": "right" if (row["verdict"] == "correct") == (place >= wrong) else "wrong"}
        | {"labelled_by": "ada", "note": "", "read_at": datetime(2026, 1, 1)}
        for place, row in enumerate(rows)
    ]
    for relation, frame in (("audits", audits), ("audited", pl.DataFrame(rows)), ("labels", pl.DataFrame(labels))):
        write_parquet(conform(frame, relation), Path(lake.schema_file(relation).as_posix().replace("_schema", "a")))


def test_a_grader_that_nobody_has_audited_is_told_with_the_command(run: Run) -> None:
    assert "Nobody has audited the grader on this data" in run.page
    assert f"difficulty-prior audit {run.name}" in run.page


def test_an_audit_is_told_with_what_it_changes(run: Run) -> None:
    before = ReportRequest(**run.arguments).target()
    audit(run.home, GRADER, wrong=6)
    said = grader_section(Inputs(**run.arguments))
    assert said["none"] == ""
    assert re.search(
        r"120 of 120 drawn verdicts of .* are labelled, of 1,000 that are stored: precision 90\.0% \([78]\d\.\d – 9\d\.\d\)", said["found"]
    )
    assert [part.caption for part in said["tables"]] == ["Rules with the most wrong verdicts"]
    assert all(re.match(r"Without the grader's errors [\d,]+ of [\d,]+ \w+", line) for line in said["moved"]) and len(said["moved"]) > 1
    assert ReportRequest(**run.arguments).target() != before


def test_the_audit_of_another_grader_is_not_this_one_s(run: Run) -> None:
    audit(run.home, "grader-0", wrong=1)
    assert "Nobody has audited" in grader_section(Inputs(**run.arguments))["none"]
