"""Results as JSON: all that a command prints, whether it asks of a finished run or runs it again."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.cli import app
from tests.flows.finished.conftest import Finished
from tests.flows.runs import command, environment

pytestmark = pytest.mark.process

DATASETS = {"starter-charts", "starter-figures"}
QUERIES = {
    "sql": (["select policy from stg_policies order by 1"], lambda said: [row["policy"] for row in said] == ["base", "stage1", "stage2"]),
    "histogram": (
        ["--policy", "base"],
        lambda said: {row["dataset"] for row in said["histogram"]} == {"starter-charts", "starter-figures"},
    ),
    "trace": (["stage2"], lambda said: {"curated", "policies"} <= {row["from_kind"] for row in said["made_from"]}),
    "sweep": (["--rounds", "4", "--size", "5"], lambda said: {row["size"] for row in said["sizes"]} == {5, 2000} and said["reason"]),
    "publish": ([], lambda said: Path(said["warehouse"]).is_file()),
    "compact": (["--min-shards", "999"], lambda said: said == {"compacted": [], "deleted": []}),
    "status": ([], lambda said: said["finished"]["stages"] >= 2 and said["under_way"] == [] and said["server"] is None),
}


@pytest.mark.parametrize("name", QUERIES)
def test_json_is_all_that_is_printed(finished: Finished, name: str) -> None:
    arguments, is_right = QUERIES[name]
    done = CliRunner().invoke(app, [name, *arguments, "--json", "--home", str(finished.home)])
    assert done.exit_code == 0, done.output
    assert is_right(json.loads(done.stdout))


def test_a_run_gives_its_result_as_json(finished: Finished, prefect_home: Path) -> None:
    words = command("run", str(finished.recipe), "--home", str(finished.home), "--json")
    done = subprocess.run(words, capture_output=True, text=True, env=environment(prefect_home), check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [policy["name"] for policy in said["policies"]] == ["base", "stage1", "stage2"]
    assert Path(said["report"]).is_file() and {row["policy"] for row in said["summary"]} == {"base", "stage1", "stage2"}
    assert said["problems_by_band"].keys() == {"starter-charts/train", "starter-figures/train"}
