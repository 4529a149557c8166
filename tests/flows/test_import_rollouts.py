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


def test_what_the_message_about_columns_proposes_works(tmp_path: Path, prefect_home: Path) -> None:
    (tmp_path / "problems.jsonl").write_text('{"idx": 7, "what": "1+1?", "right": "2"}\n')
    rows = [{"id": "7", "response": ["\\boxed{2}", "\\boxed{3}"]}, {"id": "8", "response": "?"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["import-rollouts", str(tmp_path / "a.jsonl"), "--problems", str(tmp_path / "problems.jsonl"), "--home", str(tmp_path / "runs")]

    def done(*more: str) -> subprocess.CompletedProcess[str]:
        run = environment(prefect_home)
        return subprocess.run(command(*words, *more), env=run, capture_output=True, text=True, check=False)

    refused = done()
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert (
        "Set columns.problem to the right one (here: --columns '{problem: NAME, answer: NAME}', or the name of a mapping)" in refused.stderr
    )
    made = done("--columns", "{problem: what, answer: right}")
    assert made.returncode == 0, made.stderr
    assert "1 of 3 answers are to no problem of problems (the first: id 8, " in made.stderr.replace("\n", " ")
    assert query(Lake(tmp_path / "runs"), "select n, k from difficulty").rows() == [(2, 1)]
