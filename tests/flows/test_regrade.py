"""`regrade`: stored responses under the present grader, and the problems whose band that changes."""

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tasks.base.files import digest
from tasks.grading.rules.order import GRADER_VERSION
from tasks.lake.lake import Lake, write_parquet
from tasks.warehouse.querying import query
from tests.flows.runs import command, environment

pytestmark = pytest.mark.process

EARLIER = "grader-1+math-verify-0.9.0"


def call(prefect_home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(*arguments), env=environment(prefect_home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def home(tmp_path: Path, prefect_home: Path) -> Path:
    """A lake of four rounds of imported answers to two problems, all right."""
    problems = [{"problem": f"What is {n} + {n}?", "answer": str(2 * n), "id": f"q{n}", "images": []} for n in (1, 2)]
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in problems))
    for place in range(4):
        rows = [{"id": f"q{n}", "response": rf"\boxed{{{2 * n}}}, as in round {place}"} for n in (1, 2)]
        (tmp_path / f"{place}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sources = [str(tmp_path / "[0-3].jsonl"), "--problems", str(tmp_path / "problems.jsonl")]
    call(prefect_home, "import-rollouts", *sources, "--home", str(tmp_path / "runs"))
    return tmp_path / "runs"


def judged_before(home: Path, *, wrong: str = "") -> None:
    """Make the lake's verdicts those of an earlier grader, to whom the answers to the problem `wrong` were wrong but for the first."""
    lake = Lake(home)
    found = query(lake, "select source_id, problem_id from problems").filter(source_id=wrong)["problem_id"].to_list()
    [shard] = home.glob(f"verdicts/grader-{GRADER_VERSION}*/*.parquet")
    rows = pl.read_parquet(shard)
    lost = pl.col("problem_id").is_in(found) & (pl.col("round") > 0)
    rows = rows.with_columns(grader_id=pl.lit(EARLIER), verdict=pl.when(lost).then(pl.lit("incorrect")).otherwise("verdict"))
    policy, sampling = rows.row(0, named=True)["policy_id"], rows.row(0, named=True)["sampling_id"]
    write_parquet(rows, lake.partition("verdicts", EARLIER, policy, sampling) / f"{digest(0)}.parquet")
    shard.unlink()
    for graded in home.glob("graded/*"):
        shutil.rmtree(graded)


def test_regrade_reports_the_problems_that_change_band_and_samples_nothing(home: Path, prefect_home: Path) -> None:
    def regraded(*options: str) -> str:
        return " ".join(call(prefect_home, "regrade", "--home", str(home), *options).stdout.split())

    rollouts = {path: path.stat().st_mtime_ns for path in home.glob("rollouts/*/*.parquet")}
    assert "nothing to compare with" in regraded()
    judged_before(home)
    assert "No problem changed band" in regraded()
    judged_before(home, wrong="q2")
    words = regraded("--against", "grader-1")
    assert "1 of 4 hard 4 of 4 trivial" in words and "q2" in words and "q1" not in words
    changes = query(Lake(home), "select k, later_k, band_changed from grader_changes order by k").rows()
    assert changes == [(1, 4, True), (4, 4, False)]
    assert {path: path.stat().st_mtime_ns for path in home.glob("rollouts/*/*.parquet")} == rollouts
