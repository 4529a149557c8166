"""The command line: faults end with exit code 2 and one message, help teaches, queries print what they are asked to."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.difficulty.settings import DifficultySettings
from tasks.lake import Lake
from tasks.warehouse import publish
from tests.flows.runs import command, environment, tiny_recipe


def call(prefect_home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environment(prefect_home), check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake, published."""
    lake = Lake(tmp_path_factory.mktemp("runs"))
    publish(lake, DifficultySettings())
    return lake.home


@pytest.mark.parametrize(
    "name", ["run", "profile", "curate", "train", "evaluate", "import-rollouts", "grade", "regrade", "export", "sql", "schema"]
)
def test_help_teaches_with_an_example(name: str) -> None:
    assert f"Example: difficulty-prior {name}" in CliRunner().invoke(app, [name, "--help"]).stdout


@pytest.mark.parametrize(
    ("format", "printed"),
    [("csv", "n,word\n1,a\n"), ("json", [{"n": 1, "word": "a"}])],
)
def test_sql_prints_rows(home: Path, prefect_home: Path, format: str, printed: object) -> None:
    done = call(prefect_home, "sql", "select 1 as n, 'a' as word", "--format", format, "--home", str(home))
    assert (done.stdout if format == "csv" else json.loads(done.stdout)) == printed


def test_sql_draws_a_table(home: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "sql", "select 1 as n, '[bold]a' as word", "--home", str(home))
    assert "[bold]a" in done.stdout


def test_schema_tells_relations_and_columns(prefect_home: Path) -> None:
    said = CliRunner().invoke(app, ["schema", "u_shape"]).stdout
    assert "is_u" in said and "whether both fitted parameters are below 1" in said and "dataset x split" in said
    [relation] = json.loads(CliRunner().invoke(app, ["schema", "pass_at_k", "--json"]).stdout)
    assert relation["key"][-1] == "draws"
    assert {"name": "problems", "type": "BIGINT", "unit": "problems"}.items() <= relation["columns"][6].items()
    assert {"difficulty", "rollouts", "stg_verdicts"} <= {
        entry["name"] for entry in json.loads(CliRunner().invoke(app, ["schema", "--json"]).stdout)
    }
    assert "how hard each problem is" in CliRunner().invoke(app, ["schema"]).stdout
    assert "the warehouse has no relation 'nothing'; it has adaptive_rounds" in str(
        CliRunner().invoke(app, ["schema", "nothing"]).exception
    )


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["sql", "drop table difficulty"], "error"),
        (["sql", "select nothing from nowhere"], "nowhere"),
        (["sql", "select * from read_csv('/etc/hostname')"], "error"),
        (["run", "no-such-recipe"], "no recipe 'no-such-recipe': give one of"),
        (["run", "starter", "--set", "sampling.round=3"], "unknown key `sampling.round`"),
        (["run", "starter", "--set", "policy.model=/nowhere"], "neither a folder nor a hub id"),
        (["regrade"], "holds no responses: nothing to regrade"),
        (["import-rollouts", "/nowhere/*.jsonl", "--problems", "x.jsonl"], "no file matches"),
    ],
)
def test_a_fault_is_one_message_and_exit_code_2(home: Path, prefect_home: Path, arguments: list[str], fault: str) -> None:
    done = call(prefect_home, *arguments, "--home", str(home))
    assert done.returncode == 2
    assert fault in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr.split("error:")[-1]


def test_a_file_is_graded_without_a_lake(tmp_path: Path, prefect_home: Path) -> None:
    given, graded = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": 7, "response": "so \\\\boxed{1+1}", "answer": "2"}\n{"response": "?", "answer": "2"}\n')
    done = call(prefect_home, "grade", str(given), "--out", str(graded))
    assert (done.returncode, done.stdout) == (0, "2 responses: 1 correct, 1 unparseable; accuracy 50.0%\n"), done.stderr
    added = {"verdict": "correct", "extracted": "1+1", "rule": "same_number"}
    assert json.loads(graded.read_text().splitlines()[0]) == {"id": 7, "response": "so \\boxed{1+1}", "answer": "2", **added}
    again = call(prefect_home, "grade", str(given), "--out", str(given))
    assert again.returncode == 2 and "is the input itself" in again.stderr


def test_a_full_disk_ends_the_run_with_one_message(small_disk: Path, tmp_path: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "profile", str(tiny_recipe(tmp_path)), "--home", str(small_disk / "runs"))
    assert done.returncode == 2
    assert "the disk is full. What is written stays; make room" in done.stderr.replace("\n", " ")


def test_a_folder_that_is_no_model_is_told(tmp_path: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "profile", "starter", "--set", f"policy.model={tmp_path}", "--home", str(tmp_path / "runs"))
    assert done.returncode == 2
    assert "is not a model folder: it has no config.json" in done.stderr.replace("\n", " ")


def test_a_lake_without_a_warehouse_says_how_to_make_one(tmp_path: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "histogram", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "difficulty-prior" in done.stderr
