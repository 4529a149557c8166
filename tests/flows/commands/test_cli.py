"""The command line: faults end with exit code 2 and one message, help teaches with examples that parse, results come as JSON too."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import typer
from typer.testing import CliRunner

from flows.commands.cli import app, exit_code
from tasks.base.errors import InputError
from tasks.estimates.settings import DifficultySettings
from tasks.lake.lake import Lake
from tasks.warehouse.publishing import publish
from tests.flows.interrupting import HEAVY, interrupted
from tests.flows.runs import command, environment, tiny_recipe

pytestmark = pytest.mark.process

COMMANDS = typer.main.get_command(app).commands


def call(prefect_home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environs = environment(prefect_home) | variables
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environs, check=False)


@dataclass(frozen=True)
class Ended:
    """How a command ended that ran in this process."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command as the entry point does, but in this process: for those that end before Prefect begins."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["difficulty-prior", *arguments])
        code = exit_code()
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake, published."""
    lake = Lake(tmp_path_factory.mktemp("runs"))
    publish(lake, DifficultySettings())
    return lake.home


def examples(name: str) -> list[list[str]]:
    """The words of every example in a command's help."""
    found = re.findall(r"`[^`]*?(difficulty-prior [^`]+)`", COMMANDS[name].help or "")
    return [shlex.split(text)[1:] for text in found]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_teaches_with_examples_that_parse(name: str) -> None:
    assert f"difficulty-prior {name}" in CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).stdout
    assert name in {words[0] for words in examples(name)}
    for words in examples(name):
        COMMANDS[words[0]].make_context(words[0], words[1:])  # raises a usage error for an option or argument that it does not have


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_prints_a_result_prints_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert "--json" in options or name in {"serve", "deploy", "submit"}  # which say what they do, and give nothing


def test_help_tells_the_exit_codes() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    assert re.search(r"Exit codes: 0 done · 1 something broke.* · 2 the input", said, re.DOTALL)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["run", "pap"], ["paper"]),
        (["histo"], ["histogram"]),
        (["profile", "starter", "--s"], ["--set"]),
    ],
)
def test_the_shell_completes_commands_options_and_recipes(words: list[str], wanted: list[str]) -> None:
    asked = {
        "_DIFFICULTY_PRIOR_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["difficulty-prior", *words]),
        "COMP_CWORD": str(len(words)),
    }
    script = "from flows.commands.cli import main; import sys; sys.argv[0] = 'difficulty-prior'; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | asked, check=False)
    assert done.stdout.split() == wanted, done.stderr


@pytest.mark.parametrize(
    ("format", "printed"),
    [("csv", "n,word\n1,a\n"), ("json", [{"n": 1, "word": "a"}])],
)
def test_sql_prints_rows(home: Path, here: Callable[..., Ended], format: str, printed: object) -> None:
    done = here("sql", "select 1 as n, 'a' as word", "--format", format, "--home", str(home))
    assert (done.stdout if format == "csv" else json.loads(done.stdout)) == printed


def test_sql_draws_a_table(home: Path, here: Callable[..., Ended]) -> None:
    done = here("sql", "select 1 as n, '[bold]a' as word", "--home", str(home))
    assert "[bold]a" in done.stdout


def test_schema_tells_relations_and_columns(prefect_home: Path) -> None:
    said = CliRunner().invoke(app, ["schema", "u_shape"]).stdout
    assert "is_u" in said and "whether both fitted parameters are below 1" in said and "dataset x split" in said
    [relation] = json.loads(CliRunner().invoke(app, ["schema", "pass_at_k", "--json"]).stdout)
    assert relation["key"][-1] == "draws"
    [problems] = [column for column in relation["columns"] if column["name"] == "problems"]
    assert {"type": "BIGINT", "unit": "problems"}.items() <= problems.items()
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
    ],
)
def test_a_fault_that_is_seen_at_once_is_one_message_and_exit_code_2(
    home: Path, here: Callable[..., Ended], arguments: list[str], fault: str
) -> None:
    done = here(*arguments, "--home", str(home))
    assert done.returncode == 2
    assert fault in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["run", "starter", "--set", "policy.model=/nowhere"], "neither a folder nor a hub id"),
        (["regrade"], "holds no responses: nothing to regrade"),
        (["import-rollouts", "/nowhere/*.jsonl", "--problems", "x.jsonl"], "no file matches"),
    ],
)
def test_a_fault_is_one_message_and_exit_code_2(home: Path, prefect_home: Path, arguments: list[str], fault: str) -> None:
    done = call(prefect_home, *arguments, "--home", str(home))
    assert done.returncode == 2
    said = done.stderr.replace("\n", " ")
    assert fault in said and "Traceback" not in said and "Finished in state Failed" not in said
    assert fault == "error" or said.count(fault) == 1


def test_a_file_is_graded_without_a_lake(tmp_path: Path, prefect_home: Path) -> None:
    given, graded = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": 7, "response": "so \\\\boxed{1+1}", "answer": "2"}\n{"response": "?", "answer": "2"}\n')
    done = call(prefect_home, "grade", str(given), "--out", str(graded))
    assert (done.returncode, done.stdout) == (0, "2 responses: 1 correct, 1 unparseable; accuracy 50.0%\n"), done.stderr
    added = {"verdict": "correct", "extracted": "1+1", "rule": "same_number"}
    assert json.loads(graded.read_text().splitlines()[0]) == {"id": 7, "response": "so \\boxed{1+1}", "answer": "2", **added}
    again = call(prefect_home, "grade", str(given), "--out", str(given))
    assert again.returncode == 2 and "is the input itself" in again.stderr
    told = CliRunner().invoke(app, ["grade", str(given), "--out", str(graded), "--json"])
    expected = {"out": str(graded), "verdicts": {"correct": 1, "unparseable": 1}, "accuracy": 0.5, "faulty": 0, "faults": []}
    assert json.loads(told.stdout) == expected
    given.write_text('{"response": "5", "answer": "5"}\n{"response": "5"}\n')
    told = CliRunner().invoke(app, ["grade", str(given), "--out", str(graded)])
    assert told.exit_code == 3 and "2 responses: 1 correct, 1 unscorable; accuracy 100.0%" in told.stdout
    why = CliRunner().invoke(app, ["grade", str(given), "--explain", "1"])
    assert why.exit_code == 0 and why.stdout.startswith("line 1: correct, decided by same_text")
    assert "--out is missing" in str(CliRunner().invoke(app, ["grade", str(given)]).exception)
    assert "1 of 2 lines" in told.stderr and "line 2 has no field `answer`" in told.stderr and "grading_fault" in told.stderr


def test_a_full_disk_ends_the_run_with_one_message(small_disk: Path, tmp_path: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "profile", str(tiny_recipe(tmp_path)), "--home", str(small_disk / "runs"))
    assert done.returncode == 2
    assert "the disk is full. What is written stays; make room" in done.stderr.replace("\n", " ")


def test_a_lake_that_cannot_be_written_is_said_before_anything_runs(small_disk: Path, tmp_path: Path, prefect_home: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = call(prefect_home, "profile", str(tiny_recipe(tmp_path)), "--home", str(small_disk / "runs"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "the disk is read-only" in done.stderr and str(small_disk) in done.stderr
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    done = call(prefect_home, "run", "starter", "--home", str(in_the_way / "runs"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1) and "a file is in the way" in done.stderr


class OldServer(BaseHTTPRequestHandler):
    """Answers as a Prefect server of an older version, or, for another path, as something else that listens there."""

    def do_GET(self) -> None:
        answer = {"/api/admin/version": (200, b'"3.1.0"'), "/locked/admin/version": (401, b"{}")}.get(self.path, (404, b"{}"))
        self.send_response(answer[0])
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def old_server() -> Iterator[str]:
    """The address of such a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OldServer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/api", "the Prefect server has version 3.1.0, older than this client's 3.7.7: upgrade the server"),
        ("/locked", "refuses us (401): set PREFECT_API_AUTH_STRING"),
        ("/other", "answers 404, so it is no Prefect API"),
    ],
)
def test_a_server_that_will_not_do_is_told_in_the_first_seconds(old_server: str, path: str, fault: str, tmp_path: Path) -> None:
    done = call(tmp_path, "run", "starter", "--home", str(tmp_path / "runs"), PREFECT_API_URL=f"{old_server}{path}")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert fault in done.stderr


def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    done = call(tmp_path, "profile", "starter", "--home", str(tmp_path / "runs"), PREFECT_API_URL=url)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert f"the Prefect API at {url} does not answer" in done.stderr and "unset it" in done.stderr


@pytest.mark.parametrize("name", ["filtered cross join", "one call: md5", "explain analyze"])
def test_an_interruption_is_130(home: Path, prefect_home: Path, name: str) -> None:
    code, _, said = interrupted(HEAVY[name], home, prefect_home)  # tests/bench/interrupting.py tells how soon
    assert (code, said) == (130, "")


@pytest.mark.parametrize("memory", ["lots", "0GB", "-1GB", "2", "2 parsecs"])
def test_a_size_of_memory_that_is_none_is_told(home: Path, memory: str) -> None:
    fault = CliRunner().invoke(app, ["sql", "select 1", f"--memory={memory}", "--home", str(home)]).exception
    assert isinstance(fault, InputError) and str(fault).startswith(f"--memory {memory!r} is no size")


def test_sql_needs_no_more_memory_than_it_may_have(home: Path) -> None:
    fault = CliRunner().invoke(app, ["sql", "select list(range) from range(100000000)", "--memory", "50MB", "--home", str(home)]).exception
    assert "needs more than 50MB of memory; narrow it or allow more (--memory)" in str(fault)


def test_sql_draws_wide_rows_one_below_the_other_and_ids_short(home: Path) -> None:
    wide = "select md5('a') as id, " + ", ".join(f"'value {number} of many' as column_{number}" for number in range(12))
    told = CliRunner().invoke(app, ["sql", wide, "--home", str(home)]).stdout
    assert "row 1" in told and "0cc175b9c0f1…" in told and "--full shows them whole" in told
    assert "column_11  value 11 of many" in told
    assert "0cc175b9c0f1b6a831c399e269772661" in CliRunner().invoke(app, ["sql", wide, "--full", "--home", str(home)]).stdout


def test_sql_explains(home: Path) -> None:
    told = CliRunner().invoke(app, ["sql", "explain select count(*) from difficulty", "--home", str(home)]).stdout
    assert "problem_counts" in told and "╭" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compact", "--min-shards", "0"], "--min-shards: "),
        (["compact", "--keep-hours", "-1"], "--keep-hours: "),
        (["grade", "x.jsonl", "--out", "y.jsonl", "--workers", "0"], "--workers: "),
    ],
)
def test_an_option_s_value_that_does_not_fit_is_told(words: list[str], said: str) -> None:
    fault = CliRunner().invoke(app, words).exception
    assert isinstance(fault, InputError) and str(fault).startswith(said) and "(given: " in str(fault)


def test_a_stage_that_is_not_there_is_told() -> None:
    fault = CliRunner().invoke(app, ["sweep", "--stage", "stage3"]).exception
    assert isinstance(fault, InputError) and "no stage 'stage3' (did you mean `stage2`?)" in str(fault)


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"difficulty-prior \d+\.\d+.*\n", CliRunner().invoke(app, ["--version"]).stdout)


def test_a_folder_that_is_no_model_is_told(tmp_path: Path, prefect_home: Path) -> None:
    done = call(prefect_home, "profile", "starter", "--set", f"policy.model={tmp_path}", "--home", str(tmp_path / "runs"))
    assert done.returncode == 2
    assert "is not a model folder: it has no config.json" in done.stderr.replace("\n", " ")


def test_a_lake_without_a_warehouse_says_how_to_make_one(tmp_path: Path, here: Callable[..., Ended]) -> None:
    done = here("histogram", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "difficulty-prior" in done.stderr
