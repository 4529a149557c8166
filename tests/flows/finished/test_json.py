"""Results as JSON: all that a command prints that asks of a finished run (test_pipeline.py has one that runs it again)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.cli import app
from tests.flows.finished.conftest import Finished

pytestmark = pytest.mark.process

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
