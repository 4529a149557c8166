"""The whole method on real parts, small: what it leaves, what a rerun skips, and what a changed setting runs again."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import httpx
import polars as pl
import pytest

from tasks.lake.lake import Lake
from tasks.warehouse.querying import query
from tests.flows.finished.conftest import Finished
from tests.flows.runs import artifacts, command, environment, run, tables
from tests.prefect_server import PrefectServer

pytestmark = pytest.mark.process

KINDS = {
    "starter-datasets",
    "problems",
    "similarity",
    "admissions",
    "profiles",
    "graded",
    "stops",
    "difficulty",
    "curated",
    "stages",
    "evaluations",
    "reports",
}


@pytest.fixture
def home(finished: Finished) -> Path:
    """A lake in which the tiny recipe has run to its end; a test may run more in it."""
    return finished.home


@pytest.fixture
def prefect_home(its_server: PrefectServer) -> Path:
    """A Prefect home whose server knows of that run."""
    return its_server.home


@pytest.fixture
def recipe(finished: Finished) -> Path:
    """The tiny recipe."""
    return finished.recipe


def states(output: str) -> Counter[str]:
    """How many task runs ended in each state, from a run's log."""
    return Counter(re.findall(r"Task run '(?!tiny: publish)[^']*' - Finished in state (\w+)", output))


def test_every_relation_has_rows(home: Path) -> None:
    empty = {relation for relation, rows in tables(home).items() if rows.is_empty()}
    unasked = {"opinions", "audits", "audited", "labels"}  # nobody was asked for a second opinion or labels
    of_a_study = {"studies", "study_stages", "study_primaries", "study_pilots"}
    shuffled = {"selections"}  # whose draws are no choice
    assert empty == {"rejected", "near_pairs"} | of_a_study | unasked | shuffled  # the starter's splits share no picture


def test_every_kind_of_artifact_is_there(home: Path) -> None:
    assert set(artifacts(home)) == KINDS


def test_the_warehouse_answers(home: Path) -> None:
    rows = query(Lake(home), "select policy, hints, dataset, problems from evaluation where dataset <> 'all' order by all")
    assert set(rows["policy"]) == {"base", "stage1", "stage2"}
    assert set(rows["hints"]) == {True, False}
    assert set(rows["dataset"]) == {"starter-charts", "starter-figures"}
    assert set(rows["problems"]) == {12}
    costs = query(Lake(home), "select seconds > 0, tokens > 0 from cost where band = 'all'")
    assert costs.height >= 2 and set(costs.rows()) == {(True, True)}


def test_the_second_stage_starts_from_the_first(home: Path) -> None:
    policies = {row["name"]: row for row in tables(home)["policies"].iter_rows(named=True)}
    assert policies["stage1"]["parent_id"] == policies["base"]["policy_id"]
    assert policies["stage2"]["parent_id"] == policies["stage1"]["policy_id"]
    assert len({policy["policy_id"] for policy in policies.values()}) == 3


def test_every_online_group_is_recorded(home: Path) -> None:
    steps = tables(home)["groups"].group_by("stage_id").agg(pl.col("step").n_unique().alias("steps"), pl.len().alias("groups"))
    assert sorted(steps.select("steps", "groups").rows()) == [(3, 12), (4, 16)]


def test_hinted_rollouts_are_of_hinted_bands_only(home: Path) -> None:
    rollouts = tables(home)["rollouts"].join(tables(home)["samplings"], on="sampling_id")
    assert set(rollouts.filter("hints")["hint"]) <= {"hopeless", "hard", "medium"}
    assert rollouts.filter("hints").height > 0
    assert set(rollouts.filter(~pl.col("hints"))["hint"]) == {""}


def test_the_report_is_one_page(home: Path) -> None:
    [page] = home.glob("reports/*/report.html")
    text = page.read_text()
    assert "starter-charts" in text
    assert "starter-figures" in text
    assert not re.search(r"""(src|href)=["']?https?:""", text)


def test_a_rerun_gives_its_result_as_json_finds_everything_cached_and_its_server_what_the_first_run_left(
    home: Path, recipe: Path, its_server: PrefectServer
) -> None:
    before, server = artifacts(home), its_server.api
    words = command("run", str(recipe), "--home", str(home), "--json")  # in a copy, whose place Prefect's cache does not know yet
    found = subprocess.run(words, capture_output=True, text=True, env=environment(its_server.home), check=False)
    assert found.returncode == 0 and artifacts(home) == before, found.stderr
    said = json.loads(found.stdout)
    assert [policy["name"] for policy in said["policies"]] == ["base", "stage1", "stage2"]
    assert Path(said["report"]).is_file() and {row["policy"] for row in said["summary"]} == {"base", "stage1", "stage2"}
    assert said["problems_by_band"].keys() == {"starter-charts/train", "starter-figures/train"}
    done = run(home, recipe, its_server.home)
    assert done.returncode == 0, done.stderr
    assert set(states(done.stdout + done.stderr)) == {"Cached"}
    assert artifacts(home) == before
    runs = httpx.post(f"{server}/flow_runs/filter", json={"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}).json()
    assert {"run tiny", "profile tiny", "curate tiny", "train tiny", "evaluate tiny"} <= {run["name"] for run in runs}
    kept = {artifact["key"] for artifact in httpx.post(f"{server}/artifacts/latest/filter", json={}).json()}
    assert {"tiny-evaluation", "tiny-curated-sets", "tiny-report"} <= kept


@pytest.mark.parametrize(
    ("flow", "change", "made"),
    [
        ("curate", "difficulty.confidence=0.9", {"difficulty": 1, "curated": 1}),
        ("train", "reprofile={source: rollouts, rounds: 2}", {"profiles": 1, "graded": 1, "difficulty": 1, "curated": 1, "stages": 1}),
    ],
)
def test_a_changed_setting_runs_only_what_depends_on_it(
    home: Path, recipe: Path, prefect_home: Path, flow: str, change: str, made: dict
) -> None:
    before = artifacts(home)
    done = run(home, recipe, prefect_home, change, flow=flow)
    assert done.returncode == 0, done.stdout + done.stderr
    new = {kind: len(keys - before.get(kind, set())) for kind, keys in artifacts(home).items() if keys - before.get(kind, set())}
    assert new == made


def test_more_rounds_draw_only_what_is_missing(home: Path, recipe: Path, prefect_home: Path) -> None:
    base = tables(home)["policies"].filter(name="base")["policy_id"].item()
    before = tables(home)["rollouts"].filter(policy_id=base)
    assert run(home, recipe, prefect_home, "sampling.rounds=5", flow="profile").returncode == 0
    after = tables(home)["rollouts"].filter(policy_id=base)
    assert after.height - before.height == 80
    assert before.join(after, on=before.columns, how="anti").is_empty()
