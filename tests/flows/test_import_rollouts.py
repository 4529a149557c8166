"""`import-rollouts`: files as rounds of one panel, or each as its own policy, from the command line to the warehouse."""

import json
import subprocess
from pathlib import Path

import pytest

from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.flows.runs import command, environment

pytestmark = pytest.mark.process


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Two problems and two files of answers to them, the first all right, the second half."""
    problems = [{"problem": f"What is {n} + {n}?", "answer": str(2 * n), "id": f"q{n}", "images": []} for n in (1, 2)]
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in problems))
    for name, texts in {"strong": ["\\boxed{2}", "\\boxed{4}"], "weak": ["\\boxed{2}", ""]}.items():
        rows = [{"id": f"q{n}", "response": text} for n, text in enumerate(texts, start=1)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.mark.parametrize(
    ("files_are", "expected"),
    [
        ("rounds", [("panel", "q1", 2, 2, 0), ("panel", "q2", 2, 1, 1)]),
        ("policies", [("strong", "q1", 1, 1, 0), ("strong", "q2", 1, 1, 0), ("weak", "q1", 1, 1, 0), ("weak", "q2", 1, 0, 1)]),
    ],
)
def test_files_become_difficulty(answers: Path, prefect_home: Path, files_are: str, expected: list[tuple]) -> None:
    home = answers / "runs"
    files = [str(answers / f"{name}.jsonl") for name in ("strong", "weak")]
    options = ["--problems", str(answers / "problems.jsonl"), "--as", files_are, "--home", str(home)]
    done = subprocess.run(
        command("import-rollouts", *files, *options), env=environment(prefect_home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = query(
        Lake(home),
        "select policy, source_id, n, k, unparseable from difficulty "
        "join (select distinct problem_id, source_id from problems) using (problem_id) order by all",
    )
    assert rows.rows() == expected
